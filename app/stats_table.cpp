#include "stats_table.hpp"

#include <algorithm>
#include <cmath>

#include "core/printable.hpp"
#include "core/word_list.hpp"
#include "flags.hpp"
#include "table.hpp"
#include "terminal.hpp"

namespace attn::app {
namespace {

using analysis::HeadStats;
using analysis::Measure;
using Rows = std::vector<std::vector<std::string>>;

// Tokens tell a head that looks at the previous token from one that just looks one back.
const char* const kUsual =
    "entropy,entropy_normalised,confidence,effective_keys,keys_for_90,distance,diagonal,previous,"
    "sink";
const char* const kUsualWithTokens =
    "entropy,entropy_normalised,confidence,effective_keys,keys_for_90,distance,diagonal,sink,"
    "previous_token,duplicate_token,induction";

// In this order columns go where there is no room for them.
const char* const kLeastImportantFirst =
    "confidence,keys_for_90,diagonal,effective_keys,entropy_normalised,duplicate_token,distance,"
    "sink,previous,previous_token,induction";

std::vector<std::string> names_of_row(const pipeline::StatsResult& result) {
    std::vector<std::string> names;
    if (!result.head_sources.empty()) names.emplace_back("source");
    names.emplace_back("layer");
    if (result.batch) names.emplace_back("seq");
    names.emplace_back("head");
    return names;
}

// What a head is called: its source where there are several, layer, sequence, number.
std::vector<std::string> name_of(const pipeline::StatsResult& result, std::size_t index) {
    const HeadStats& head = result.heads[index];
    std::vector<std::string> row;
    if (!result.head_sources.empty()) row.push_back(result.head_sources[index]);
    row.push_back(std::to_string(head.layer));
    if (result.batch) row.push_back(std::to_string(head.sequence));
    row.push_back(std::to_string(head.head));
    return row;
}

Rows table_of(const pipeline::StatsResult& result, const std::vector<Measure>& columns) {
    Rows rows{names_of_row(result)};
    for (const Measure& column : columns) rows.front().emplace_back(column.name);
    for (std::size_t i = 0; i < result.heads.size(); ++i) {
        rows.push_back(name_of(result, i));
        for (const Measure& column : columns)
            rows.back().push_back(number_text(result.heads[i].*column.value, 4));
    }
    return rows;
}

bool knows_tokens(const pipeline::StatsResult& result) {
    return std::any_of(result.heads.begin(), result.heads.end(),
                       [](const HeadStats& head) { return !std::isnan(head.induction); });
}

// Those that nobody chose: what the heads are sorted by comes first.
std::vector<Measure> usual_columns(const pipeline::StatsResult& result,
                                   const std::string& sorted_by) {
    std::vector<Measure> columns = parse_columns(knows_tokens(result) ? kUsualWithTokens : kUsual);
    if (sorted_by.empty()) return columns;
    const Measure first = analysis::find_measure(sorted_by, "--sort");
    columns.erase(
        std::remove_if(columns.begin(), columns.end(),
                       [&](const Measure& column) { return column.value == first.value; }),
        columns.end());
    columns.insert(columns.begin(), first);
    return columns;
}

// Takes columns away until the table fits, but not that of `kept`; returns their names.
std::vector<std::string> fit(Rows& rows, std::vector<Measure>& columns, const std::string& kept,
                             std::size_t width) {
    std::vector<std::string> gone;
    const std::size_t before = rows.front().size() - columns.size();
    for (const std::string& name : split_list(kLeastImportantFirst)) {
        if (table_width(rows) <= width) break;
        const auto place = std::find_if(columns.begin(), columns.end(),
                                        [&](const Measure& column) { return column.name == name; });
        if (place == columns.end() || place->name == kept) continue;
        const auto index = static_cast<std::ptrdiff_t>(before) + (place - columns.begin());
        for (auto& row : rows) row.erase(row.begin() + index);
        columns.erase(place);
        gone.push_back(name);
    }
    return gone;
}

void explain(const std::vector<Measure>& columns, Console& console) {
    std::size_t widest = 0;
    for (const Measure& column : columns)
        widest = std::max(widest, std::string(column.name).size());
    for (const Measure& column : columns) {
        std::string name = std::string("  ") + column.name;
        name.resize(widest + 4, ' ');
        print_wrapped(name, column.meaning, widest + 4, console);
    }
}

std::string csv_field(const std::string& text) {
    if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
    std::string quoted = "\"";
    for (const char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
    return quoted + "\"";
}

}  // namespace

std::vector<Measure> parse_columns(const std::string& list) {
    std::vector<Measure> columns;
    for (const std::string& name : split_list(list))
        columns.push_back(analysis::find_measure(name, "--columns"));
    return columns;
}

void print_stats(const pipeline::StatsResult& result, const std::string& chosen,
                 const std::string& sorted_by, Console& console) {
    std::vector<Measure> columns =
        chosen.empty() ? usual_columns(result, sorted_by) : parse_columns(chosen);
    Rows rows = table_of(result, columns);
    std::vector<std::string> gone;
    if (chosen.empty() && is_terminal()) gone = fit(rows, columns, sorted_by, terminal_columns());
    print_table(console, rows, result.head_sources.empty() ? 0 : 1);
    if (!is_terminal()) return;
    explain(columns, console);
    if (!gone.empty())
        print_wrapped("no room for ", joined(gone, ", ") + " (choose with --columns LIST)", 2,
                      console);
}

void print_stats_csv(const pipeline::StatsResult& result, Console& console) {
    std::vector<std::string> header = names_of_row(result);
    for (const Measure& column : analysis::measures()) header.emplace_back(column.name);
    console.line(joined(header, ","));
    for (std::size_t i = 0; i < result.heads.size(); ++i) {
        std::vector<std::string> row = name_of(result, i);
        for (std::string& field : row) field = csv_field(field);
        for (const Measure& column : analysis::measures()) {
            const double value = result.heads[i].*column.value;
            row.push_back(std::isnan(value) ? "" : number_text(value, 9));
        }
        console.line(joined(row, ","));
    }
}

}  // namespace attn::app

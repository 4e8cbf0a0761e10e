#include "pipeline/report_page.hpp"

#include <algorithm>
#include <tuple>
#include <vector>

namespace attn::pipeline {
namespace {

// "b/codes/0/5/3" taken apart.
struct ChunkPlace {
    std::string name;
    std::string kind;                  // "b/codes"
    std::vector<std::size_t> numbers;  // 0, 5, 3
};

ChunkPlace place_of_chunk(const std::string& name) {
    ChunkPlace place{name, "", {}};
    std::size_t begin = 0;
    while (begin <= name.size()) {
        const std::size_t end = std::min(name.find('/', begin), name.size());
        const std::string part = name.substr(begin, end - begin);
        if (!part.empty() && part.find_first_not_of("0123456789") == std::string::npos)
            place.numbers.push_back(std::stoul(part));
        else
            place.kind += (place.kind.empty() ? "" : "/") + part;
        begin = end + 1;
    }
    return place;
}

bool ends_with(const std::string& text, const std::string& end) {
    return text.size() >= end.size() &&
           text.compare(text.size() - end.size(), end.size(), end) == 0;
}

bool is_first_matrix(const ChunkPlace& chunk) {
    const bool shown = chunk.kind == "weights" || chunk.kind == "codes" || chunk.kind == "top";
    return shown && std::all_of(chunk.numbers.begin(), chunk.numbers.end(),
                                [](std::size_t number) { return number == 0; });
}

// What the overview needs stands before the script, which starts there.
bool is_early(const ChunkPlace& chunk) {
    return ends_with(chunk.kind, "thumbs") || ends_with(chunk.kind, "allowed");
}

// The first head first, then A layer by layer, then what other views need.
std::size_t rank_of(const ChunkPlace& chunk) {
    if (is_first_matrix(chunk)) return 0;
    return chunk.kind == "weights" || chunk.kind == "codes" || chunk.kind == "top" ? 1 : 2;
}

}  // namespace

render::Page report_page(const results::ReportFacts& facts, const results::ReportChunks& chunks) {
    std::vector<ChunkPlace> order;
    for (const auto& [name, bytes] : chunks.all()) order.push_back(place_of_chunk(name));
    std::stable_sort(order.begin(), order.end(), [](const ChunkPlace& a, const ChunkPlace& b) {
        const auto key = [](const ChunkPlace& chunk) {
            return std::make_tuple(!is_early(chunk), rank_of(chunk));
        };
        if (key(a) != key(b)) return key(a) < key(b);
        return std::tie(a.numbers, a.kind) < std::tie(b.numbers, b.kind);
    });
    render::PageParts parts;
    parts.title = facts.title;
    std::vector<std::pair<std::string, std::size_t>> elements;
    for (const ChunkPlace& chunk : order) {
        (is_early(chunk) ? parts.early : parts.late).push_back({chunks.all().at(chunk.name)});
        elements.emplace_back(chunk.name, elements.size());
    }
    parts.meta = results::report_meta(facts, elements);
    return render::Page(std::move(parts));
}

std::string without_absolute_folders(const std::string& command) {
    std::string text;
    for (std::size_t i = 0; i < command.size();) {
        const char before = i == 0 ? ' ' : command[i - 1];
        const bool starts = before == ' ' || before == '=' || before == '\'' || before == '"';
        if (command[i] != '/' || !starts) {
            text += command[i++];
            continue;
        }
        // Up to the last slash of the path; behind a colon stands the name of an array.
        const std::size_t end = std::min(command.find_first_of(" :'\"", i), command.size());
        const std::size_t last = command.rfind('/', end == 0 ? 0 : end - 1);
        i = last + 1 < end ? last + 1 : i + 1;
    }
    return text;
}

}  // namespace attn::pipeline

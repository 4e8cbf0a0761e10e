#include "pipeline/approx_methods.hpp"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "core/index_list.hpp"
#include "io/json_text.hpp"

namespace attn::pipeline {
namespace {

using analysis::ApproxMethod;
using approx::Spec;

std::string budget_of(const ApproxMethod& method) {
    if (method.parts.size() > 1) return "";
    const approx::MethodRow& row = method.row();
    std::string text;
    for (const std::string& name : {row.budget, row.second_budget}) {
        if (name.empty() || !method.options().has(name)) continue;
        if (name == "bits" && approx::has_bits_of_its_own(method.options().words())) continue;
        if (method.budgets) return name + " of each head";
        char number[32];
        std::snprintf(number, sizeof number, "%.6g", method.options().real(name));
        text += (text.empty() ? "" : " ") + name + "=" + number;
    }
    if (!row.budget.empty()) return text;
    // For others the first option that was written counts as the budget.
    for (const approx::OptionRow& option : row.options) {
        const std::string start = ":" + option.name + "=";
        const std::size_t place = method.text.find(start);
        if (option.is_number() && place != std::string::npos)
            return method.text.substr(place + 1, method.text.find(':', place + 1) - place - 1);
    }
    return "";
}

// Whether it chooses by the exact weights, always or as its options say.
bool is_oracle(const ApproxMethod& method) {
    if (method.row().oracle) return true;
    const auto& words = method.options().words();
    return std::any_of(words.begin(), words.end(),
                       [](const auto& word) { return word.second == "oracle"; });
}

results::ApproxRow row_of(const ApproxMethod& method) {
    results::ApproxRow row;
    row.spec = method.text;
    row.method = method.row().name;
    row.group = approx::group_name(method.row().group);
    row.budget = budget_of(method);
    row.oracle = is_oracle(method);
    if (method.parts.size() == 1) {
        row.numbers = method.options().numbers();
        row.words = method.options().words();
        if (method.budgets) row.numbers.erase(method.row().budget);
    }
    return row;
}

bool same_options(const ApproxMethod& a, const ApproxMethod& b) {
    if (a.parts.size() != b.parts.size() || !a.budgets != !b.budgets) return false;
    for (std::size_t i = 0; i < a.parts.size(); ++i) {
        if (a.parts[i].row != b.parts[i].row ||
            a.parts[i].options.numbers() != b.parts[i].options.numbers() ||
            a.parts[i].options.words() != b.parts[i].options.words())
            return false;
    }
    return true;
}

// What a file says of Linformer, in the options of a part that reads it.
void take_projections(const approx::SpecPart& part, const LinformerFiles& files,
                      approx::Options& options) {
    if (!approx::reads_file(part) || !files.e) return;
    if (!options.flag("share") && !files.f)
        fail("--method: linformer:projection=file: needs --linformer-f, or share=1: then F is E");
    const auto given = part.given.find("k");
    if (given != part.given.end() && given->second != std::to_string(files.e->rows))
        fail("--method: linformer:k=", given->second, ": ", files.e_name, " has k=", files.e->rows);
    options.set("k", static_cast<double>(files.e->rows));
    options.set("e", files.e);
    if (files.f) options.set("f", files.f);
}

}  // namespace

ChosenMethods::ChosenMethods(const ApproxChoice& choice, const ApproxSurroundings& around,
                             const Warn& warn) {
    add({{{approx::find_method("exact"), {}}}, false, false}, choice, around, warn);
    if (choice.methods.empty()) return;
    const std::vector<Spec> specs = approx::parse_specs(choice.methods);
    for (const Spec& spec : specs) {
        if (approx::leaves_budget_open(spec) && approx::why_not(spec, around.is).empty())
            takes_budget_ = true;
    }
    for (const Spec& spec : specs) {
        if (choice.head_budgets && !HeadBudgetFile::column_of(spec).empty()) {
            add(spec, choice, around, warn);
            continue;
        }
        for (const Spec& one : approx::with_budgets({spec}, choice.budgets, around.sizes))
            add(one, choice, around, warn);
    }
}

void ChosenMethods::add(const Spec& spec, const ApproxChoice& choice,
                        const ApproxSurroundings& around, const Warn& warn) {
    ApproxMethod method;
    method.text = spec.text();
    for (const approx::SpecPart& part : spec.parts) {
        method.parts.push_back({part.row, approx::resolve(part, around.sizes, choice.seed, warn)});
        take_projections(part, choice.linformer, method.parts.back().options);
    }
    const std::string reason = approx::why_not(spec, around.is);
    const std::string column = HeadBudgetFile::column_of(spec);
    if (choice.head_budgets && !column.empty() && reason.empty()) {
        const approx::MethodRow& row = method.row();
        const double top =
            row.top ? row.top(method.options(), around.sizes) : row.find(row.budget)->most;
        method.budgets = budgets_of(*choice.head_budgets, column, top, choice.heads);
        takes_head_budgets_ = true;
    }
    for (const Runs& other : runs_) {
        if (!same_options(method, methods_[other.first])) continue;
        if (spec.named && method.row().group != approx::Group::exact)
            fail("--method: ", method.text, " is named twice with the same options");
        return;
    }
    if (!reason.empty() && spec.named) fail("--method: ", method.text, " ", reason);
    rows_.push_back(row_of(method));
    rows_.back().skipped = reason;
    if (!reason.empty()) return;
    runs_.push_back({methods_.size(), approx::is_random(spec) ? choice.seeds : 1});
    specs_.push_back(spec);
    for (std::size_t run = 0; run < runs_.back().count; ++run) {
        methods_.push_back(method);
        for (ApproxMethod::Part& part : methods_.back().parts) {
            if (part.options.has("seed"))
                part.options.set("seed", part.options.real("seed") + static_cast<double>(run));
        }
    }
}

std::vector<std::size_t> chosen_or_all(const Chosen& chosen, std::size_t all) {
    return chosen ? *chosen : count_up(all);
}

std::vector<std::array<std::size_t, 3>> places_of(const std::vector<std::size_t>& layers,
                                                  const std::vector<std::size_t>& sequences,
                                                  const std::vector<std::size_t>& heads) {
    std::vector<std::array<std::size_t, 3>> places;
    for (const std::size_t layer : layers) {
        for (const std::size_t sequence : sequences) {
            for (const std::size_t head : heads) places.push_back({layer, sequence, head});
        }
    }
    return places;
}

ApproxChoice approx_choice(const ApproxRequest& request, std::size_t keys, io::Inputs& inputs,
                           std::vector<std::array<std::size_t, 3>> heads) {
    const bool others = request.needs || !request.growth.empty();
    ApproxChoice choice;
    choice.methods = request.methods.empty() && !others ? "must" : request.methods;
    choice.budgets = request.budgets;
    choice.seed = request.seed.value_or(0);
    choice.seeds = request.seeds.value_or(1);
    choice.heads = std::move(heads);
    // Files that no method reads are refused as flags without effect, whatever they hold.
    bool of_files = false, of_heads = false;
    if (!choice.methods.empty()) {
        for (const Spec& spec : approx::parse_specs(choice.methods)) {
            of_files = of_files || approx::reads_file(spec.parts.front());
            of_heads = of_heads || !HeadBudgetFile::column_of(spec).empty();
        }
    }
    if (of_files)
        choice.linformer = load_linformer(request.linformer_e, request.linformer_f, keys, inputs);
    if (of_heads && !request.head_budgets.empty()) {
        if (!request.budgets.empty()) fail("--head-budgets and --budget exclude each other");
        inputs.also_reads(request.head_budgets);
        choice.head_budgets = load_head_budgets(request.head_budgets);
    }
    return choice;
}

std::vector<results::ManifestOption> describe_choice(const ApproxRequest& request) {
    std::vector<results::ManifestOption> options;
    options.emplace_back("method", io::json_value(request.methods));
    options.emplace_back("seed", io::json_value(request.seed.value_or(0)));
    for (const auto& [name, value] : {std::pair("linformer_e", &request.linformer_e),
                                      std::pair("linformer_f", &request.linformer_f),
                                      std::pair("head_budgets", &request.head_budgets)}) {
        if (!value->empty()) options.emplace_back(name, io::json_value(*value));
    }
    if (request.upstream) options.emplace_back("upstream", io::json_value(request.upstream->text));
    if (request.seeds) options.emplace_back("seeds", io::json_value(*request.seeds));
    return options;
}

}  // namespace attn::pipeline

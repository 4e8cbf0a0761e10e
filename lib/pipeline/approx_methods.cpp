#include "pipeline/approx_methods.hpp"

#include <cstdio>

#include "core/error.hpp"

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
        char number[32];
        std::snprintf(number, sizeof number, "%.6g", method.options().real(name));
        text += (text.empty() ? "" : " ") + name + "=" + number;
    }
    return text;
}

results::ApproxRow row_of(const ApproxMethod& method) {
    results::ApproxRow row;
    row.spec = method.text;
    row.method = method.row().name;
    row.group = approx::group_name(method.row().group);
    row.budget = budget_of(method);
    row.oracle = method.row().oracle;
    if (method.parts.size() == 1) {
        row.numbers = method.options().numbers();
        row.words = method.options().words();
    }
    return row;
}

bool same_options(const ApproxMethod& a, const ApproxMethod& b) {
    if (a.parts.size() != b.parts.size()) return false;
    for (std::size_t i = 0; i < a.parts.size(); ++i) {
        if (a.parts[i].row != b.parts[i].row ||
            a.parts[i].options.numbers() != b.parts[i].options.numbers() ||
            a.parts[i].options.words() != b.parts[i].options.words())
            return false;
    }
    return true;
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
    for (const Spec& spec : approx::with_budgets(specs, choice.budgets, around.sizes))
        add(spec, choice, around, warn);
}

void ChosenMethods::add(const Spec& spec, const ApproxChoice& choice,
                        const ApproxSurroundings& around, const Warn& warn) {
    ApproxMethod method;
    method.text = spec.text();
    for (const approx::SpecPart& part : spec.parts)
        method.parts.push_back({part.row, approx::resolve(part, around.sizes, choice.seed, warn)});
    for (const Runs& other : runs_) {
        if (!same_options(method, methods_[other.first])) continue;
        if (spec.named && method.row().group != approx::Group::exact)
            fail("--method: ", method.text, " is named twice with the same options");
        return;
    }
    const std::string reason = approx::why_not(spec, around.is);
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

}  // namespace attn::pipeline

#include "results/outputs.hpp"

#include "core/error.hpp"
#include "core/nearest.hpp"
#include "core/numbers.hpp"
#include "core/word_list.hpp"

namespace attn::results {
namespace {

Shape cells(const ArraySizes& size) {
    return {size.heads, size.queries, size.keys};
}
Shape rows(const ArraySizes& size) {
    return {size.heads, size.queries};
}
Shape columns(const ArraySizes& size) {
    return {size.heads, size.keys};
}
Shape queries(const ArraySizes& size) {
    return {size.heads, size.queries, size.d_head};
}
Shape keys(const ArraySizes& size) {
    return {size.kv_heads, size.keys, size.d_head};
}
Shape values(const ArraySizes& size) {
    return {size.kv_heads, size.keys, size.d_value};
}
Shape contexts(const ArraySizes& size) {
    return {size.heads, size.queries, size.d_value};
}
Shape pairs(const ArraySizes& size) {
    return {size.queries, size.keys};
}
Shape single(const ArraySizes& size) {
    return {size.queries};
}
Shape tokens(const ArraySizes& size) {
    return {size.queries, size.d_output};
}

template <class Condition>
std::vector<std::string> names_where(const Condition& condition) {
    std::vector<std::string> names;
    for (const Output& output : outputs()) {
        if (condition(output)) names.emplace_back(output.name);
    }
    return names;
}

const Output& find(const std::string& item) {
    for (const Output& known : outputs()) {
        if (known.name == item) return known;
    }
    fail("--save ", quoted(item), ": expected a list of ", joined(save_names()),
         did_you_mean(item, save_names()));
}

}  // namespace

const std::vector<Output>& outputs() {
    static const std::vector<Output> all = {
        {"scores", &SaveChoice::scores, false, {{"scores", cells}}},
        {"weights", &SaveChoice::weights, false, {{"weights", cells}}},
        {"context", &SaveChoice::context, false, {{"context", contexts}}},
        {"output", &SaveChoice::output, false, {{"output", tokens}}},
        {"present",
         &SaveChoice::present,
         false,
         {{"present_key", keys}, {"present_value", values}}},
        {"q", &SaveChoice::q, false, {{"q", queries}}},
        {"k", &SaveChoice::k, false, {{"k", keys}}},
        {"v", &SaveChoice::v, false, {{"v", values}}},
        {"logsumexp", &SaveChoice::logsumexp, false, {{"logsumexp", rows}}},
        {"received", &SaveChoice::received, false, {{"received", columns}}},
        {"value_weighted", &SaveChoice::value_weighted, false, {{"value_weighted", cells}}},
        {"norms", &SaveChoice::norms, false, {{"norms", cells}}},
        {"layer_norms", &SaveChoice::layer_norms, false, {{"layer_norms", pairs}}},
        {"contributions", &SaveChoice::contributions, false, {{"contributions", pairs}}},
        {"mixing_ratio", &SaveChoice::mixing_ratio, false, {{"mixing_ratio", single}}},
        {"heatmaps", &SaveChoice::heatmaps, false, {}},
        {"stats", &SaveChoice::stats, false, {}},
        {"check", &SaveChoice::check, false, {}},
        {"hidden", &SaveChoice::hidden, true, {{"hidden", tokens}}},
        {"logits", &SaveChoice::logits, true, {}},
        {"probs", &SaveChoice::probs, true, {}},
    };
    return all;
}

std::vector<Output> contribution_outputs() {
    std::vector<Output> found;
    for (const Output& output : outputs()) {
        SaveChoice only;
        only.*output.chosen = true;
        if (only.adds()) found.push_back(output);
    }
    return found;
}

std::vector<std::string> save_names() {
    return names_where([](const Output&) { return true; });
}

std::vector<std::string> usual_save_names() {
    return names_where([](const Output& output) { return SaveChoice{}.*output.chosen; });
}

std::vector<std::string> model_save_names() {
    return names_where([](const Output& output) { return output.of_model; });
}

SaveChoice parse_save(const std::string& list) {
    if (list.empty()) fail("--save: names nothing to save");
    SaveChoice choice;
    for (const Output& known : outputs()) choice.*known.chosen = false;
    for (const std::string& item : split_at(list, ',')) {
        if (item.empty()) fail("--save ", quoted(list), ": has an empty item");
        choice.*find(item).chosen = true;
    }
    return choice;
}

std::vector<LayerArray> layer_arrays(const SaveChoice& choice) {
    std::vector<LayerArray> arrays;
    for (const Output& output : outputs()) {
        if (choice.*output.chosen)
            arrays.insert(arrays.end(), output.arrays.begin(), output.arrays.end());
    }
    return arrays;
}

}  // namespace attn::results

#include "pipeline/approx_flags.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "core/word_list.hpp"

namespace attn::pipeline {
namespace {

// Whether any of the measures is printed or written.
bool shows_any(const ApproxRequest& request, const std::vector<std::string>& measures) {
    if (!request.shown) return true;
    return std::find_first_of(request.shown->begin(), request.shown->end(), measures.begin(),
                              measures.end()) != request.shown->end();
}

bool any_spec(const ChosenMethods& chosen, bool (*is)(const approx::Spec&)) {
    return std::any_of(chosen.specs().begin(), chosen.specs().end(), is);
}

bool reads_files(const approx::Spec& spec) {
    return std::any_of(spec.parts.begin(), spec.parts.end(), approx::reads_file);
}

bool reads_two_files(const approx::Spec& spec) {
    const auto& given = spec.parts.front().given;
    const auto share = given.find("share");
    return reads_files(spec) && (share == given.end() || share->second == "0");
}

bool drops_by_gradient(const approx::Spec& spec) {
    const auto by = spec.parts.front().given.find("by");
    return by != spec.parts.front().given.end() && by->second == "grad";
}

constexpr const char* kDrawnHeads = "methods whose weights are drawn (not exact, prune-heads)";

bool draws_heads(const ApproxRequest&, const ChosenMethods& chosen) {
    return any_spec(chosen,
                    [](const approx::Spec& spec) { return spec.method().implies_weights(); });
}

// "exact, topk:k=4 and 12 more"
std::string names_of(const ChosenMethods& chosen) {
    constexpr std::size_t kFew = 4;
    const auto& methods = chosen.methods();
    std::vector<std::string> names;
    for (const analysis::ApproxMethod& method : methods) {
        // Exact attention is always there, and what a flag does to it is nobody's question.
        if (methods.size() > 1 && &method == &methods.front()) continue;
        if (names.size() < kFew) names.push_back(method.text);
    }
    const std::size_t others = std::max<std::size_t>(methods.size(), 2) - 1 - names.size();
    return joined(names) + (others > 0 ? " and " + std::to_string(others) + " more" : "");
}

}  // namespace

const std::vector<ApproxFlagUse>& approx_flag_uses() {
    using Request = ApproxRequest;
    using results::HeatmapOptions;
    static const std::vector<ApproxFlagUse> all{
        {"--budget", [](const Request& request) { return !request.budgets.empty(); },
         [](const Request&, const ChosenMethods& chosen) { return chosen.takes_budget(); },
         "methods whose main option --method leaves open, such as local or topk"},
        {"--seed", [](const Request& request) { return request.seed.has_value(); },
         [](const Request&, const ChosenMethods& chosen) {
             return any_spec(chosen, approx::follows_seed);
         },
         "random methods without a seed of their own, such as performer or lsh"},
        {"--seeds", [](const Request& request) { return request.seeds.has_value(); },
         [](const Request&, const ChosenMethods& chosen) {
             return any_spec(chosen, approx::is_random);
         },
         "random methods, such as performer or lsh"},
        {"--head-budgets", [](const Request& request) { return !request.head_budgets.empty(); },
         [](const Request&, const ChosenMethods& chosen) { return chosen.takes_head_budgets(); },
         "local, local:sinks=4, topk, svd, lowrank-scores, evict and quant without a budget of "
         "their own"},
        {"--linformer-e", [](const Request& request) { return !request.linformer_e.empty(); },
         [](const Request&, const ChosenMethods& chosen) { return any_spec(chosen, reads_files); },
         "linformer:projection=file"},
        {"--linformer-f", [](const Request& request) { return !request.linformer_f.empty(); },
         [](const Request&, const ChosenMethods& chosen) {
             return any_spec(chosen, reads_two_files);
         },
         "linformer:projection=file without share=1"},
        {"--upstream", [](const Request& request) { return request.upstream.has_value(); },
         [](const Request&, const ChosenMethods& chosen) {
             return any_spec(chosen, drops_by_gradient);
         },
         "prune-heads:by=grad"},
        {"--top-keys", [](const Request& request) { return request.top_keys.has_value(); },
         [](const Request& request, const ChosenMethods&) { return shows_any(request, {"top8"}); },
         "the measure top8 (--columns top8, --json, --csv, --output)"},
        {"--colormap",
         [](const Request& request) {
             return request.heatmaps.colormap != HeatmapOptions().colormap;
         },
         draws_heads, kDrawnHeads},
        {"--vmin", [](const Request& request) { return request.heatmaps.vmin.has_value(); },
         draws_heads, kDrawnHeads},
        {"--vmax", [](const Request& request) { return request.heatmaps.vmax.has_value(); },
         draws_heads, kDrawnHeads},
        {"--cell", [](const Request& request) { return request.heatmaps.cell.has_value(); },
         draws_heads, kDrawnHeads},
        {"--max-size", [](const Request& request) { return request.heatmaps.max_size.has_value(); },
         draws_heads, kDrawnHeads},
        {"--element-bytes",
         [](const Request& request) { return request.element_bytes.has_value(); },
         [](const Request& request, const ChosenMethods&) {
             return shows_any(request, {"kept_bytes", "kept_ratio", "read_bytes", "read_ratio"});
         },
         "measures of bytes (--columns read_bytes, --json, --csv, --output)"},
    };
    return all;
}

void require_used_flags(const ApproxRequest& request, const ChosenMethods& chosen) {
    results::require_colour_range(request.heatmaps);
    for (const ApproxFlagUse& use : approx_flag_uses()) {
        if (use.given(request) && !use.used(request, chosen))
            fail(use.flag, ": has no effect on ", names_of(chosen), ", only on ", use.users);
    }
}

}  // namespace attn::pipeline

#include "attention/approx/applies.hpp"

namespace attn::approx {

std::string why_not(const Spec& spec, const Circumstances& is) {
    const MethodRow& method = spec.method();
    if (method.reads == Reads::projections && !is.projections)
        return "needs embeddings and projection matrices (-x, -w)";
    if (method.reads == Reads::inputs && !is.inputs) return "needs q, k, v";
    if (method.needs_contexts && !is.contexts) return "needs the values (--value)";
    if (method.causal == CausalForm::none && is.masked)
        return "has no " + std::string(is.causal ? "causal" : "masked") + " form" +
               (is.causal ? "; --no-causal compares both without the mask" : "");
    if (method.causal == CausalForm::needed && !is.causal)
        return "is a cache, which needs causal attention (--causal)";
    if (method.needs_plain_scores && !is.plain_scores)
        return "scores are more than q·k (softcap, bias or slopes)";
    if (method.most_cells > 0 && is.cells > method.most_cells)
        return "holds all " + std::to_string(is.cells) + " weights of a head, at most " +
               std::to_string(method.most_cells);
    const auto words = [&](const std::string& option, const std::string& word) {
        for (const SpecPart& part : spec.parts) {
            const auto given = part.given.find(option);
            if (given != part.given.end() && given->second == word) return true;
        }
        return false;
    };
    for (const std::string score : {"knorm", "keydiff"}) {
        if (words("score", score) && !is.inputs) return "score=" + score + " needs q, k, v";
    }
    if (words("by", "grad") && !is.gradients)
        return "by=grad needs --upstream, and what attention is computed from";
    if (words("projection", "file") && !is.projection_files)
        return "projection=file needs --linformer-e";
    if (method.name == "block-topk" && !is.inputs && !words("estimate", "oracle"))
        return "needs q, k, v (estimate=oracle does not)";
    return "";
}

}  // namespace attn::approx

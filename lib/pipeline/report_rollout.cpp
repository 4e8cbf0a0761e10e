#include "pipeline/report_rollout.hpp"

#include <algorithm>

#include "core/divide_up.hpp"
#include "core/error.hpp"
#include "core/human_size.hpp"
#include "core/index_list.hpp"
#include "core/parallel.hpp"
#include "pipeline/rollout_computed.hpp"
#include "pipeline/rollout_product.hpp"

namespace attn::pipeline {
namespace {

constexpr std::size_t kMostRolledTokens = 2048;
constexpr std::size_t kPackedRows = 64;  // of a product, that a thread packs at a time
// What is computed is kept until it is multiplied.
constexpr std::size_t kMostRolledBytes = std::size_t{1} << 30;

template <class T>
RolloutStack<T> open_stack(const ReportSide<T>& side, const RolloutRequest& rollout,
                           io::Inputs& inputs, const Progress& progress) {
    if (side.attention) {
        // All of it was looked at when the side was opened.
        const CausalLooks looks =
            side.attention->structure.causal ? CausalLooks::some_rows : CausalLooks::all_layers;
        return open_rollout_source<T>(rollout, looks, inputs, nullptr);
    }
    return compute_rollout_parts<T>(rollout, inputs, nullptr, progress).decoder;
}

template <class T>
void roll_sequence(const RolloutStack<T>& stack, const RolloutRequest& rollout,
                   std::size_t sequence, results::ReportSink<T>& packed) {
    const std::size_t tokens = stack.queries();
    LayerShape shape;
    shape.queries = shape.keys = tokens;
    shape.block_rows = std::min(tokens, kPackedRows);
    const std::vector<KeyRange> allowed(tokens, KeyRange{0, tokens});
    const auto take = [&](std::size_t layer, const Matrix<T>& product) {
        shape.layer = layer;
        packed.begin_layer(shape);
        parallel_for(divide_up(tokens, kPackedRows), [&](std::size_t block) {
            const std::size_t first = block * kPackedRows,
                              rows = std::min(kPackedRows, tokens - first);
            Tile<T> tile;
            tile.layer = layer;
            tile.first_query = first;
            tile.active = {0, tokens};
            tile.allowed = Span<const KeyRange>(allowed.data() + first, rows);
            tile.weights = {product.row(first).data(), rows, tokens, tokens};
            packed.consume(tile);
        });
        packed.end_head(0, 0);
        packed.end_layer({});
    };
    roll_sources<T>(stack, rollout.options(), count_up(tokens), sequence, take);
    packed.finish();
}

template <class T>
void roll_all(const ReportRequest& request, const ReportSide<T>& side,
              const results::ReportPacking& packing, const Progress& progress,
              results::ReportChunks& chunks) {
    io::Inputs inputs;
    RolloutRequest rollout;
    rollout.from = request.from;
    rollout.computed = request.computed;
    rollout.attention = request.computed.attention;
    const RolloutStack<T> stack = open_stack<T>(side, rollout, inputs, progress);
    for (std::size_t place = 0; place < side.sequences.size(); ++place) {
        results::ReportMatrices matrices;
        matrices.exact = matrices.compact = "rollout";
        matrices.top = "rollout_top";
        matrices.thumbs = "rollout_thumbs";
        matrices.allowed = "";
        matrices.one_head = true;
        matrices.first_sequence = place;
        results::ReportSink<T> packed(chunks, packing, matrices);
        roll_sequence(stack, rollout, side.sequences[place], packed);
    }
}

}  // namespace

template <class T>
bool has_report_rollout(const ReportRequest& request, const ReportSide<T>& side, const Warn& warn) {
    const source::Outline& outline = side.outline();
    if (!request.rollout || side.is_crossed || outline.queries != outline.keys ||
        outline.queries > kMostRolledTokens || side.layers.size() < 2)
        return false;
    if (!request.is_computed()) return true;
    const std::size_t bytes = side.layers.size() * outline.sequences * side.heads.size() *
                              outline.queries * outline.keys * sizeof(T);
    if (bytes <= kMostRolledBytes) return true;
    warn("the page is without rollout, which would keep " + human_size(bytes) +
         " of weights; choose some with --layer or --head, or run first and give its folder");
    return false;
}

template <class T>
void add_report_rollout(const ReportRequest& request, const ReportSide<T>& side,
                        const results::ReportPacking& packing, const Progress& progress,
                        results::ReportChunks& chunks) {
    try {
        roll_all(request, side, packing, progress, chunks);
    } catch (const Error& problem) {
        fail(problem.what(), "; --no-rollout makes the page without rollout");
    }
}

template bool has_report_rollout(const ReportRequest&, const ReportSide<float>&, const Warn&);
template bool has_report_rollout(const ReportRequest&, const ReportSide<double>&, const Warn&);
template void add_report_rollout(const ReportRequest&, const ReportSide<float>&,
                                 const results::ReportPacking&, const Progress&,
                                 results::ReportChunks&);
template void add_report_rollout(const ReportRequest&, const ReportSide<double>&,
                                 const results::ReportPacking&, const Progress&,
                                 results::ReportChunks&);

}  // namespace attn::pipeline

#include "pipeline/rollout_computed.hpp"

#include <algorithm>

#include "analysis/kept_weights.hpp"
#include "core/error.hpp"
#include "core/index_list.hpp"
#include "core/memory.hpp"
#include "pipeline/rollout.hpp"
#include "pipeline/rollout_streamed.hpp"
#include "source/computed_source.hpp"

namespace attn::pipeline {
namespace {

// Keeps the weights of every layer, or what its values add, as matrices of a stored attention.
template <class T>
class KeepingSink : public Sink<T> {
  public:
    KeepingSink(RolloutMethod method, KvOrder order) : method_(method), order_(order) {}

    Needs needs() const override {
        return method_ == RolloutMethod::contributions ? needs_surroundings() : Needs();
    }
    void begin_layer(const LayerShape& shape) override { kept_.begin_layer(shape, "rollout"); }
    void consume(const Tile<T>& tile) override { kept_.keep(tile); }

    void end_layer(const LayerOutputs<T>& outputs) override {
        source::StoredLayer<T> layer;
        layer.layer = outputs.layer;
        layer.weights = source::HeadMatrices<T>(
            method_ == RolloutMethod::contributions ? shares(outputs) : weights(), false);
        layers_.push_back(std::move(layer));
    }

    std::vector<source::StoredLayer<T>> take() { return std::move(layers_); }

  private:
    Array<T> weights() const {
        const LayerShape& shape = kept_.shape();
        std::vector<T> all;
        all.reserve(shape.slots() * shape.queries * shape.keys);
        for (const std::size_t sequence : kept_.sequences()) {
            for (const std::size_t head : kept_.heads()) {
                const MatrixView<const T> one = kept_.matrix(sequence, head);
                all.insert(all.end(), one.data, one.data + one.rows * one.columns);
            }
        }
        return Array<T>({kept_.sequences().size(), kept_.heads().size(), shape.queries, shape.keys},
                        std::move(all));
    }

    Array<T> shares(const LayerOutputs<T>& outputs) const {
        const LayerShape& shape = kept_.shape();
        const Array<T> W_O = analysis::output_matrix(outputs);
        std::vector<T> all;
        for (const std::size_t sequence : kept_.sequences()) {
            const analysis::LayerValues<T> layer = kept_.values(outputs, sequence, order_, W_O);
            std::vector<Matrix<double>> given;
            for (std::size_t head = 0; head < layer.heads(); ++head)
                given.push_back(analysis::given_vectors(layer, head));
            const auto tokens = analysis::token_contributions(
                layer, given,
                analysis::surroundings_of(outputs, shape, sequence, layer.d_model(),
                                          "--method contributions"));
            all.insert(all.end(), tokens.shares.values.begin(), tokens.shares.values.end());
        }
        return Array<T>({kept_.sequences().size(), 1, shape.queries, shape.keys}, std::move(all));
    }

    RolloutMethod method_;
    KvOrder order_;
    analysis::KeptWeights<T> kept_;
    std::vector<source::StoredLayer<T>> layers_;
};

std::vector<std::size_t> chosen(const std::optional<std::vector<std::size_t>>& asked,
                                std::size_t count, std::size_t first, const char* flag,
                                const char* what) {
    std::vector<std::size_t> places = sorted_indices(asked, count, flag, what);
    places.erase(std::remove_if(places.begin(), places.end(),
                                [&](std::size_t place) { return place < first; }),
                 places.end());
    return places;
}

source::ComputedRequest with_labels(const RolloutRequest& request) {
    source::ComputedRequest input = request.computed;
    input.attention = request.attention;
    input.tokens = request.from.tokens;
    input.key_tokens = request.of_decoder().key_tokens;
    // Gradients are those of all layers.
    if (request.gradients.empty()) input.layers = request.from.layers;
    return input;
}

template <class T>
void require_square(const source::ComputedInputs<T>& inputs, const std::string& name) {
    if (inputs.queries == inputs.keys && inputs.context.empty()) return;
    fail(name, ": rollout needs self-attention of a whole sequence, this is [", inputs.queries,
         ", ", inputs.keys, "]");
}

// Layers of which only the shape is there.
template <class T>
std::vector<source::StoredLayer<T>> layers_without_weights(
    const std::vector<std::size_t>& numbers, std::size_t heads,
    const source::ComputedInputs<T>& loaded) {
    const Shape shape{loaded.batch, heads, loaded.queries, loaded.keys};
    std::vector<source::StoredLayer<T>> layers;
    for (const std::size_t number : numbers) {
        source::StoredLayer<T> layer;
        layer.layer = number;
        layer.weights = source::HeadMatrices<T>(
            shape, std::vector<const T*>(loaded.batch * heads, nullptr), {}, false);
        layers.push_back(std::move(layer));
    }
    return layers;
}

template <class T>
void require_whole_matrices(const RolloutRequest& request, const RolloutStack<T>& stack,
                            const source::ComputedInputs<T>& loaded) {
    if (request.discard.value_or(0) > 0 && loaded.queries > kMostWholeTokens &&
        request.options().discard_scope == analysis::DiscardScope::matrix)
        fail("--discard: of whole matrices that are computed is for up to ", kMostWholeTokens,
             " tokens, ", stack.name, " gets ", loaded.queries, "; give --discard-scope row");
    const std::size_t layers =
        request.gradients.empty() ? stack.places.size() : 2 * loaded.layers.size();
    const std::size_t matrices = layers * loaded.batch * stack.attention.heads.size();
    require_memory(matrices * loaded.queries * loaded.keys * sizeof(T),
                   stack.name +
                       ": the attention of all layers, which this takes (--targets and --sources "
                       "of --method attention do not)");
}

}  // namespace

template <class T>
RolloutParts<T> compute_rollout_parts(const RolloutRequest& request, io::Inputs& files,
                                      const Warn& warn, const Progress& progress) {
    const source::ComputedRequest input = with_labels(request);
    const auto computed = std::make_shared<const source::ComputedSource<T>>(input, files, warn);
    const source::ComputedInputs<T>& loaded = computed->inputs();
    RolloutParts<T> parts;
    RolloutStack<T>& stack = parts.decoder;
    stack.name = input.weights.empty() ? input.query : input.weights;
    require_square(loaded, stack.name);
    const std::size_t start = request.start_layer.value_or(0);
    stack.places = chosen(request.from.layers, loaded.layers.size(), start, "--layer", "layer");
    if (stack.places.empty())
        fail("--start-layer ", start, ": no layer is left, the last is ", loaded.layers.size() - 1);
    const std::vector<std::size_t> heads =
        chosen(request.from.heads, loaded.heads, 0, "--head", "head");
    const bool shares = request.method == RolloutMethod::contributions;
    const bool all = !request.gradients.empty();  // they are those of all layers and heads
    stack.attention.heads = shares ? std::vector<std::size_t>{0}
                            : all  ? count_up(loaded.heads)
                                   : heads;
    stack.shares = load_head_shares(
        request,
        {stack.name, {loaded.layers.size(), loaded.heads}, stack.places, stack.places, heads},
        files);
    if (rolls_by_blocks(request, loaded.queries)) {
        stack.attention.layers = layers_without_weights<T>(stack.places, heads.size(), loaded);
        parts.streamed = std::make_shared<StreamedRollout<T>>(computed, stack.name, stack.places,
                                                              heads, stack.shares);
    } else {
        require_whole_matrices(request, stack, loaded);
        KeepingSink<T> keeping(request.method, loaded.options.kv_order);
        Share share{all ? count_up(loaded.layers.size()) : stack.places, std::nullopt,
                    std::nullopt};
        if (request.from.heads && !all) share.heads = heads;
        computed->stream({&keeping}, share, progress);
        stack.attention.layers = keeping.take();
    }
    if (all) add_gradients(request, stack, files);
    stack.attention.structure = loaded.options.mask.structure;
    stack.attention.tokens = loaded.tokens;
    stack.attention.key_tokens = loaded.key_tokens;
    stack.attention.has_sinks = computed->outline().has_sinks;
    stack.attention.batch_axis = loaded.batch_axis;
    stack.structure = loaded.options.mask.structure;
    stack.heads = all ? heads : count_up(stack.attention.heads.size());
    for (const std::size_t layer : stack.places)
        stack.masks.emplace_back(loaded.options_of(layer).mask, loaded.keys);
    return parts;
}

template RolloutParts<float> compute_rollout_parts(const RolloutRequest&, io::Inputs&, const Warn&,
                                                   const Progress&);
template RolloutParts<double> compute_rollout_parts(const RolloutRequest&, io::Inputs&, const Warn&,
                                                    const Progress&);

}  // namespace attn::pipeline

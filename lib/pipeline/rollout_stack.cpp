#include "pipeline/rollout_stack.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>

#include "core/error.hpp"
#include "core/index_list.hpp"
#include "core/word_list.hpp"
#include "pipeline/rollout.hpp"
#include "results/manifest.hpp"
#include "source/array_source.hpp"
#include "source/labels_beside.hpp"
#include "source/stored_mask.hpp"

namespace attn::pipeline {
namespace {

template <class T>
using Attention = source::StoredAttention<T>;

// Arrays have the axes that --axes names; those of a folder that run wrote are known. Where there
// are only such folders the flag is left for them to refuse.
source::ArraySource rollout_array(const RolloutRequest& request, const std::string& name) {
    const bool known = results::is_run_folder(name) && request.reads_arrays();
    return {name, known ? "" : request.from.axes};
}

// The gradients of a folder are those of the very layers and heads of the weights.
template <class T>
void require_same_heads(const results::RunManifest& manifest, const std::string& name,
                        const Attention<T>& weights, const std::string& source) {
    if (manifest.command != "grad")
        fail(name, ": ", manifest.command,
             " wrote this folder; expected one of grad --save weights");
    for (const auto& [what, flag, found, expected] :
         {std::tuple("layers", "--layers", manifest.layers, weights.layer_numbers()),
          std::tuple("heads", "--head", manifest.heads, weights.heads)}) {
        if (found != expected)
            fail(name, ": has gradients of the ", what, " ", index_list_text(found), ", ", source,
                 " has the ", what, " ", index_list_text(expected), "; give grad the same ", flag);
    }
}

// Gradients of the weights that `grad` wrote, layer by layer.
template <class T>
Attention<T> from_grad_folder(io::Inputs& inputs, const std::string& folder,
                              const results::RunManifest& manifest, const std::string& flag,
                              const Attention<T>& weights, const std::string& source) {
    require_same_heads(manifest, flag + " " + folder, weights, source);
    Attention<T> gradients;
    gradients.heads = weights.heads;
    for (const source::StoredLayer<T>& layer : weights.layers) {
        const std::string inner = results::array_name(layer.layer, "grad_weights", manifest.format);
        const std::string file = folder + "/" + inner;
        if (std::find(manifest.files.begin(), manifest.files.end(), inner) == manifest.files.end())
            fail(flag, " ", folder, ": has no ", inner, "; run grad with --save weights");
        const Array<T> array = inputs.load<T>(file, io::NonFinite::allow);
        Shape shape = array.shape();
        if (shape.size() == 3) shape.insert(shape.begin(), 1);
        if (shape.size() != 4)
            fail(file, " ", to_string(array.shape()),
                 ": expected gradients [(batch,) heads, queries, keys]");
        source::StoredLayer<T> one;
        one.layer = layer.layer;
        one.weights = source::HeadMatrices<T>(array.reshaped(shape), false);
        gradients.layers.push_back(std::move(one));
    }
    return gradients;
}

template <class T>
Attention<T> open_gradients(const RolloutRequest& request, const std::string& name,
                            const std::string& flag, const Attention<T>& weights,
                            const std::string& source, io::Inputs& inputs) {
    if (name.empty()) return {};
    const auto manifest = results::find_manifest(name);
    Attention<T> gradients =
        manifest ? from_grad_folder<T>(inputs, name, *manifest, flag, weights, source)
                 : source::open_stored_attention<T>(inputs, rollout_array(request, name));
    if (gradients.shape() != weights.shape() || gradients.layers.size() != weights.layers.size())
        fail(flag, " ", name, ": has ", counted(gradients.layers.size(), "layer"), " of ",
             to_string(gradients.shape()), ", the weights of ", source, " have ",
             weights.layers.size(), " of ", to_string(weights.shape()),
             " ([batch, heads, queries, keys])");
    return gradients;
}

// Only the layers at these places.
template <class T>
void keep_layers(Attention<T>& attention, const std::vector<std::size_t>& places) {
    if (attention.layers.empty()) return;
    std::vector<source::StoredLayer<T>> kept;
    for (const std::size_t place : places) kept.push_back(attention.layers[place]);
    attention.layers = std::move(kept);
}

template <class T>
std::vector<std::size_t> chosen_layers(const RolloutRequest& request,
                                       const Attention<T>& attention) {
    const std::size_t start = request.start_layer.value_or(0);
    std::vector<std::size_t> places = source::places_of_layers(attention, request.from);
    const std::size_t last = attention.layers[places.back()].layer;
    const auto is_before = [&](std::size_t place) { return attention.layers[place].layer < start; };
    places.erase(std::remove_if(places.begin(), places.end(), is_before), places.end());
    if (places.empty()) fail("--start-layer ", start, ": no layer is left, the last is ", last);
    return places;
}

// Whether each cell of each layer and head is read once, on this rank, and what is made of it does
// not hang on who may attend where the weights are 0.
bool reads_all_cells(const RolloutRequest& request) {
    const source::SourceRequest& from = request.from;
    const bool some = request.targets || request.last_target || request.sources || from.layers ||
                      from.heads || from.sequences || request.start_layer;
    return !some && request.ranks.is_alone() && request.cross.empty() &&
           !request.uniform_baseline && request.discard.value_or(0) == 0 &&
           request.method == RolloutMethod::attention;
}

template <class T>
void make_masks(const MaskOptions<T>& options, RolloutStack<T>& stack) {
    stack.structure = options.structure;
    stack.sums = std::make_shared<analysis::RowSumWatch>(stack.attention.has_sinks);
    for (const source::StoredLayer<T>& layer : stack.attention.layers) {
        MaskOptions<T> own = options;
        if (layer.window_left) own.structure.window_left = layer.window_left;
        stack.masks.emplace_back(std::move(own), stack.keys());
    }
}

}  // namespace

std::vector<std::vector<double>> load_head_shares(const RolloutRequest& request,
                                                  const RolloutShare& of, io::Inputs& inputs) {
    std::vector<std::vector<double>> shares;
    if (request.head_weights.empty()) return shares;
    const std::string flag = "--head-weights " + request.head_weights;
    const Array<double> given = inputs.load<double>(request.head_weights, io::NonFinite::never);
    if (given.shape() != of.all)
        fail(flag, " ", to_string(given.shape()), ": expected [layers, heads] of ", of.name, ", ",
             to_string(of.all));
    for (const double share : given.values())
        if (share < 0) fail(flag, ": holds ", share, ", expected numbers of 0 or more");
    for (std::size_t i = 0; i < of.layers.size(); ++i) {
        shares.emplace_back();
        for (const std::size_t head : of.heads)
            shares.back().push_back(given.data()[of.layers[i] * of.all[1] + head]);
        if (std::accumulate(shares.back().begin(), shares.back().end(), 0.0) == 0)
            fail(flag, ": all heads of layer ", of.numbers[i], " weigh 0");
    }
    return shares;
}

template <class T>
analysis::LayerHeads<T> RolloutStack<T>::layer(std::size_t place, std::size_t sequence,
                                               std::optional<std::size_t> only) const {
    analysis::LayerHeads<T> result;
    const source::StoredLayer<T>& stored = attention.layers[place];
    result.name = name + ": layer " + std::to_string(stored.layer);
    if (sequences() > 1) result.name += ", sequence " + std::to_string(sequence);
    for (std::size_t i = 0; i < heads.size(); ++i) {
        if (only && i != *only) continue;
        result.weights.push_back(stored.weights.matrix(sequence, heads[i]));
        if (!gradients.layers.empty())
            result.gradients.push_back(gradients.layers[place].weights.matrix(sequence, heads[i]));
        result.places.push_back(heads[i]);
        result.numbers.push_back(attention.heads[heads[i]]);
    }
    if (!shares.empty() && !only) result.shares = shares[place];
    result.mask = &masks[place];
    result.layer = stored.layer;
    result.sequence = sequence;
    result.causal_unproved = attention.causal_is_guess && attention.structure.causal;
    result.sums = sums.get();
    return result;
}

template <class T>
void RolloutStack<T>::forget(std::size_t place) const {
    attention.layers[place].forget();
    if (!gradients.layers.empty()) gradients.layers[place].forget();
}

template <class T>
void add_gradients(const RolloutRequest& request, RolloutStack<T>& stack, io::Inputs& inputs) {
    stack.gradients = open_gradients(request, request.gradients, "--gradients", stack.attention,
                                     stack.name, inputs);
    keep_layers(stack.attention, stack.places);
    keep_layers(stack.gradients, stack.places);
}

template <class T>
RolloutStack<T> open_rollout_source(const RolloutRequest& request, CausalLooks looks,
                                    io::Inputs& inputs, const Warn& warn) {
    const std::string& name = request.from.source;
    RolloutStack<T> stack;
    stack.name = name;
    source::ArraySource array = rollout_array(request, name);
    array.guess_causal = looks == CausalLooks::some_rows && reads_all_cells(request);
    stack.attention = source::open_stored_attention<T>(inputs, array, warn);
    const bool whole = stack.keys() <= kMostWholeTokens;
    if (stack.attention.causal_is_guess && !whole) source::look_at_all_layers(stack.attention);
    source::add_labels_beside(inputs, request.of_decoder(), stack.attention, warn);
    if (stack.queries() != stack.keys())
        fail(name, ": rollout needs square attention, this is [", stack.queries(), ", ",
             stack.keys(),
             "]: save the weights of the whole sequence, or give cross-attention as --cross");
    const std::size_t all = stack.layers();
    stack.places = chosen_layers(request, stack.attention);
    stack.heads = source::select_heads(stack.attention, request.from);
    add_gradients(request, stack, inputs);
    source::look_at_chosen(stack.attention, request.from);
    RolloutShare share{name, {all, stack.attention.shape()[1]}, stack.places, {}, stack.heads};
    share.numbers = stack.attention.layer_numbers();
    stack.shares = load_head_shares(request, share, inputs);
    make_masks(source::load_stored_mask(request.attention, stack.attention, inputs, warn), stack);
    if (!stack.structure.causal) source::warn_of_causal_leak(stack.attention, name, warn);
    return stack;
}

template <class T>
std::optional<RolloutStack<T>> open_cross(const RolloutRequest& request,
                                          const RolloutStack<T>& decoder, io::Inputs& inputs,
                                          const Warn& warn) {
    if (request.cross.empty()) return std::nullopt;
    RolloutStack<T> cross;
    cross.name = request.cross;
    cross.attention =
        source::open_stored_attention<T>(inputs, rollout_array(request, request.cross), warn);
    cross.gradients = open_gradients(request, request.cross_gradients, "--cross-gradients",
                                     cross.attention, request.cross, inputs);
    if (cross.sequences() != decoder.sequences() || cross.queries() != decoder.queries() ||
        cross.layers() <= decoder.places.back())
        fail("--cross ", request.cross, ": has ", counted(cross.layers(), "layer"), " of ",
             to_string(cross.attention.shape()), ", the decoder ", decoder.name, " has ",
             to_string(decoder.attention.shape()),
             " ([batch, heads, queries, keys]); expected a layer for each of its layers, as many "
             "sequences and queries");
    cross.places = decoder.places;
    keep_layers(cross.attention, cross.places);
    keep_layers(cross.gradients, cross.places);
    cross.heads = count_up(cross.attention.shape()[1]);
    if (request.from.heads) cross.heads = source::select_heads(cross.attention, request.from);
    // Who may attend to the encoder is not what the flags say of the decoder.
    MaskOptions<T> options;
    if (cross.attention.run) options.structure = cross.attention.structure;
    make_masks(options, cross);
    return cross;
}

template <class T>
std::optional<RolloutStack<T>> open_encoder(const RolloutRequest& request,
                                            const RolloutStack<T>& cross, io::Inputs& inputs,
                                            const Warn& warn) {
    if (request.encoder.empty()) return std::nullopt;
    RolloutStack<T> encoder;
    encoder.name = request.encoder;
    encoder.attention =
        source::open_stored_attention<T>(inputs, rollout_array(request, request.encoder), warn);
    encoder.gradients = open_gradients(request, request.encoder_gradients, "--encoder-gradients",
                                       encoder.attention, request.encoder, inputs);
    if (encoder.sequences() != cross.sequences() || encoder.queries() != cross.keys() ||
        encoder.keys() != cross.keys())
        fail("--encoder ", request.encoder, ": has ", to_string(encoder.attention.shape()),
             ", the cross-attention ", cross.name, " ", to_string(cross.attention.shape()),
             " ([batch, heads, queries, keys]); expected square attention among its keys");
    for (std::size_t place = 0; place < encoder.layers(); ++place) {
        if (encoder.attention.layers[place].layer >= request.start_layer.value_or(0))
            encoder.places.push_back(place);
    }
    keep_layers(encoder.gradients, encoder.places);
    encoder.heads = count_up(encoder.attention.shape()[1]);
    MaskOptions<T> options;
    options.structure = encoder.attention.structure;
    if (encoder.places.empty())
        fail("--start-layer ", request.start_layer.value_or(0), ": no layer of --encoder ",
             request.encoder, " is left");
    keep_layers(encoder.attention, encoder.places);
    make_masks(options, encoder);
    return encoder;
}

template <class T>
std::vector<std::vector<std::string>> encoder_labels(const RolloutRequest& request,
                                                     const RolloutStack<T>& cross) {
    if (request.from.key_tokens.empty()) return cross.attention.key_tokens;
    source::SourceRequest from;
    from.source = request.cross;
    from.key_tokens = request.from.key_tokens;
    return source::choose_labels(cross.attention, from).keys;
}

template struct RolloutStack<float>;
template struct RolloutStack<double>;
template void add_gradients(const RolloutRequest&, RolloutStack<float>&, io::Inputs&);
template void add_gradients(const RolloutRequest&, RolloutStack<double>&, io::Inputs&);
template RolloutStack<float> open_rollout_source(const RolloutRequest&, CausalLooks, io::Inputs&,
                                                 const Warn&);
template RolloutStack<double> open_rollout_source(const RolloutRequest&, CausalLooks, io::Inputs&,
                                                  const Warn&);
template std::optional<RolloutStack<float>> open_cross(const RolloutRequest&,
                                                       const RolloutStack<float>&, io::Inputs&,
                                                       const Warn&);
template std::optional<RolloutStack<double>> open_cross(const RolloutRequest&,
                                                        const RolloutStack<double>&, io::Inputs&,
                                                        const Warn&);
template std::vector<std::vector<std::string>> encoder_labels(const RolloutRequest&,
                                                              const RolloutStack<float>&);
template std::vector<std::vector<std::string>> encoder_labels(const RolloutRequest&,
                                                              const RolloutStack<double>&);
template std::optional<RolloutStack<float>> open_encoder(const RolloutRequest&,
                                                         const RolloutStack<float>&, io::Inputs&,
                                                         const Warn&);
template std::optional<RolloutStack<double>> open_encoder(const RolloutRequest&,
                                                          const RolloutStack<double>&, io::Inputs&,
                                                          const Warn&);

}  // namespace attn::pipeline

#include "attention/layer_backward.hpp"

#include <catch2/catch.hpp>
#include <functional>
#include <map>
#include <numeric>

#include "core/parallel.hpp"
#include "support/arrays.hpp"

using namespace attn;
using namespace attn::test;

namespace {

constexpr std::size_t kBatch = 2, kTokens = 7, kModel = 6, kHeads = 4, kKvHeads = 2, kWidth = 4;

// A whole layer with everything that it may read, each by its name.
struct Layer {
    std::map<std::string, Array<double>> arrays;
    bool cross = false;
    bool head_norms = false;
    double weight_plus = 0;
    MatrixOrder order = MatrixOrder::in_out;
    std::size_t queries = kTokens;
    std::size_t keys = kTokens;  // new ones
    std::size_t past = 0;
    AttentionOptions<double> options;
    std::function<void(const Layer&, AttentionOptions<double>&)> finish;

    const Array<double>& at(const std::string& name) const { return arrays.at(name); }
    Array<double> maybe(const std::string& name) const {
        const auto found = arrays.find(name);
        return found == arrays.end() ? Array<double>() : found->second;
    }
    AttentionSizes sizes() const { return {kBatch, kHeads, queries, past + keys}; }

    ProjectionWeights<double> weights() const {
        ProjectionWeights<double> w;
        w.heads = kHeads;
        w.kv_heads = kKvHeads;
        w.order = order;
        const auto laid = [&](const Array<double>& W) {
            return order == MatrixOrder::in_out || W.empty() ? W : transposed(W);
        };
        w.W_Q = laid(at("W_Q")), w.W_K = laid(at("W_K")), w.W_V = laid(at("W_V"));
        w.W_O = laid(maybe("W_O"));
        w.b_Q = maybe("b_Q"), w.b_K = maybe("b_K"), w.b_V = maybe("b_V"), w.b_O = maybe("b_O");
        if (head_norms) {
            w.q_norm = {NormKind::rms, at("q_norm"), {}, weight_plus, 1e-6};
            w.k_norm = {NormKind::rms, at("k_norm"), {}, weight_plus, 1e-6};
        }
        return w;
    }

    AttentionOptions<double> all_options() const {
        AttentionOptions<double> own = options;
        if (arrays.count("sink")) {
            const auto values = at("sink").values();
            own.sinks.assign(values.begin(), values.end());
        }
        if (arrays.count("bias")) own.mask.bias = {at("bias"), sizes(), "bias", "--bias"};
        if (arrays.count("relative"))
            own.mask.relative = RelativeBias<double>(at("relative"), {8, 7, true});
        if (past > 0) own.past_key = at("past_key"), own.past_value = at("past_value");
        if (finish) finish(*this, own);
        return own;
    }

    Array<double> output() const {
        return compute_layer<double>(0, at("x"), cross ? at("context") : at("x"), weights(),
                                     all_options(), {})
            .output;
    }
    LayerGradients<double> gradients(const Array<double>& upstream) const {
        return backward_of_layer<double>(0, at("x"), maybe("context"), weights(), all_options(),
                                         upstream, {});
    }
};

Array<double> scaled(const Array<double>& array, double factor) {
    std::vector<double> values(array.values().begin(), array.values().end());
    for (double& value : values) value *= factor;
    return Array<double>(array.shape(), std::move(values));
}

Layer plain_layer(unsigned seed) {
    Layer layer;
    const auto add = [&](const std::string& name, const Shape& shape, double size) {
        layer.arrays[name] = scaled(random_array<double>(shape, seed++), size);
    };
    add("x", {kBatch, kTokens, kModel}, 1);
    add("W_Q", {kModel, kHeads * kWidth}, 0.6);
    add("W_K", {kModel, kKvHeads * kWidth}, 0.6);
    add("W_V", {kModel, kKvHeads * 3}, 0.6);
    add("W_O", {kHeads * 3, kModel}, 0.6);
    return layer;
}

void put(Layer& layer, const std::string& name, const Shape& shape, unsigned seed,
         double size = 0.5) {
    layer.arrays[name] = scaled(random_array<double>(shape, seed), size);
}

Array<double> changed(const Array<double>& array, std::size_t place, double by) {
    std::vector<double> values(array.values().begin(), array.values().end());
    values[place] += by;
    return Array<double>(array.shape(), std::move(values));
}

// The gradient of Σ upstream * output by central differences.
double difference_quotient(const Layer& layer, const Array<double>& upstream,
                           const std::string& name, std::size_t place) {
    constexpr double step = 1e-5;
    double sum = 0;
    Layer moved = layer;
    moved.arrays[name] = changed(layer.at(name), place, step);
    const Array<double> after = moved.output();
    moved.arrays[name] = changed(layer.at(name), place, -step);
    const Array<double> before = moved.output();
    for (std::size_t i = 0; i < upstream.size(); ++i)
        sum += upstream.data()[i] * (after.data()[i] - before.data()[i]);
    return sum / (2 * step);
}

std::map<std::string, std::vector<double>> by_name(const LayerGradients<double>& gradients) {
    std::map<std::string, std::vector<double>> all;
    const auto add = [&](const std::string& name, const Array<double>& array) {
        if (!array.empty()) all[name] = {array.values().begin(), array.values().end()};
    };
    add("x", gradients.x);
    add("context", gradients.embeddings);
    const ProjectionGradients<double>& d = gradients.projections;
    add("W_Q", d.W_Q), add("W_K", d.W_K), add("W_V", d.W_V), add("W_O", d.W_O);
    add("b_Q", d.b_Q), add("b_K", d.b_K), add("b_V", d.b_V), add("b_O", d.b_O);
    add("q_norm", d.q_norm), add("k_norm", d.k_norm);
    const AttentionGradients<double>& attention = gradients.heads.attention;
    if (!attention.sinks.empty()) all["sink"] = attention.sinks;
    if (!attention.bias.empty()) all["bias"] = attention.bias;
    if (!attention.relative.empty()) all["relative"] = attention.relative;
    return all;
}

// Some entries of every gradient that there is; returns the largest error.
double worst_error(const Layer& layer, std::size_t entries = 40) {
    const Array<double> upstream = random_array<double>(layer.output().shape(), 77);
    const auto gradients = by_name(layer.gradients(upstream));
    double worst = 0;
    for (const auto& [name, array] : layer.arrays) {
        if (name == "past_key" || name == "past_value") continue;
        INFO(name);
        REQUIRE(gradients.count(name) == 1);
        const std::vector<double>& found = gradients.at(name);
        REQUIRE(found.size() == array.size());
        const std::size_t step = (found.size() + entries - 1) / entries;
        for (std::size_t i = 0; i < found.size(); i += step)
            worst =
                std::max(worst, std::abs(found[i] - difference_quotient(layer, upstream, name, i)));
    }
    return worst;
}

using Change = std::function<void(Layer&)>;

void give_rotary(Layer& layer, std::size_t dim, RotaryPairs pairs, double magnitude) {
    layer.finish = [=, before = layer.finish](const Layer& own, AttentionOptions<double>& options) {
        if (before) before(own, options);
        RotaryOptions<double> rotary;
        rotary.pairs = pairs;
        std::vector<std::int64_t> positions(own.queries + own.past + own.keys);
        std::iota(positions.begin(), positions.end(), 0);
        rotary.frequencies = rotary_frequencies(dim, 100);
        rotary.frequencies.magnitude = magnitude;
        rotary.table = make_rotary_table<double>(positions, rotary.frequencies);
        for (std::size_t sequence = 0; sequence < kBatch; ++sequence) {
            for (std::size_t i = 0; i < own.queries; ++i) rotary.query_rows.push_back(own.past + i);
            for (std::size_t i = 0; i < own.keys; ++i) rotary.key_rows.push_back(own.past + i);
        }
        options.rotary = rotary;
    };
}

// Everything that changes attention, alone and in pairs.
std::vector<std::pair<std::string, Change>> changes() {
    return {
        {"causal", [](Layer& l) { l.options.mask.structure.causal = true; }},
        {"window", [](Layer& l) { l.options.mask.structure.window_left = 2; }},
        {"key lengths",
         [](Layer& l) {
             l.options.mask.structure.key_lengths = {7, 4};
         }},
        {"tile order", [](Layer& l) { l.options.kv_order = KvOrder::tile; }},
        {"scale", [](Layer& l) { l.options.scale = 0.9; }},
        {"softcap", [](Layer& l) { l.options.softcap = 1.3; }},
        {"biases of projections",
         [](Layer& l) {
             put(l, "b_Q", {kHeads * kWidth}, 21);
             put(l, "b_K", {kKvHeads * kWidth}, 22);
             put(l, "b_V", {kKvHeads * 3}, 23);
             put(l, "b_O", {kModel}, 24);
         }},
        {"sinks", [](Layer& l) { put(l, "sink", {kHeads}, 31); }},
        {"bias of all cells",
         [](Layer& l) {
             put(l, "bias", {kBatch, kHeads, l.queries, l.past + l.keys}, 32);
         }},
        {"bias of keys", [](Layer& l) { put(l, "bias", {l.past + l.keys}, 33); }},
        {"bias of queries and heads",
         [](Layer& l) {
             put(l, "bias", {kHeads, l.queries, 1}, 34);
         }},
        {"relative positions",
         [](Layer& l) {
             put(l, "relative", {8, kHeads}, 35);
         }},
        {"alibi", [](Layer& l) { l.options.mask.alibi = alibi_slopes(kHeads); }},
        {"mask array with an empty row",
         [](Layer& l) {
             l.finish = [before = l.finish](const Layer& own, AttentionOptions<double>& options) {
                 if (before) before(own, options);
                 const std::size_t keys = own.past + own.keys;
                 std::vector<double> cells(own.queries * keys, 1);
                 for (std::size_t key = 0; key < keys; ++key) cells[3 * keys + key] = 0;
                 for (std::size_t i = 0; i < cells.size(); i += 4) cells[i] = 0;
                 options.mask.may_attend = {Array<double>({own.queries, keys}, cells), own.sizes(),
                                            "mask", "--mask"};
             };
         }},
        {"rotary", [](Layer& l) { give_rotary(l, kWidth, RotaryPairs::half_split, 1); }},
        {"partial interleaved rotary that stretches",
         [](Layer& l) { give_rotary(l, 2, RotaryPairs::interleaved, 1.2); }},
        {"head norms",
         [](Layer& l) {
             l.head_norms = true;
             put(l, "q_norm", {kWidth}, 41);
             put(l, "k_norm", {kWidth}, 42);
         }},
        {"matrices in the other order", [](Layer& l) { l.order = MatrixOrder::out_in; }},
        {"cache",
         [](Layer& l) {
             l.past = 3;
             put(l, "past_key", {kBatch, kKvHeads, 3, kWidth}, 51);
             put(l, "past_value", {kBatch, kKvHeads, 3, 3}, 52);
             l.options.mask.structure.offsets = {3};
         }},
        {"no W_O", [](Layer& l) { l.arrays.erase("W_O"), l.arrays.erase("b_O"); }},
        {"cross-attention",
         [](Layer& l) {
             l.cross = true;
             put(l, "context", {kBatch, l.keys, kModel}, 61, 1);
         }},
    };
}

}  // namespace

TEST_CASE("gradients of a layer are what central differences say") {
    CHECK(worst_error(plain_layer(1)) < 1e-8);
}

TEST_CASE("gradients are right with every option of attention") {
    for (const auto& [name, change] : changes()) {
        Layer layer = plain_layer(2);
        change(layer);
        INFO(name);
        CHECK(worst_error(layer) < 1e-7);
    }
}

TEST_CASE("gradients are right with every pair of options") {
    const auto all = changes();
    for (std::size_t a = 0; a < all.size(); ++a) {
        for (std::size_t b = 0; b < a; ++b) {
            // Later ones look at the sizes that earlier ones set; the cache comes first.
            Layer layer = plain_layer(static_cast<unsigned>(3 + a));
            const bool cache_second = all[a].first == "cache";
            all[cache_second ? a : b].second(layer);
            all[cache_second ? b : a].second(layer);
            INFO(all[a].first << " and " << all[b].first);
            CHECK(worst_error(layer, 6) < 1e-7);
        }
    }
}

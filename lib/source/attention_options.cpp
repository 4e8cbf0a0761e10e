#include "source/attention_options.hpp"

#include <algorithm>

#include "attention/query_offset.hpp"
#include "core/error.hpp"
#include "core/word_list.hpp"
#include "source/mask_options.hpp"
#include "source/whole_numbers.hpp"

namespace attn::source {
namespace {

constexpr WholeRange kPositions{0, std::int64_t{1} << 31};

template <class T>
Array<T> load_past(const std::string& name, const HeadSizes& sizes, std::size_t width,
                   const std::string& flag, io::Inputs& inputs, io::NonFinite non_finite) {
    const Array<T> values = inputs.load<T>(name, non_finite);
    Shape shape = values.shape();
    if (shape.size() == 3) shape.insert(shape.begin(), 1);
    if (shape.size() != 4 || shape[0] != sizes.batch || shape[1] != sizes.kv_heads ||
        shape[3] != width) {
        fail(name, " ", to_string(values.shape()), ": expected [", sizes.batch, ", ",
             sizes.kv_heads, ", past, ", width, "], [batch, kv_heads, past, d] (", flag, ")");
    }
    return values.reshaped(shape);
}

template <class T>
void load_cache(const AttentionRequest& request, const HeadSizes& sizes, io::Inputs& inputs,
                io::NonFinite non_finite, AttentionOptions<T>& options) {
    if (request.past_key.empty() != request.past_value.empty()) {
        fail(request.past_key.empty() ? "--past-value needs --past-key"
                                      : "--past-key needs --past-value");
    }
    if (request.past_key.empty()) return;
    options.past_key =
        load_past<T>(request.past_key, sizes, sizes.d_head, "--past-key", inputs, non_finite);
    options.past_value =
        load_past<T>(request.past_value, sizes, sizes.d_value, "--past-value", inputs, non_finite);
    if (options.past_key.extent(2) != options.past_value.extent(2)) {
        fail("--past-key has ", options.past_key.extent(2), " tokens, --past-value has ",
             options.past_value.extent(2));
    }
}

// Where each query and each new key stands: [batch * queries], then [batch * new keys].
std::vector<std::int64_t> load_positions(const AttentionRequest& request, const HeadSizes& sizes,
                                         std::size_t past,
                                         const std::vector<std::ptrdiff_t>& offsets,
                                         io::Inputs& inputs) {
    std::vector<std::int64_t> given;
    if (!request.positions.empty()) {
        given = load_integers(inputs, request.positions, kPositions, "--positions");
        const bool fits =
            sizes.queries == sizes.new_keys &&
            (given.size() == sizes.queries || given.size() == sizes.batch * sizes.queries);
        if (!fits) {
            fail("--positions ", request.positions, ": has ", counted(given.size(), "number"),
                 ", expected ", sizes.queries, " tokens or [", sizes.batch, ", ", sizes.queries,
                 "]");
        }
    }
    std::vector<std::int64_t> positions;
    const auto add = [&](std::size_t tokens, bool keys) {
        for (std::size_t sequence = 0; sequence < sizes.batch; ++sequence) {
            const std::ptrdiff_t first =
                keys ? static_cast<std::ptrdiff_t>(past) : offset_of(offsets, sequence);
            for (std::size_t token = 0; token < tokens; ++token) {
                const std::size_t place =
                    given.size() == tokens ? token : sequence * tokens + token;
                positions.push_back(given.empty() ? static_cast<std::int64_t>(token) + first
                                                  : given[place]);
            }
        }
    };
    add(sizes.queries, false);
    add(sizes.new_keys, true);
    return positions;
}

// Columns rotate in pairs.
void require_rotary_columns(const AttentionRequest& request, std::size_t dim, std::size_t d_head) {
    if (dim != 0 && dim % 2 == 0 && dim <= d_head) return;
    if (request.rope_dim && request.rope_dim_given) {
        fail("--rope-dim ", dim, ": expected an even number up to the ", counted(d_head, "column"),
             " of a head");
    }
    if (dim == d_head) {
        fail("--rope: rotates columns in pairs, a head has ", d_head,
             "; correct the number of heads (--heads, config.json), or rotate fewer with "
             "--rope-dim");
    }
    fail("config.json has rotary positions rotate ", dim, " of the ", d_head,
         " columns of a head; expected an even number of them, as they rotate in pairs (--rope "
         "--rope-dim)");
}

// As far as is told by flags: an array may forbid them.
template <class T>
bool sees_later_keys(const MaskOptions<T>& mask) {
    return !mask.structure.causal && mask.structure.window_right != std::size_t{0} &&
           mask.may_attend.empty() && mask.added.empty();
}

}  // namespace

template <class T>
std::vector<T> load_sinks(const std::string& name, std::size_t heads, io::Inputs& inputs,
                          io::NonFinite non_finite) {
    if (name.empty()) return {};
    const Array<T> values = inputs.load<T>(name, non_finite);
    if (values.size() != heads || values.rank() > 1) {
        fail(name, " ", to_string(values.shape()), ": expected [", heads,
             "], one logit a head (--sink)");
    }
    return {values.data(), values.data() + heads};
}

template <class T>
std::optional<RotaryOptions<T>> load_rotary(const AttentionRequest& request, const HeadSizes& sizes,
                                            std::size_t past,
                                            const std::vector<std::ptrdiff_t>& offsets,
                                            io::Inputs& inputs) {
    if (!request.rope) {
        if (request.positions.empty()) return std::nullopt;
        fail("--positions ", request.positions,
             ": nothing reads them; they are for --rope, and "
             "for --token-ids of a checkpoint with rotary positions or a table of positions");
    }
    const std::size_t dim = request.rope_dim.value_or(sizes.d_head);
    require_rotary_columns(request, dim, sizes.d_head);
    RotaryOptions<T> rotary;
    rotary.pairs = request.rope_interleaved ? RotaryPairs::interleaved : RotaryPairs::half_split;
    rotary.positions = load_positions(request, sizes, past, offsets, inputs);
    const std::int64_t last = *std::max_element(rotary.positions.begin(), rotary.positions.end());
    rotary.frequencies = rotary_frequencies(dim, request.rope_theta.value_or(kRopeTheta),
                                            request.rope_scaling, static_cast<double>(last + 1));
    rotary.table = make_rotary_table<T>(rotary.positions, rotary.frequencies);
    const std::size_t queries = sizes.batch * sizes.queries;
    for (std::size_t row = 0; row < queries; ++row) rotary.query_rows.push_back(row);
    for (std::size_t row = 0; row < sizes.batch * sizes.new_keys; ++row)
        rotary.key_rows.push_back(queries + row);
    return rotary;
}

template <class T>
RelativeBias<T> load_relative_bias(const AttentionRequest& request, std::size_t heads,
                                   io::Inputs& inputs, io::NonFinite non_finite) {
    if (request.relative_bias.empty()) return {};
    const Array<T> table = inputs.load<T>(request.relative_bias, non_finite);
    const std::size_t least = request.bidirectional ? 4 : 2;
    if (table.rank() != 2 || table.extent(1) != heads || table.extent(0) < least ||
        table.extent(0) % least != 0) {
        fail(request.relative_bias, " ", to_string(table.shape()), ": expected [buckets, ", heads,
             "], a multiple of ", least, " buckets (--relative-bias)");
    }
    RelativeBuckets buckets{table.extent(0), request.relative_max_distance, request.bidirectional};
    const std::size_t exact = buckets.buckets / least;
    if (buckets.max_distance <= exact) {
        fail("--relative-max-distance ", buckets.max_distance, ": expected more than the ", exact,
             " exact buckets");
    }
    return RelativeBias<T>(table, buckets);
}

template <class T>
AttentionOptions<T> load_attention_options(const AttentionRequest& request, const HeadSizes& sizes,
                                           io::Inputs& inputs, io::NonFinite non_finite,
                                           const Warn& warn) {
    AttentionOptions<T> options;
    load_cache(request, sizes, inputs, non_finite, options);
    const std::size_t past = options.past_key.empty() ? 0 : options.past_key.extent(2);
    const AttentionSizes whole{sizes.batch, sizes.heads, sizes.queries, past + sizes.new_keys};

    options.allow_nonfinite = non_finite == io::NonFinite::allow;
    options.scale = request.scale;
    options.softcap = request.softcap;
    if (request.kv_order == KvOrder::tile && sizes.heads == sizes.kv_heads) {
        fail("--kv-order tile: has no effect, each of the ", counted(sizes.heads, "head"),
             " has keys and values of its own");
    }
    options.kv_order = request.kv_order;
    options.score_stage = request.scores_at;
    options.engine = request.engine;
    options.sinks = load_sinks<T>(request.sink, sizes.heads, inputs, non_finite);

    MaskStructure usual;
    usual.offsets = {static_cast<std::ptrdiff_t>(past)};
    options.mask = load_mask_options<T>(request, whole, usual, inputs, warn);
    options.mask.bias = load_bias<T>(request.bias, whole, inputs, non_finite, warn);
    if (request.alibi) {
        for (const double slope : alibi_slopes(sizes.heads))
            options.mask.alibi.push_back(static_cast<T>(slope));
        if (warn && sees_later_keys(options.mask))
            warn(
                "--alibi: is slope * (key - query), which favours far keys after the query; give "
                "--causal, or a bias of your own as --bias");
    }
    options.mask.relative = load_relative_bias<T>(request, sizes.heads, inputs, non_finite);
    options.rotary = load_rotary<T>(request, sizes, past, options.mask.structure.offsets, inputs);
    return options;
}

template AttentionOptions<float> load_attention_options(const AttentionRequest&, const HeadSizes&,
                                                        io::Inputs&, io::NonFinite, const Warn&);
template AttentionOptions<double> load_attention_options(const AttentionRequest&, const HeadSizes&,
                                                         io::Inputs&, io::NonFinite, const Warn&);
template RelativeBias<float> load_relative_bias(const AttentionRequest&, std::size_t, io::Inputs&,
                                                io::NonFinite);
template RelativeBias<double> load_relative_bias(const AttentionRequest&, std::size_t, io::Inputs&,
                                                 io::NonFinite);

template std::vector<float> load_sinks(const std::string&, std::size_t, io::Inputs&, io::NonFinite);
template std::optional<RotaryOptions<float>> load_rotary(const AttentionRequest&, const HeadSizes&,
                                                         std::size_t,
                                                         const std::vector<std::ptrdiff_t>&,
                                                         io::Inputs&);
template std::vector<double> load_sinks(const std::string&, std::size_t, io::Inputs&,
                                        io::NonFinite);
template std::optional<RotaryOptions<double>> load_rotary(const AttentionRequest&, const HeadSizes&,
                                                          std::size_t,
                                                          const std::vector<std::ptrdiff_t>&,
                                                          io::Inputs&);

}  // namespace attn::source

#include "pipeline/attention_options.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "core/error.hpp"

namespace attn::pipeline {
namespace {

std::optional<std::int64_t> parse_integer(const std::string& text) {
    std::int64_t value = 0;
    const char* end = text.data() + text.size();
    const auto [stop, problem] = std::from_chars(text.data(), end, value);
    if (problem != std::errc() || stop != end) return std::nullopt;
    return value;
}

std::vector<std::string> split_at_commas(const std::string& text) {
    std::vector<std::string> parts;
    std::size_t start = 0;
    while (start <= text.size()) {
        const std::size_t comma = std::min(text.find(',', start), text.size());
        parts.push_back(text.substr(start, comma - start));
        start = comma + 1;
    }
    return parts;
}

// Whole numbers from an array of any numeric type.
std::vector<std::int64_t> load_integers(io::Inputs& inputs, const std::string& name,
                                        const std::string& flag) {
    const Array<double> array = inputs.load<double>(name, io::NonFinite::refuse);
    std::vector<std::int64_t> values;
    for (const double value : array.values()) {
        if (value != std::floor(value) || std::abs(value) > 1e15) {
            fail(flag, " ", name, ": ", value, " is not a whole number");
        }
        values.push_back(static_cast<std::int64_t>(value));
    }
    return values;
}

// One for each sequence, from a list on the command line or from an array.
std::vector<std::int64_t> integers_of(io::Inputs& inputs, const std::string& text,
                                      const std::string& flag) {
    std::vector<std::int64_t> values;
    for (const std::string& part : split_at_commas(text)) {
        const auto value = parse_integer(part);
        if (!value) return load_integers(inputs, text, flag);
        values.push_back(*value);
    }
    return values;
}

void require_one_each(const std::vector<std::int64_t>& values, std::size_t batch,
                      const std::string& flag) {
    if (values.size() == batch) return;
    fail(flag, ": has ", values.size(), " numbers, the batch has ", batch, " sequences");
}

std::vector<std::ptrdiff_t> load_offsets(const AttentionRequest& request,
                                         const AttentionSizes& sizes, std::size_t past,
                                         io::Inputs& inputs) {
    const std::string& text = request.query_offset;
    if (text.empty()) return {static_cast<std::ptrdiff_t>(past)};
    if (text == "end") {
        return {static_cast<std::ptrdiff_t>(sizes.keys) -
                static_cast<std::ptrdiff_t>(sizes.queries)};
    }
    std::vector<std::int64_t> values = integers_of(inputs, text, "--query-offset");
    if (values.size() != 1) require_one_each(values, sizes.batch, "--query-offset");
    for (const std::int64_t value : values) {
        if (std::abs(value) > (std::int64_t{1} << 40))
            fail("--query-offset ", value, ": is out of range");
    }
    return {values.begin(), values.end()};
}

void load_window(const std::string& text, MaskStructure& structure) {
    if (text.empty()) return;
    const std::vector<std::string> parts = split_at_commas(text);
    const auto left = parse_integer(parts.front());
    const auto right = parse_integer(parts.back());
    if (parts.size() != 2 || !left || !right || *left < -1 || *right < -1) {
        fail("--window ", text,
             ": expected LEFT,RIGHT, two numbers of 0 or more, -1 for unlimited");
    }
    if (*left >= 0) structure.window_left = static_cast<std::size_t>(*left);
    if (*right >= 0) structure.window_right = static_cast<std::size_t>(*right);
}

std::vector<std::size_t> load_key_lengths(const std::string& text, std::size_t batch,
                                          std::size_t keys, io::Inputs& inputs) {
    if (text.empty()) return {};
    const std::vector<std::int64_t> values = integers_of(inputs, text, "--key-lengths");
    require_one_each(values, batch, "--key-lengths");
    std::vector<std::size_t> lengths;
    for (const std::int64_t value : values) {
        if (value < 0 || static_cast<std::uint64_t>(value) > keys) {
            fail("--key-lengths: ", value, " is not between 0 and the ", keys, " keys");
        }
        lengths.push_back(static_cast<std::size_t>(value));
    }
    return lengths;
}

template <class T>
Array<T> invert(const Array<T>& mask) {
    std::vector<T> values(mask.size());
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = mask.data()[i] == 0 ? T{1} : T{0};
    return Array<T>(mask.shape(), std::move(values));
}

template <class T>
bool only_zeros_and_ones(const Array<T>& array) {
    bool has_one = false;
    for (const T value : array.values()) {
        if (value != 0 && value != 1) return false;
        has_one = has_one || value == 1;
    }
    return has_one;
}

template <class T>
void load_mask(const AttentionRequest& request, const AttentionSizes& sizes, io::Inputs& inputs,
               const Warn& warn, MaskOptions<T>& options) {
    if (request.mask.empty()) return;
    const io::StoredArray stored = inputs.find(request.mask);
    Array<T> values = inputs.load<T>(stored, io::NonFinite::allow_minus_infinity);
    if (stored.dtype == DType::boolean) {
        if (request.mask_true_ignores) values = invert(values);
        options.may_attend = Broadcast<T>(values, sizes, stored.name, "--mask");
        return;
    }
    if (request.mask_true_ignores) {
        fail("--mask-true ignore: is for masks of bool, ", stored.name, " holds ",
             to_string(stored.dtype));
    }
    if (only_zeros_and_ones(values)) {
        warn("--mask " + stored.name + ": holds only 0 and 1 as " + to_string(stored.dtype) +
             " and is added to the scores; save it as bool if 1 means 'may attend'");
    }
    options.added = Broadcast<T>(values, sizes, stored.name, "--mask");
}

template <class T>
Broadcast<T> load_bias(const std::string& name, const AttentionSizes& sizes, io::Inputs& inputs,
                       io::NonFinite non_finite) {
    if (name.empty()) return {};
    const Array<T> values = inputs.load<T>(name, non_finite == io::NonFinite::allow
                                                     ? non_finite
                                                     : io::NonFinite::allow_minus_infinity);
    Broadcast<T> bias(values, sizes, name, "--bias");
    if (bias.keys() != sizes.keys) {
        fail(name, " ", to_string(values.shape()), ": has ", bias.keys(), " keys, expected ",
             sizes.keys, " (--bias)");
    }
    return bias;
}

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
        given = load_integers(inputs, request.positions, "--positions");
        const bool fits =
            sizes.queries == sizes.new_keys &&
            (given.size() == sizes.queries || given.size() == sizes.batch * sizes.queries);
        if (!fits) {
            fail("--positions ", request.positions, ": has ", given.size(), " numbers, expected ",
                 sizes.queries, " tokens or [", sizes.batch, ", ", sizes.queries, "]");
        }
        for (const std::int64_t position : given) {
            if (position < 0 || position > (std::int64_t{1} << 31))
                fail("--positions: ", position, " is out of range");
        }
    }
    std::vector<std::int64_t> positions;
    const auto add = [&](std::size_t tokens, bool keys) {
        for (std::size_t sequence = 0; sequence < sizes.batch; ++sequence) {
            const std::ptrdiff_t offset = offsets.size() == 1 ? offsets[0] : offsets[sequence];
            const std::ptrdiff_t first = keys ? static_cast<std::ptrdiff_t>(past) : offset;
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

template <class T>
void load_rotary(const AttentionRequest& request, const HeadSizes& sizes, std::size_t past,
                 io::Inputs& inputs, AttentionOptions<T>& options) {
    if (!request.rope) return;
    const std::size_t dim = request.rope_dim.value_or(sizes.d_head);
    if (dim == 0 || dim % 2 != 0 || dim > sizes.d_head) {
        fail("--rope-dim ", dim, ": expected an even number up to the ", sizes.d_head,
             " columns of a head");
    }
    if (!(request.rope_theta > 0))
        fail("--rope-theta ", request.rope_theta, ": expected a number above 0");
    RotaryOptions<T> rotary;
    rotary.pairs = request.rope_interleaved ? RotaryPairs::interleaved : RotaryPairs::half_split;
    rotary.positions = load_positions(request, sizes, past, options.mask.structure.offsets, inputs);
    const std::int64_t last = *std::max_element(rotary.positions.begin(), rotary.positions.end());
    rotary.frequencies = rotary_frequencies(dim, request.rope_theta, request.rope_scaling,
                                            static_cast<double>(last + 1));
    rotary.table = make_rotary_table<T>(rotary.positions, rotary.frequencies);
    const std::size_t queries = sizes.batch * sizes.queries;
    for (std::size_t row = 0; row < queries; ++row) rotary.query_rows.push_back(row);
    for (std::size_t row = 0; row < sizes.batch * sizes.new_keys; ++row)
        rotary.key_rows.push_back(queries + row);
    options.rotary = std::move(rotary);
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

}  // namespace

template <class T>
MaskOptions<T> load_mask_options(const AttentionRequest& request, const AttentionSizes& sizes,
                                 std::size_t past, io::Inputs& inputs, const Warn& warn) {
    MaskOptions<T> options;
    options.structure.causal = request.causal.value_or(false);
    options.structure.offsets = load_offsets(request, sizes, past, inputs);
    load_window(request.window, options.structure);
    options.structure.key_lengths =
        load_key_lengths(request.key_lengths, sizes.batch, sizes.keys, inputs);
    load_mask(request, sizes, inputs, warn, options);
    return options;
}

template <class T>
AttentionOptions<T> load_attention_options(const AttentionRequest& request, const HeadSizes& sizes,
                                           io::Inputs& inputs, io::NonFinite non_finite,
                                           const Warn& warn) {
    AttentionOptions<T> options;
    load_cache(request, sizes, inputs, non_finite, options);
    const std::size_t past = options.past_key.empty() ? 0 : options.past_key.extent(2);
    const AttentionSizes whole{sizes.batch, sizes.heads, sizes.queries, past + sizes.new_keys};

    options.scale = request.scale;
    if (request.softcap && !(*request.softcap > 0))
        fail("--softcap ", *request.softcap, ": expected a number above 0");
    options.softcap = request.softcap;
    options.kv_order = request.kv_order;
    options.score_stage = request.scores_at;
    options.sinks = load_sinks<T>(request.sink, sizes.heads, inputs, non_finite);

    options.mask = load_mask_options<T>(request, whole, past, inputs, warn);
    options.mask.bias = load_bias<T>(request.bias, whole, inputs, non_finite);
    if (request.alibi) {
        for (const double slope : alibi_slopes(sizes.heads))
            options.mask.alibi.push_back(static_cast<T>(slope));
    }
    options.mask.relative = load_relative_bias<T>(request, sizes.heads, inputs, non_finite);
    load_rotary(request, sizes, past, inputs, options);
    return options;
}

template MaskOptions<float> load_mask_options(const AttentionRequest&, const AttentionSizes&,
                                              std::size_t, io::Inputs&, const Warn&);
template MaskOptions<double> load_mask_options(const AttentionRequest&, const AttentionSizes&,
                                               std::size_t, io::Inputs&, const Warn&);
template AttentionOptions<float> load_attention_options(const AttentionRequest&, const HeadSizes&,
                                                        io::Inputs&, io::NonFinite, const Warn&);
template AttentionOptions<double> load_attention_options(const AttentionRequest&, const HeadSizes&,
                                                         io::Inputs&, io::NonFinite, const Warn&);

}  // namespace attn::pipeline

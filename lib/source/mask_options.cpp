#include "source/mask_options.hpp"

#include "attention/query_offset.hpp"
#include "core/error.hpp"
#include "core/word_list.hpp"
#include "source/whole_numbers.hpp"

namespace attn::source {
namespace {

constexpr WholeRange kLengths{-kMostCount, kMostCount};  // what is negative is told with the keys
constexpr WholeRange kOffsets{-kMostCount, kMostCount};
constexpr WholeRange kWindowSides{-1, kMostCount};  // -1: unlimited

void require_one_each(const std::vector<std::int64_t>& values, std::size_t batch,
                      const std::string& flag) {
    if (values.size() == batch) return;
    fail(flag, ": has ", counted(values.size(), "number"), ", the batch has ", batch, " sequences");
}

// `lengths` are the valid keys of each sequence.
std::vector<std::ptrdiff_t> load_offsets(const std::string& text, const AttentionSizes& sizes,
                                         const std::vector<std::size_t>& lengths,
                                         io::Inputs& inputs) {
    if (text == "end") return end_offsets(sizes.queries, sizes.keys, lengths);
    std::vector<std::int64_t> values = load_integer_list(inputs, text, kOffsets, "--query-offset");
    if (values.size() != 1) require_one_each(values, sizes.batch, "--query-offset");
    return {values.begin(), values.end()};
}

void load_window(const std::string& text, MaskStructure& structure) {
    const std::vector<std::string> parts = split_at(text, ',');
    const auto left = whole_of(parts.front());
    const auto right = whole_of(parts.back());
    if (parts.size() != 2 || !left || !right || !kWindowSides.contains(*left) ||
        !kWindowSides.contains(*right)) {
        fail("--window ", quoted(text),
             ": expected LEFT,RIGHT, two numbers of 0 or more, -1 for unlimited");
    }
    structure.window_left = structure.window_right = std::nullopt;
    if (*left >= 0) structure.window_left = static_cast<std::size_t>(*left);
    if (*right >= 0) structure.window_right = static_cast<std::size_t>(*right);
}

std::vector<std::size_t> load_key_lengths(const std::string& text, std::size_t batch,
                                          std::size_t keys, io::Inputs& inputs) {
    const std::vector<std::int64_t> values =
        load_integer_list(inputs, text, kLengths, "--key-lengths");
    if (values.size() != batch && values.size() == batch * keys) {
        fail("--key-lengths ", text, ": has ", counted(values.size(), "number"), ", the batch has ",
             batch, " sequences; a mask [batch, keys] is given as --mask, of shape ",
             to_string({batch, 1, 1, keys}));
    }
    require_one_each(values, batch, "--key-lengths");
    std::vector<std::size_t> lengths;
    for (const std::int64_t value : values) {
        if (value < 0 || static_cast<std::uint64_t>(value) > keys) {
            fail("--key-lengths: ", value, " is not between 0 and the ", counted(keys, "key"));
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
    Array<T> values = inputs.load<T>(stored, io::NonFinite::never_but_minus_infinity);
    if (stored.dtype == DType::boolean) {
        if (request.mask_true_ignores) values = invert(values);
        options.may_attend = spread(values, sizes, stored.name, "--mask", warn);
        return;
    }
    if (request.mask_true_ignores) {
        fail("--mask-true ignore: is for masks of bool, ", stored.name, " holds ",
             to_string(stored.dtype));
    }
    options.added = spread(values, sizes, stored.name, "--mask", warn);
    if (warn && only_zeros_and_ones(values)) {
        warn("--mask " + stored.name + ": holds only 0 and 1 as " + to_string(stored.dtype) +
             " and is added to the scores; save it as bool if 1 means 'may attend'");
    }
}

// Lengths before offsets, which may count from their end.
MaskStructure load_structure(const AttentionRequest& request, const AttentionSizes& sizes,
                             const MaskStructure& known, io::Inputs& inputs) {
    MaskStructure structure = known;
    if (request.causal) structure.causal = *request.causal;
    if (!request.window.empty()) load_window(request.window, structure);
    if (!request.key_lengths.empty()) {
        structure.key_lengths =
            load_key_lengths(request.key_lengths, sizes.batch, sizes.keys, inputs);
    }
    if (!request.query_offset.empty()) {
        structure.offsets =
            load_offsets(request.query_offset, sizes, structure.key_lengths, inputs);
    }
    return structure;
}

}  // namespace

template <class T>
MaskOptions<T> load_mask_options(const AttentionRequest& request, const AttentionSizes& sizes,
                                 const MaskStructure& known, io::Inputs& inputs, const Warn& warn) {
    MaskOptions<T> options;
    options.structure = load_structure(request, sizes, known, inputs);
    load_mask(request, sizes, inputs, warn, options);
    return options;
}

template <class T>
Broadcast<T> load_bias(const std::string& name, const AttentionSizes& sizes, io::Inputs& inputs,
                       io::NonFinite non_finite, const Warn& warn) {
    if (name.empty()) return {};
    const Array<T> values = inputs.load<T>(name, non_finite == io::NonFinite::allow
                                                     ? non_finite
                                                     : io::NonFinite::allow_minus_infinity);
    Broadcast<T> bias = spread(values, sizes, name, "--bias", warn);
    if (bias.keys() != sizes.keys) {
        fail(name, " ", to_string(values.shape()), ": has ", counted(bias.keys(), "key"),
             ", expected ", sizes.keys, " (--bias)");
    }
    return bias;
}

template MaskOptions<float> load_mask_options(const AttentionRequest&, const AttentionSizes&,
                                              const MaskStructure&, io::Inputs&, const Warn&);
template MaskOptions<double> load_mask_options(const AttentionRequest&, const AttentionSizes&,
                                               const MaskStructure&, io::Inputs&, const Warn&);
template Broadcast<float> load_bias(const std::string&, const AttentionSizes&, io::Inputs&,
                                    io::NonFinite, const Warn&);
template Broadcast<double> load_bias(const std::string&, const AttentionSizes&, io::Inputs&,
                                     io::NonFinite, const Warn&);

}  // namespace attn::source

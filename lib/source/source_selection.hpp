// Which part of a stored attention a command looks at, and the labels that go with it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "attention/share.hpp"
#include "source/stored_source.hpp"

namespace attn::source {

// Warns of an array that is taken as not causal for the sake of a few cells.
template <class T>
void warn_of_causal_leak(const StoredAttention<T>& attention, const std::string& source,
                         const Warn& warn);

// Takes an array that is causal but for a few cells as causal, and warns of it. Whether it did: for
// who compares it with others that are causal.
template <class T>
bool take_leak_as_causal(StoredAttention<T>& attention, const std::string& source,
                         const Warn& warn);

struct SourceRequest {
    std::string source;  // a folder that run wrote, or arrays; see stored_source.hpp
    std::string axes;    // of arrays: "batch,heads,q,k"; empty: the usual ones
    std::string tokens;  // labels of queries, and of keys without key_tokens
    std::string key_tokens;
    std::optional<std::vector<std::size_t>> layers;
    std::optional<std::vector<std::size_t>> heads;
    std::optional<std::vector<std::size_t>> sequences;
    std::optional<DType> precision;  // float32 or float64; without it that of the source
};

// The places of the layers that were asked for by number, in the order of these; all of them
// without a wish. Throws Error for one that is not there.
template <class T>
std::vector<std::size_t> places_of_layers(const StoredAttention<T>& attention,
                                          const SourceRequest& request);

// Keeps the layers that were asked for by number. Whether arrays are causal is then told by what
// was asked for alone, heads and sequences too. Throws Error for what is not there.
template <class T>
void select_layers(StoredAttention<T>& attention, const SourceRequest& request);

// Whether arrays that are not causal as a whole are so in the layers that are left, and in the
// heads and sequences that were asked for.
template <class T>
void look_at_chosen(StoredAttention<T>& attention, const SourceRequest& request);

// The places of the heads that were asked for by number; all of them without a wish. Throws Error
// for one that is not there.
template <class T>
std::vector<std::size_t> select_heads(const StoredAttention<T>& attention,
                                      const SourceRequest& request);

// The places of the heads and sequences that were asked for by number. Throws Error for one that is
// not there.
template <class T>
Share choose_share(const StoredAttention<T>& attention, const SourceRequest& request);

// Tokens of each axis: one list a sequence, one for all, or none.
struct AxisLabels {
    std::vector<std::vector<std::string>> queries;
    std::vector<std::vector<std::string>> keys;
};

// From the request, else from the source. Tokens label both axes of square attention; otherwise the
// axis that has as many positions. Throws Error when the numbers do not match.
template <class T>
AxisLabels choose_labels(const StoredAttention<T>& attention, const SourceRequest& request);

}  // namespace attn::source

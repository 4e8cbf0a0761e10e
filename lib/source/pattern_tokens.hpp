// The tokens that the patterns of heads are measured on (previous token, duplicate, induction), and
// where the queries stand among them.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "source/mask_options.hpp"
#include "source/source_selection.hpp"

namespace attn::source {

struct PatternTokens {
    std::vector<std::vector<std::string>> keys;  // one list a sequence, one for all, or none
    std::vector<std::ptrdiff_t> offsets;  // of query 0 among the keys; one, or one a sequence
};

// Patterns exist where the queries are some of the keys: each query's token is that of the key at
// which it stands. An array does not say where they stand; there the tokens do: at the first keys
// or, as with a cache in front, at the last ones. `warn` is told of the latter, and where tokens
// that were given belong to different sequences, so that there are no patterns. Throws Error for
// tokens that were given and cannot be used.
template <class T>
PatternTokens choose_pattern_tokens(const StoredAttention<T>& attention,
                                    const SourceRequest& request, const Warn& warn);

}  // namespace attn::source

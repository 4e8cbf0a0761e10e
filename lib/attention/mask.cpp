#include "attention/mask.hpp"

#include <algorithm>

namespace attn {

KeyRange Mask::allowed(std::size_t query) const {
    return {0, causal_ ? std::min(query + 1, keys_) : keys_};
}

KeyRange Mask::allowed(std::size_t first_query, std::size_t rows) const {
    return {0, rows == 0 ? 0 : allowed(first_query + rows - 1).end};
}

}  // namespace attn

// The keys that a method keeps for one row.
#pragma once

#include <set>

#include "support/plain_head.hpp"

namespace attn::test {

// Of the keys that the row may attend.
inline std::set<std::size_t> kept_by(const approx::KeptKeys& method, const PlainHead& head,
                                     std::size_t query) {
    std::set<std::size_t> kept;
    head.rows.visit(query, query + 1, [&](const approx::ExactRows::Row& row) {
        std::vector<std::uint8_t> keep(row.allowed.size(), 7);
        method.keep(row, row.allowed, keep.data());
        for (std::size_t j = 0; j < keep.size(); ++j) {
            if (keep[j]) kept.insert(row.allowed.begin + j);
        }
    });
    return kept;
}

}  // namespace attn::test

// What the heads of a model do, by the measures of head_stats: for each role the head that plays it
// most.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "analysis/head_stats.hpp"

namespace attn::analysis {

struct HeadRole {
    std::string name;     // "previous token"
    std::string measure;  // the column of stats that says so
    std::size_t layer = 0;
    std::size_t sequence = 0;
    std::size_t head = 0;
    double value = 0;        // of that head, 0…1
    std::size_t strong = 0;  // heads where the measure is above kStrong
    static constexpr double kStrong = 0.5;
};

// Previous token, induction, duplicate token, first token, uniform, one key, in this order. A role
// that no head has a value for (no tokens were there) is left out. Among heads that differ by
// less than 1e-4 the first is named.
std::vector<HeadRole> find_roles(const std::vector<HeadStats>& heads);

}  // namespace attn::analysis

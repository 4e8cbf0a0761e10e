#include "analysis/head_roles.hpp"

#include <cmath>
#include <optional>

namespace attn::analysis {
namespace {

struct NamedRole {
    const char* name;
    const char* measure;
    double HeadStats::*value;
};

// Closer values are one and the same: rounding must not choose the head that is named.
constexpr double kTie = 1e-4;

constexpr NamedRole kRoles[] = {
    {"previous token", "previous", &HeadStats::previous},
    {"induction", "induction", &HeadStats::induction},
    {"duplicate token", "duplicate_token", &HeadStats::duplicate_token},
    {"first token", "first", &HeadStats::first},
    {"uniform", "entropy_normalised", &HeadStats::entropy_normalised},
    {"one key", "confidence", &HeadStats::confidence},
};

}  // namespace

std::vector<HeadRole> find_roles(const std::vector<HeadStats>& heads) {
    std::vector<HeadRole> roles;
    for (const NamedRole& role : kRoles) {
        std::optional<HeadRole> best;
        std::size_t strong = 0;
        for (const HeadStats& head : heads) {
            const double value = head.*role.value;
            if (std::isnan(value)) continue;
            strong += value > HeadRole::kStrong ? 1 : 0;
            if (!best || value > best->value + kTie)
                best = {role.name, role.measure, head.layer, head.sequence, head.head, value, 0};
        }
        if (!best) continue;
        best->strong = strong;
        roles.push_back(*best);
    }
    return roles;
}

}  // namespace attn::analysis

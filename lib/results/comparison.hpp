// What two attentions differ in, head by head, and the JSON that goes with it.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "analysis/difference.hpp"

namespace attn::results {

using analysis::HeadDifference;

struct CompareResult {
    bool batch = false;
    std::vector<HeadDifference> heads;  // that both have
    std::vector<std::string> missing;   // what only one of them has, in words
    std::vector<std::string> pictures;  // paths of those that were drawn

    bool same() const;
};

// {"same", "heads", "missing"}; numbers that are not finite are null.
std::string comparison_json(const CompareResult& result);

}  // namespace attn::results

// Queries and keys of one head in one plane, so that who is near whom says who attends to whom (as
// AttentionViz does).
#pragma once

#include <array>
#include <vector>

#include "core/span.hpp"

namespace attn::analysis {

struct JointEmbedding {
    std::vector<std::array<double, 2>> queries;
    std::vector<std::array<double, 2>> keys;
    double variance = 0;     // share of it that lies in the plane
    double correlation = 0;  // of distance in the plane and score; NaN where either is constant
};

// The plane of queries [queries, d] and keys [keys, d]. Softmax stays the same when the same vector
// is subtracted from all keys, and scores when queries are divided and keys multiplied by a number:
// Q' = Q / s and K' = s K - t with s = sqrt(rms Q / rms K) of the rows about their means and
// t = mean(s K) - mean(Q / s), so that both clouds have one spread and one centre. The plane holds
// the two largest directions of all rows; on each the largest component is positive. The
// correlation is of at most 256 x 256 pairs, evenly chosen. T is float or double, all finite.
template <class T>
JointEmbedding joint_embedding(MatrixView<const T> queries, MatrixView<const T> keys);

}  // namespace attn::analysis

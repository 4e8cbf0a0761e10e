// How spread out attention is, layer by head, as a map small enough for a terminal.
#pragma once

#include <cstddef>
#include <vector>

#include "analysis/head_stats.hpp"

namespace attn::analysis {

// Neighbouring layers that share a line. Values are means of entropy_normalised (0: one key, 1: all
// keys alike); NaN where there is none.
struct EntropyRow {
    std::size_t first_layer = 0;
    std::size_t last_layer = 0;
    double mean = 0;
    std::vector<double> heads;  // of each column
    std::vector<double> upper;  // of the first half of the layers,
    std::vector<double> lower;  // and of the others; empty for one layer
};

struct EntropyMap {
    std::size_t heads_a_column = 1;
    std::vector<EntropyRow> rows;
};

// At most `rows` lines and `columns` columns; sequences of a batch are averaged. Layers come one
// after another in `heads`, as stats has them.
EntropyMap map_entropy(const std::vector<HeadStats>& heads, std::size_t rows, std::size_t columns);

}  // namespace attn::analysis

// One head of two results as a picture: A, B, and A - B in colours that part at zero.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "attention/tile.hpp"
#include "core/array.hpp"
#include "core/span.hpp"

namespace attn::pipeline {

struct DifferenceTitles {
    std::string head;  // "layer 1, head 3"
    std::string a;     // what the two sides are called
    std::string b;
    std::vector<std::string> queries;  // labels, or none
    std::vector<std::string> keys;
    std::string value = "attention weight";
    bool below_zero = false;  // values may be
};

// PNG. A and B share one range of colours, from 0 unless values are below; that of A - B is as far
// below zero as above. Large matrices are pooled. `allowed`: the keys of each query that a or b may
// attend, all where it is empty; others have the colour of masked cells. T is float or double.
template <class T>
std::string draw_difference(MatrixView<const T> a, MatrixView<const T> b,
                            const DifferenceTitles& titles, Span<const KeyRange> allowed = {});

}  // namespace attn::pipeline

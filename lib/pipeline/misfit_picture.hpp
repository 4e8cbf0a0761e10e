// Where an observation differs most from what was asked for, as a picture.
#pragma once

#include <cstddef>
#include <string>

#include "analysis/dense_attention.hpp"
#include "analysis/observation.hpp"

namespace attn::pipeline {

struct MisfitPicture {
    std::string file;  // "layer00/head02.png", "layer00/output.png"
    std::string png;
};

// Observed, expected and their difference, side by side: of weights and scores the head of `place`,
// of an output all columns of its sequence. `place`: an index for each axis of what was observed.
MisfitPicture draw_misfit(const analysis::DenseInputs& inputs,
                          const analysis::Observation& observation, const Shape& place,
                          std::size_t layer);

}  // namespace attn::pipeline

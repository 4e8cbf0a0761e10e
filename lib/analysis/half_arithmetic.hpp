// Arithmetic in half precision leaves a signature: who rounds the same numbers at the same places
// gets the same errors. Errors of its size alone prove nothing.
#pragma once

#include <functional>
#include <string>

#include "analysis/dense_attention.hpp"
#include "analysis/observation.hpp"

namespace attn::analysis {

struct HalfArithmetic {
    Rounding type = Rounding::none;
    Stages stages = 0;
    double left = 1;  // of the squared distances, when it is repeated

    // Whether it is what was done: no other error follows it so closely by chance.
    bool is_repeated() const { return type != Rounding::none && left <= 0.25; }
};

// Where numbers may have been rounded before what was observed, in the order of the computation.
std::vector<Stages> stages_before(Observed kind, const DenseInputs& inputs);

// "bfloat16: queries and keys, scores".
std::string text_of(const HalfArithmetic& arithmetic);

// From nothing and from what programs usually round, takes stages in or out, one after the other,
// as long as that brings `square_left` (the sum of the squared distances from what was observed)
// down. `mistakes` are those that were made besides.
HalfArithmetic find_half_arithmetic(const Mistakes& mistakes, const std::vector<Stages>& stages,
                                    const std::vector<Rounding>& types,
                                    const std::function<double(const Mistakes&)>& square_left);

}  // namespace attn::analysis

#include "analysis/rounding.hpp"

#include <cmath>

#include "core/significand.hpp"

namespace attn::analysis {

const char* name_of(Rounding rounding) {
    switch (rounding) {
        case Rounding::float16:
            return "float16";
        case Rounding::bfloat16:
            return "bfloat16";
        case Rounding::none:
            break;
    }
    return "";
}

double step_of(Rounding rounding, double value) {
    if (rounding == Rounding::none || !std::isfinite(value)) return 0;
    return rounding == Rounding::float16 ? significand_step(value, 10, -14)
                                         : significand_step(value, 7, -126);
}

double round_to(Rounding rounding, double value) {
    const double step = step_of(rounding, value);
    if (step == 0 || value == 0) return value;
    return round_to_multiple(value, step);
}

}  // namespace attn::analysis

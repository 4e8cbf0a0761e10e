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
        case Rounding::decimals2:
            return "2 decimals";
        case Rounding::decimals3:
            return "3 decimals";
        case Rounding::decimals4:
            return "4 decimals";
        case Rounding::decimals5:
            return "5 decimals";
        case Rounding::none:
            break;
    }
    return "";
}

bool is_half(Rounding rounding) {
    return rounding == Rounding::float16 || rounding == Rounding::bfloat16;
}

bool is_decimal(Rounding rounding) {
    return rounding != Rounding::none && !is_half(rounding);
}

double step_of(Rounding rounding, double value) {
    if (!std::isfinite(value)) return 0;
    switch (rounding) {
        case Rounding::float16:
            return significand_step(value, 10, -14);
        case Rounding::bfloat16:
            return significand_step(value, 7, -126);
        case Rounding::decimals2:
            return 1e-2;
        case Rounding::decimals3:
            return 1e-3;
        case Rounding::decimals4:
            return 1e-4;
        case Rounding::decimals5:
            return 1e-5;
        case Rounding::none:
            break;
    }
    return 0;
}

double round_to(Rounding rounding, double value) {
    const double step = step_of(rounding, value);
    if (step == 0 || value == 0) return value;
    if (is_decimal(rounding)) {
        const double tens = std::round(1 / step);
        return std::nearbyint(value * tens) / tens;
    }
    return round_to_multiple(value, step);
}

}  // namespace attn::analysis

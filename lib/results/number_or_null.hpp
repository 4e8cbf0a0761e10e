// Numbers in results' JSON.
#pragma once

#include <cmath>
#include <nlohmann/json.hpp>

namespace attn::results {

// JSON has no number for what is not finite.
inline nlohmann::ordered_json number_or_null(double value) {
    return std::isfinite(value) ? nlohmann::ordered_json(value) : nlohmann::ordered_json();
}

}  // namespace attn::results

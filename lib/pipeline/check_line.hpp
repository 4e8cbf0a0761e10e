// How the lines of a check are made.
#pragma once

#include <sstream>
#include <string>

#include "pipeline/check.hpp"

namespace attn::pipeline {

// The parts one after another, numbers with six digits.
template <class... Parts>
std::string text(const Parts&... parts) {
    std::ostringstream stream;
    stream.precision(6);
    (stream << ... << parts);
    return stream.str();
}

inline CheckLine line_of(const char* name, Verdict verdict, std::string message = "") {
    return {name, verdict, {}, {}, std::move(message)};
}

}  // namespace attn::pipeline

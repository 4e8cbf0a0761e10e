// The gradient that a backward pass begins with, as --upstream names it.
#pragma once

#include <cstddef>
#include <string>

#include "io/inputs.hpp"

namespace attn::source {

struct Upstream {
    enum class Kind {
        array,   // dL/doutput from a file
        sum,     // L = Σ output
        energy,  // L = ½ ‖output‖²
        token,   // ones in the row of one token
        logit,   // L = one logit of one token
    };
    Kind kind = Kind::sum;
    std::string array;
    std::size_t token = 0;
    std::size_t vocabulary_entry = 0;  // of a logit

    // What the flag said, and its name, for messages.
    std::string text = "sum";
    std::string flag = "--upstream";
    std::string named() const { return flag + " " + text; }
};

// "sum", "energy", "token:I", "logit:P,T", else the name of an array. Throws Error, which
// names the flag, for numbers that are none and for words that are no file either.
Upstream parse_upstream(const std::string& text, const std::string& flag = "--upstream");

// The gradient of an output of this shape [batch, queries, columns]. `output` is only looked at for
// energy. `layer`: which part of an array [layers, …] to take, of so many `layers`; 0 layers: an
// array has no such axis. Throws Error for another shape and a token that is not there. Not for
// logits.
template <class T>
Array<T> upstream_gradient(const Upstream& upstream, const Shape& shape, const Array<T>& output,
                           std::size_t layer, std::size_t layers, io::Inputs& inputs);

}  // namespace attn::source

// How fast each pair of dimensions turns in rotary positions, and the ways in which models stretch
// that to texts longer than they were trained on.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

namespace attn {

enum class RotaryStretch {
    none,
    linear,   // all positions divided by the factor (Chen et al. 2023)
    dynamic,  // a larger base for texts longer than the original length (NTK-aware)
    yarn,     // slow pairs as linear, fast pairs as they are (Peng et al. 2023)
    llama3,   // the same idea with the bounds of Llama 3.1
};

// Field names are those of Hugging Face's rope_scaling.
struct RotaryScaling {
    RotaryStretch kind = RotaryStretch::none;
    double factor = 1;
    double original_length = 0;   // tokens that the model was trained on; dynamic, yarn and llama3
    double low_freq_factor = 1;   // llama3
    double high_freq_factor = 4;  // llama3
    double beta_fast = 32;        // yarn
    double beta_slow = 1;         // yarn
    bool truncate = true;         // yarn: bounds are whole dimensions
    std::optional<double> attention_factor;  // yarn; default 0.1 ln(factor) + 1
    std::optional<double> mscale;            // yarn in DeepSeek's form
    std::optional<double> mscale_all_dim;
};

struct RotaryFrequencies {
    std::vector<double> radians;  // [dim / 2], radians a position
    double magnitude = 1;         // factor of all cosines and sines
    double theta = 0;             // before it was stretched
};

// theta^(-2k / dim) for pair k, stretched. `length` is the number of positions of the text, which
// only `dynamic` looks at.
RotaryFrequencies rotary_frequencies(std::size_t dim, double theta,
                                     const RotaryScaling& scaling = {}, double length = 0);

}  // namespace attn

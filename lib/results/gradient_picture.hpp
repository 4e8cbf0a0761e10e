// gradients.png: how gradients pass, as strips of layers x heads; and what the loss feels of each
// input token.
#pragma once

#include <string>

#include "io/output_folder.hpp"
#include "results/gradient_report.hpp"

namespace attn::results {

// What the title says.
struct GradientPictureText {
    std::string upstream;
};

// Stages gradients.png: grad_scores, jacobian_trace and importance of every layer and head, means
// over the sequences of a batch; where the upstream is a logit, beside them the size of the
// gradient of each input token, a column a sequence.
void write_gradient_picture(const GradientReport& report, const GradientPictureText& text,
                            io::OutputFolder& folder);

}  // namespace attn::results

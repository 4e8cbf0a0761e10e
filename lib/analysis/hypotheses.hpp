// The mistakes that diagnose knows. Adding one is adding a row to the table.
#pragma once

#include <vector>

#include "analysis/dense_attention.hpp"

namespace attn::analysis {

// What part of the computation a mistake touches: two mistakes of one part exclude each other.
enum class Part {
    input,
    projection,
    head_norms,
    tokens,
    values,
    quantised,
    heads,
    order,
    cache,
    rotary,
    key_heads,
    scale,
    softcap,
    mask,
    bias,
    temperature,
    softmax,
    activation,
    sink,
    rows,
    merging,
    averaging,
    saved,
    arithmetic
};

// What has to be estimated from the observation before it can be compared; rounding cannot be
// repeated, only bounded.
enum class Fit {
    nothing,
    scale,
    head_order,
    theta,
    softcap,
    bias_factor,
    temperature,
    sink,
    dropout,
    epsilon,
    epsilon_everywhere,
    mask_value,
    input_factor,
    value_order,
    kv_order,
    averaged_heads,
    masked_key,
    alibi_heads,
    top_keys,
    max_distance,
    relative_layer,
    pair_split,
    dropout_in_rows,
    rounding
};

// Whether what is estimated is a number, which says less than a name; else it is one of a few.
bool brings_number(Fit fit);

// Whether it is one of a few, which are all tried.
bool is_choice(Fit fit);

struct Hypothesis {
    const char* name;
    Part part;
    bool (*possible)(const DenseInputs& inputs);  // whether it changes anything
    void (*commit)(const DenseInputs& inputs, Mistakes& mistakes);
    const char* advice;  // one sentence
    const char* read;    // where it can be read about, by name, see reading.hpp
    Fit fit = Fit::nothing;
};

// Whether it is made so often that three of its kind are tried together.
bool is_common(const Hypothesis& hypothesis);

const std::vector<Hypothesis>& hypotheses();

// What is no mistake of one layer: it was another one that was looked at.
const Hypothesis& another_layer();

// Its parts, each in a file of its own.
std::vector<Hypothesis> projection_hypotheses();
std::vector<Hypothesis> rotary_hypotheses();
std::vector<Hypothesis> score_hypotheses();
std::vector<Hypothesis> mask_hypotheses();
std::vector<Hypothesis> softmax_hypotheses();

// What the scores were to be multiplied with.
double scale_of(const DenseInputs& inputs);

}  // namespace attn::analysis

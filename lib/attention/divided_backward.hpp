// A layer that several processes take backwards: the heads that share keys and values are dealt
// out together, and the gradients come together before the layer ends, so that every process goes
// on as if it had computed all.
#pragma once

#include "attention/backward.hpp"
#include "attention/division.hpp"

namespace attn {

// Into how many parts a layer can be divided: (sequence, key/value head), where nothing is added up
// over several of them. What sinks, tables of relative positions and a bias that was spread get
// from several is a sum in one order, which one process takes: they are one part.
template <class T>
std::size_t backward_parts(std::size_t sequences, std::size_t kv_heads, bool has_sinks,
                           const MaskOptions<T>& mask);

// Deals the parts out so that all ranks have as many cells that are not masked (mask arrays are not
// looked at). Whole where there is one part.
template <class T>
Division divide_backward(const AttentionInputs<T>& inputs, const MaskOptions<T>& mask,
                         const LayerShape& shape, const Communicator& ranks);

// Where gradients stand while they are made, as AttentionGradients has them.
template <class T>
struct GradientPlaces {
    std::vector<T>& q;
    std::vector<T>& k;
    std::vector<T>& v;
    std::vector<T>& context;
    std::vector<double>& sinks;
    std::vector<double>& bias;
    std::vector<double>& relative;
};

// Fills in what other ranks computed, and hands the sinks the heads that they streamed.
template <class T>
void bring_gradients_together(const Division& division, const AttentionInputs<T>& inputs,
                              const MaskOptions<T>& mask, const LayerShape& shape,
                              const GradientSinks<T>& sinks, const GradientPlaces<T>& gradients);

}  // namespace attn

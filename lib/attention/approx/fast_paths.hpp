// Methods that can be run for real, and faster than by implied weights: what --time measures. Of
// the others a time would be a lie: their weights come from the exact ones.
#pragma once

#include <functional>

#include "attention/approx/fast_factors.hpp"
#include "attention/approx/method.hpp"

namespace attn::approx {

// Makes what a model would have ready, and returns what is to be timed. The head must outlive it.
template <class T>
using FastPath = std::function<RunHead<T>(const Options& options, const FastHead<T>& head,
                                          const HeadInput& input)>;

// Empty where the method, or these options of it, have none.
template <class T>
FastPath<T> fast_path(const MethodRow& method, const Options& options);

}  // namespace attn::approx

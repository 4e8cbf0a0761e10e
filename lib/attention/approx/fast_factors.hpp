// Factorisations run for real. What a model would have ready is made before: projections, short
// queries, keys and values.
#pragma once

#include <functional>

#include "attention/approx/fast_head.hpp"
#include "attention/approx/shapes.hpp"

namespace attn::approx {

// Writes the contexts [queries, d_value] of the head that it was made for.
template <class T>
using RunHead = std::function<void(MatrixView<T> contexts)>;

// Options: those of the methods; linformer with projections gaussian and pool. The head must
// outlive what is returned, `input` is the same head in float64 and need not.
template <class T>
RunHead<T> linformer_run(const Options& options, const FastHead<T>& head, const HeadInput& input);
template <class T>
RunHead<T> nystrom_run(const Options& options, const FastHead<T>& head, const HeadInput& input);
template <class T>
RunHead<T> lowrank_scores_run(const Options& options, const FastHead<T>& head,
                              const HeadInput& input);
template <class T>
RunHead<T> lowrank_values_run(const Options& options, const FastHead<T>& head,
                              const HeadInput& input);

// Exact attention of queries, keys and values of one head, by the engine that computes it for
// everybody. `window`: only keys less than so many away; 0: all.
template <class T>
void run_exact(const FastHead<T>& head, std::size_t window, MatrixView<T> contexts);

}  // namespace attn::approx

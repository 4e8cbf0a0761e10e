// Masks run for real: only the keys that rows keep are read and multiplied.
#pragma once

#include "attention/approx/fast_head.hpp"
#include "attention/approx/options.hpp"

namespace attn::approx {

// The contexts [queries, d_value] of local windows, blocks, strides, columns and global tokens
// (masks.hpp). Options: those of the method.
template <class T>
void run_local(const Options& options, const FastHead<T>& head, MatrixView<T> contexts);
template <class T>
void run_block(const Options& options, const FastHead<T>& head, MatrixView<T> contexts);
template <class T>
void run_strided(const Options& options, const FastHead<T>& head, MatrixView<T> contexts);
template <class T>
void run_fixed(const Options& options, const FastHead<T>& head, MatrixView<T> contexts);
template <class T>
void run_global(const Options& options, const FastHead<T>& head, MatrixView<T> contexts);

// The k largest weights of each row, of equal ones the lower key: all scores, then a choice.
// Option: k.
template <class T>
void run_topk(const Options& options, const FastHead<T>& head, MatrixView<T> contexts);

}  // namespace attn::approx

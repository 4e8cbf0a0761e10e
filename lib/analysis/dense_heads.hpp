// Queries, keys and values as the plain computation of dense_attention.hpp makes them, with
// mistakes.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "analysis/dense_attention.hpp"

namespace attn::analysis {

// Which heads are wanted, by their numbers in rising order; empty: all.
struct HeadChoice {
    std::vector<std::size_t> queries, keys;
};

// The sizes of all heads, whichever are chosen.
struct DenseSizes {
    std::size_t batch = 0, heads = 0, kv_heads = 0, queries = 0, keys = 0;
    std::size_t width = 0;  // of queries and keys
};

DenseSizes dense_sizes(const DenseInputs& in);

// Whether programs of half precision round between this norm and its weight: RMSNorm, but not
// Gemma's, which keeps its weight less one and multiplies before it rounds.
bool may_round_before_weight(const Norm<double>& norm);

// Those that were chosen.
struct DenseHeads {
    Heads<double> q, k, v;
    HeadChoice choice{};
    std::size_t kv_group = 1;   // neighbours that share one key/value head, their mean
    bool finite_values = true;  // no value is NaN or infinite
    std::size_t numbers = 0;    // that are not those of the inputs

    MatrixView<const double> query_head(std::size_t sequence, std::size_t head) const;
    MatrixView<const double> key_head(std::size_t sequence, std::size_t head) const;
    MatrixView<const double> value_head(std::size_t sequence, std::size_t head) const;
};

// A square matrix with rows for columns; any other as it is.
Array<double> transpose(const Array<double>& matrix);

// W_O and b_O as the mistakes leave them.
Array<double> output_matrix(const DenseInputs& in, const Mistakes& mistakes);
Array<double> output_bias(const DenseInputs& in, const Mistakes& mistakes);

// Which of the new tokens stands in the place of each.
std::size_t token_in_place(std::size_t place, std::size_t tokens, const Mistakes& mistakes);

// Whether a factor of the input comes out of the products and contexts as it went in: the heads are
// those of a factor of 1 then.
bool scales_late(const DenseInputs& in, const Mistakes& mistakes);

// Makes heads, and remembers the last ones: most mistakes are made elsewhere and share them. For
// one thread at a time, and for one `DenseInputs`.
class DenseHeadsStore {
  public:
    // Projected, rotated by their positions, behind those of the cache. Values only where the
    // output is wanted.
    std::shared_ptr<const DenseHeads> get(const DenseInputs& in, const Mistakes& mistakes,
                                          HeadChoice choice = {});

  private:
    using Key = std::vector<double>;

    Array<double> product(const DenseInputs& in, const Mistakes& mistakes, char which);
    DenseHeads project(const DenseInputs& in, const Mistakes& mistakes);
    DenseHeads make(const DenseInputs& in, const Mistakes& mistakes, const HeadChoice& choice);

    std::vector<std::pair<Key, Array<double>>> products_;  // the last used first
    std::vector<std::pair<Key, std::shared_ptr<const DenseHeads>>> heads_;
};

}  // namespace attn::analysis

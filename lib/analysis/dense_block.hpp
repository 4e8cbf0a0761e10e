// The plain computation of dense_attention.hpp for some heads, queries and keys only: a sample, or
// one block after the other where the whole matrices would take gigabytes.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "analysis/dense_heads.hpp"

namespace attn::analysis {

// Which cells of the matrices; indices in rising order.
struct DenseCells {
    std::size_t sequence = 0;
    std::vector<std::size_t> heads, queries, keys;

    std::size_t count() const { return heads.size() * queries.size() * keys.size(); }
};

// Numbers of those cells, [heads, queries, keys]; as in DenseAttention, but not transposed.
struct DenseBlock {
    DenseCells cells;
    std::vector<double> products, scores, weights;
    std::vector<std::uint8_t> allowed;  // 1 where the mask lets the query attend
};

class DenseComputation {
  public:
    // Keeps `inputs` and the store, from which it takes the heads that it is asked for.
    DenseComputation(const DenseInputs& inputs, Mistakes mistakes, DenseHeadsStore& store);

    std::size_t batch() const { return sizes_.batch; }
    std::size_t heads() const { return sizes_.heads; }
    std::size_t queries() const { return sizes_.queries; }
    std::size_t keys() const { return sizes_.keys; }
    std::size_t kv_heads() const { return sizes_.kv_heads; }
    std::size_t kv_head(std::size_t head) const;

    const Mistakes& mistakes() const { return mistakes_; }

    // The axis of softmax must be whole, so must the heads that are averaged, and the keys where
    // softmax is applied twice.
    DenseBlock block(DenseCells cells) const;

    // [queries, d_model], those of one sequence; without W_O the contexts of the heads side by
    // side.
    std::vector<double> output(std::size_t sequence, const std::vector<std::size_t>& queries) const;

  private:
    DenseBlock attend(DenseCells cells) const;  // before anything is done to what is saved
    MaskOptions<double> bias_options() const;
    MaskOptions<double> array_options() const;
    std::size_t computed_head(std::size_t place) const;
    std::size_t value_head(std::size_t head) const;
    HeadChoice choice_of(const std::vector<std::size_t>& places) const;
    std::shared_ptr<const DenseHeads> take(const HeadChoice& choice) const;
    double scale() const;
    double cap(double score) const;
    void score(const DenseHeads& heads, DenseBlock& block, std::size_t head, std::size_t first,
               std::size_t count) const;
    double sink(double logit) const;
    void mask_wrongly(double& score, std::uint8_t& allowed, bool caps) const;
    void apply(const Mask<double>& mask, const DenseCells& cells, std::size_t head,
               std::size_t query, std::vector<double>& scores,
               std::vector<std::uint8_t>& blocked) const;
    void find_allowed(const DenseCells& cells, std::size_t head, std::size_t query, double* scores,
                      std::uint8_t* allowed) const;
    void find_bias(const DenseCells& cells, std::size_t head, std::size_t query,
                   std::vector<double>& added, std::vector<std::uint8_t>& forbidden) const;
    // What the structure forbids and the mask does not know.
    bool is_inside(std::size_t sequence, std::size_t query, std::size_t key) const;
    bool may_attend(std::size_t sequence, std::size_t head, std::size_t query,
                    std::size_t key) const;
    void softmax(DenseBlock& block, std::size_t first, std::size_t stride, std::size_t count,
                 double sink) const;
    void activate(DenseBlock& block, std::size_t first, std::size_t count) const;
    void normalise(DenseBlock& block) const;
    void change_row(DenseBlock& block, std::size_t first, double sink) const;
    void keep_largest(DenseBlock& block, std::size_t first) const;
    void softmax_again(DenseBlock& block) const;
    void average_heads(DenseBlock& block) const;
    void sort_keys(DenseBlock& block) const;
    void multiply_attended(const DenseBlock& block, std::size_t first,
                           MatrixView<const double> values, MatrixView<double> contexts) const;

    std::vector<double> contexts(std::size_t sequence,
                                 const std::vector<std::size_t>& queries) const;
    std::vector<double> merged(std::size_t sequence, const std::vector<std::size_t>& queries) const;
    void add_residual(std::size_t sequence, const std::vector<std::size_t>& queries,
                      std::vector<double>& output) const;

    const DenseInputs& in_;
    const AttentionOptions<double>& options_;
    Mistakes mistakes_;
    double late_factor_;  // of queries, keys and values
    DenseHeadsStore& store_;
    DenseSizes sizes_;
    // Taken last: another computation may have driven them out of the store.
    mutable HeadChoice choice_;
    mutable std::shared_ptr<const DenseHeads> heads_;
    MaskStructure structure_;
    Mask<double> bias_;   // what is added
    Mask<double> array_;  // structure and mask array
};

}  // namespace attn::analysis

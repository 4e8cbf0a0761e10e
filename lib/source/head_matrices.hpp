// The matrices [queries, keys] of the sequences and heads of one stored layer, wherever they lie:
// in one array, in several, in the mapped bytes of a file.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "core/array.hpp"
#include "io/matrix_reader.hpp"

namespace attn::source {

// T is float or double.
template <class T>
class HeadMatrices {
  public:
    HeadMatrices() = default;

    // All of an array [batch, heads, queries, keys]. `mapped`: it is the bytes of a mapped file.
    HeadMatrices(const Array<T>& array, bool mapped);

    // One matrix for each sequence and head, [batch * heads]; `owners` hold their numbers. The
    // shape is [batch, heads, queries, keys]; each matrix is dense.
    HeadMatrices(Shape shape, std::vector<const T*> matrices, std::vector<Array<T>> owners,
                 bool mapped);

    const Shape& shape() const { return shape_; }  // [batch, heads, queries, keys]
    bool empty() const { return matrices_.empty(); }

    MatrixView<const T> matrix(std::size_t sequence, std::size_t head) const {
        return {matrices_[sequence * shape_[1] + head], shape_[2], shape_[3]};
    }

    // All of them, matrix sequence * heads + head, for who reads much of them once. It must not
    // outlive this.
    io::MatrixReader<T> reader() const {
        if (empty()) return {{}, 0, 0};
        return {matrices_, shape_[2], shape_[3]};
    }

    // Those of some sequences and heads only, by their places.
    HeadMatrices chosen(const std::vector<std::size_t>& sequences,
                        const std::vector<std::size_t>& heads) const;

    // Gives the memory of what was read for now back to the system.
    void forget() const;
    std::size_t mapped_bytes() const;  // what `forget` would give back

  private:
    Shape shape_;
    std::vector<const T*> matrices_;
    std::vector<Array<T>> owners_;
    bool mapped_ = false;
};

// Every matrix is square, and a few of its rows, far apart, are zero right of the diagonal.
template <class T>
bool may_be_causal(const HeadMatrices<T>& layer);

// Every matrix is square and exactly zero right of the diagonal.
template <class T>
bool looks_causal(const HeadMatrices<T>& layer);

// Cells that keep a layer from looking causal.
struct CausalLeak {
    std::size_t cells = 0;
    std::size_t sequence = 0, head = 0, query = 0, key = 0;  // of the first
};

// Where nearly all is zero right of the diagonal of every matrix, and not left of it: the others.
// Nothing where no cell leaks, and where so many do that no causal mask is behind it.
template <class T>
std::optional<CausalLeak> find_causal_leak(const HeadMatrices<T>& layer);

}  // namespace attn::source

#include "analysis/output_squares.hpp"

#include <algorithm>

#include "analysis/gradient_norms.hpp"
#include "core/byte_text.hpp"

namespace attn::analysis {

template <class T>
Array<T> in_out_weights(const ProjectionWeights<T>& weights) {
    return weights.order == MatrixOrder::out_in ? transposed(weights.W_O) : weights.W_O;
}

// Columns begin … begin + count - 1 of [batch, tokens, columns].
template <class T>
Array<T> columns_of(const std::vector<T>& values, const Shape& shape, std::size_t begin,
                    std::size_t count) {
    std::vector<T> part;
    part.reserve(shape[0] * shape[1] * count);
    for (std::size_t row = 0; row < shape[0] * shape[1]; ++row) {
        const auto from = values.begin() + static_cast<std::ptrdiff_t>(row * shape[2] + begin);
        part.insert(part.end(), from, from + static_cast<std::ptrdiff_t>(count));
    }
    return Array<T>({shape[0], shape[1], count}, std::move(part));
}

ProductOwners own_products(const Division& division, std::size_t heads, std::size_t methods) {
    const std::size_t ranks = division.ranks.size();
    ProductOwners owners;
    for (std::size_t head = 0; head < heads; ++head)
        owners.heads.push_back(division.is_whole() ? 0 : division.owner(0, head));
    for (std::size_t method = 0; method < methods; ++method)
        owners.methods.push_back(method % ranks);
    owners.exact = methods % ranks;
    return owners;
}

template <class T>
OutputSquares measure_outputs(const ContextErrors<T>& contexts, const Array<T>& W_O,
                              const ProductOwners& owners, const Communicator& ranks) {
    const Shape& shape = contexts.shape;
    const std::size_t heads = contexts.heads, parts = heads + 1, width = shape[2] / heads;
    // The exact contexts are the last product.
    std::vector<double> squares(contexts.differences.size() * parts + 1);
    const auto owner = [&](std::size_t i) {
        if (i + 1 == squares.size()) return owners.exact;
        return i % parts == heads ? owners.methods[i / parts] : owners.heads[i % parts];
    };
    const auto measure = [&](std::size_t i) {
        if (i + 1 == squares.size())
            return sum_of_squares(project(Array<T>(shape, contexts.exact), W_O, Array<T>()));
        const bool all = i % parts == heads;
        const std::size_t begin = all ? 0 : i % parts * width, count = all ? shape[2] : width;
        const Array<T> difference =
            columns_of(contexts.differences[i / parts], shape, begin, count);
        return sum_of_squares(project(difference, W_O.rows(begin, count), Array<T>()));
    };
    for (std::size_t i = 0; i < squares.size(); ++i) {
        if (owner(i) == ranks.rank()) squares[i] = measure(i);
    }
    ByteWriter own;
    own.put(squares);
    const std::vector<std::string> all = ranks.gather_all(own.bytes());
    std::vector<std::vector<double>> of_ranks(all.size());
    for (std::size_t rank = 0; rank < all.size(); ++rank)
        ByteReader(all[rank]).take(of_ranks[rank]);
    for (std::size_t i = 0; i < squares.size(); ++i) squares[i] = of_ranks[owner(i)][i];
    OutputSquares found;
    found.exact = squares.back();
    squares.pop_back();
    found.errors = std::move(squares);
    return found;
}

namespace {

template <class T>
double squares_behind(const Array<T>& contexts, const Array<T>& W_O) {
    return sum_of_squares(W_O.empty() ? contexts : project(contexts, W_O, Array<T>()));
}

}  // namespace

template <class T>
std::vector<double> squares_of_heads(const std::vector<T>& contexts, std::size_t rows,
                                     std::size_t heads, const Array<T>& W_O) {
    const std::size_t columns = contexts.size() / rows, width = columns / heads;
    std::vector<double> squares;
    for (std::size_t head = 0; head < heads; ++head)
        squares.push_back(
            squares_behind(columns_of(contexts, {1, rows, columns}, head * width, width),
                           W_O.empty() ? W_O : W_O.rows(head * width, width)));
    return squares;
}

template <class T>
double squares_of_all(const std::vector<T>& contexts, std::size_t rows, const Array<T>& W_O) {
    return squares_behind(Array<T>({1, rows, contexts.size() / rows}, contexts), W_O);
}

template <class T>
std::vector<T> less_means(const std::vector<T>& contexts, std::size_t columns) {
    std::vector<T> centred = contexts;
    std::vector<double> means(columns);
    std::vector<T*> rows;
    for (std::size_t at = 0; at < contexts.size(); at += columns) {
        T* const row = centred.data() + at;
        if (std::all_of(row, row + columns, [](T value) { return value == 0; })) continue;
        rows.push_back(row);
        for (std::size_t i = 0; i < columns; ++i) means[i] += static_cast<double>(row[i]);
    }
    for (T* const row : rows) {
        for (std::size_t i = 0; i < columns; ++i)
            row[i] = static_cast<T>(static_cast<double>(row[i]) -
                                    means[i] / static_cast<double>(rows.size()));
    }
    return centred;
}

template Array<float> in_out_weights(const ProjectionWeights<float>&);
template Array<float> columns_of(const std::vector<float>&, const Shape&, std::size_t, std::size_t);
template OutputSquares measure_outputs(const ContextErrors<float>&, const Array<float>&,
                                       const ProductOwners&, const Communicator&);
template std::vector<double> squares_of_heads(const std::vector<float>&, std::size_t, std::size_t,
                                              const Array<float>&);
template double squares_of_all(const std::vector<float>&, std::size_t, const Array<float>&);
template std::vector<float> less_means(const std::vector<float>&, std::size_t);
template Array<double> in_out_weights(const ProjectionWeights<double>&);
template Array<double> columns_of(const std::vector<double>&, const Shape&, std::size_t,
                                  std::size_t);
template OutputSquares measure_outputs(const ContextErrors<double>&, const Array<double>&,
                                       const ProductOwners&, const Communicator&);
template std::vector<double> squares_of_heads(const std::vector<double>&, std::size_t, std::size_t,
                                              const Array<double>&);
template double squares_of_all(const std::vector<double>&, std::size_t, const Array<double>&);
template std::vector<double> less_means(const std::vector<double>&, std::size_t);

}  // namespace attn::analysis

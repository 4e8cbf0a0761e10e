#include "analysis/rollout.hpp"

#include <algorithm>

#include "attention/blas.hpp"
#include "attention/panels.hpp"
#include "core/buffer_pool.hpp"
#include "core/divide_up.hpp"
#include "core/parallel.hpp"

namespace attn::analysis {
namespace {

// Rows of a layer that are made together, and the tiles of the result that are one item of work.
// They do not depend on the number of threads, so neither do the bits.
constexpr std::size_t kRows = 128;
constexpr std::size_t kFewRowsMade = 8;  // that one thread makes, where rows are few
constexpr std::size_t kTargets = 64;
constexpr std::size_t kKeys = 256;

// A piece of a panel that stays in the L1 cache, and the rows that go through it together.
constexpr std::size_t kDepth = 64;
constexpr std::size_t kFewRows = 36;

struct TileRange {
    std::size_t begin;
    std::size_t end;
};

TileRange tile(std::size_t index, std::size_t side, KeyRange all) {
    const std::size_t begin = all.begin + index * side;
    return {begin, std::min(all.end, begin + side)};
}

template <class T>
bool reads(const Matrix<T>& x, std::size_t first, std::size_t count) {
    for (std::size_t target = 0; target < x.rows; ++target) {
        const T* const from = x.row(target).data() + first;
        if (std::any_of(from, from + count, [](T value) { return value != T{0}; })) return true;
    }
    return false;
}

// result [targets, keys of the tile] += x [targets, rows] times made [rows, keys].
template <class T>
void add_tile(const Matrix<T>& x, std::size_t first, MatrixView<const T> made, TileRange targets,
              TileRange keys, Matrix<T>& result) {
    const std::size_t rows = targets.end - targets.begin, columns = keys.end - keys.begin;
    std::vector<T> part(rows * columns);
    multiply<T>({x.row(targets.begin).data() + first, rows, made.rows, x.columns},
                {made.data + keys.begin, made.rows, columns, made.stride},
                MatrixView<T>{part.data(), rows, columns});
    for (std::size_t row = 0; row < rows; ++row) {
        T* const into = result.row(targets.begin + row).data() + keys.begin;
        for (std::size_t column = 0; column < columns; ++column)
            into[column] += part[row * columns + column];
    }
}

// Hands the layer to `take`, some rows at a time. The last ones come first: under a causal mask
// they are the longest.
template <class T, class Take>
void for_blocks(const FusedLayer<T>& layer, const Take& take) {
    const std::size_t blocks = divide_up(layer.queries(), kRows);
    BufferPool<T> pool(std::min(blocks, available_threads()), kRows * layer.keys());
    parallel_for(blocks, [&](std::size_t item) {
        const TileRange rows = tile(blocks - 1 - item, kRows, {0, layer.queries()});
        const typename BufferPool<T>::Loan made = pool.borrow();
        layer.rows(rows.begin, rows.end - rows.begin, made.data());
        take(rows, made.data());
    });
}

// Each panel by itself, so that threads pack them at once.
template <class T>
std::vector<Panels<T>> pack_columns(const Matrix<T>& x) {
    const std::size_t width = kernels<T>().panel_width;
    std::vector<Panels<T>> packed;
    for (std::size_t first = 0; first < x.columns; first += width)
        packed.emplace_back(kernels<T>(), 1, x.rows, std::min(width, x.columns - first));
    parallel_for(packed.size(), [&](std::size_t index) {
        const std::size_t first = index * width;
        packed[index].pack(
            0, {x.values.data() + first, x.rows, std::min(width, x.columns - first), x.columns});
    });
    return packed;
}

// Rows of the result, every cell of them: `made` [rows, keys] times x. A few rows at a time,
// because each has its own keys.
template <class T>
void multiply_block(const FusedLayer<T>& layer, TileRange rows, const T* made,
                    const std::vector<Panels<T>>& x, bool lower, Matrix<T>& result) {
    const Kernels<T>& kernels = attn::kernels<T>();
    const AlignedBuffer<T> part(kFewRows * kernels.panel_width);
    for (std::size_t index = 0; index < x.size(); ++index) {
        const Panel<T> panel = x[index].panel(0, 0);
        const std::size_t column = index * kernels.panel_width;
        const std::size_t columns = std::min(panel.width, result.columns - column);
        for (std::size_t first = rows.begin; first < rows.end; first += kFewRows) {
            const std::size_t count = std::min(kFewRows, rows.end - first);
            KeyRange keys = layer.range_of(first, count);
            if (lower) keys.begin = std::max(keys.begin, column);
            if (keys.empty()) {
                for (std::size_t row = first; row < first + count; ++row)
                    std::fill_n(result.row(row).data() + column, columns, T{0});
                continue;
            }
            const T* const from = made + (first - rows.begin) * layer.keys();
            for (std::size_t key = keys.begin; key < keys.end; key += kDepth) {
                const std::size_t depth = std::min(kDepth, keys.end - key);
                const auto kernel = key == keys.begin ? kernels.multiply : kernels.add_product;
                kernel({from + key, layer.keys(), count, panel.data + key * panel.width,
                        panel.width, depth, part.data(), panel.width, T{1}});
            }
            for (std::size_t row = 0; row < count; ++row)
                std::copy_n(part.data() + row * panel.width, columns,
                            result.row(first + row).data() + column);
        }
    }
}

}  // namespace

template <class T>
Matrix<T> times_layer(const Matrix<T>& x, const FusedLayer<T>& layer,
                      std::vector<std::uint8_t>* has_weight) {
    Matrix<T> result(x.rows, layer.keys());
    std::vector<T> made(kRows * layer.keys());
    if (has_weight != nullptr) has_weight->assign(layer.queries(), 0);
    for (std::size_t first = 0; first < layer.queries(); first += kRows) {
        const std::size_t count = std::min(kRows, layer.queries() - first);
        if (!reads(x, first, count)) continue;
        parallel_for(divide_up(count, kFewRowsMade), [&](std::size_t item) {
            const TileRange rows = tile(item, kFewRowsMade, {0, count});
            T* into = made.data() + rows.begin * layer.keys();
            layer.rows(first + rows.begin, rows.end - rows.begin, into);
            if (has_weight == nullptr) return;
            for (std::size_t row = rows.begin; row < rows.end; ++row, into += layer.keys())
                (*has_weight)[first + row] = static_cast<std::uint8_t>(
                    std::any_of(into, into + layer.keys(), [](T cell) { return cell != T{0}; }));
        });
        const KeyRange keys = layer.range_of(first, count);
        if (keys.empty()) continue;
        const std::size_t across = divide_up(keys.size(), kKeys);
        parallel_for(across * divide_up(x.rows, kTargets), [&](std::size_t item) {
            add_tile<T>(x, first, {made.data(), count, layer.keys()},
                        tile(item / across, kTargets, {0, x.rows}),
                        tile(item % across, kKeys, keys), result);
        });
    }
    return result;
}

template <class T>
Matrix<T> layer_times(const FusedLayer<T>& layer, Matrix<T> x, bool lower) {
    const std::vector<Panels<T>> packed = pack_columns(x);
    const bool fits = x.rows == layer.queries();
    Matrix<T> result = fits ? std::move(x) : Matrix<T>(layer.queries(), x.columns);
    for_blocks(layer, [&](TileRange rows, const T* made) {
        multiply_block(layer, rows, made, packed, lower, result);
    });
    return result;
}

template <class T>
Matrix<T> layer_columns(const FusedLayer<T>& layer, const std::vector<std::size_t>& sources) {
    Matrix<T> result(layer.queries(), sources.size());
    for_blocks(layer, [&](TileRange rows, const T* made) {
        for (std::size_t row = rows.begin; row < rows.end; ++row, made += layer.keys()) {
            for (std::size_t i = 0; i < sources.size(); ++i) result.row(row)[i] = made[sources[i]];
        }
    });
    return result;
}

template <class T>
Matrix<T> unit_rows(const std::vector<std::size_t>& targets, std::size_t tokens) {
    Matrix<T> x(targets.size(), tokens);
    for (std::size_t i = 0; i < targets.size(); ++i) x.row(i)[targets[i]] = 1;
    return x;
}

template <class T>
Matrix<T> unit_columns(const std::vector<std::size_t>& sources, std::size_t tokens) {
    Matrix<T> x(tokens, sources.size());
    for (std::size_t i = 0; i < sources.size(); ++i) x.row(sources[i])[i] = 1;
    return x;
}

template Matrix<float> times_layer(const Matrix<float>&, const FusedLayer<float>&,
                                   std::vector<std::uint8_t>*);
template Matrix<double> times_layer(const Matrix<double>&, const FusedLayer<double>&,
                                    std::vector<std::uint8_t>*);
template Matrix<float> layer_times(const FusedLayer<float>&, Matrix<float>, bool);
template Matrix<double> layer_times(const FusedLayer<double>&, Matrix<double>, bool);
template Matrix<float> layer_columns(const FusedLayer<float>&, const std::vector<std::size_t>&);
template Matrix<double> layer_columns(const FusedLayer<double>&, const std::vector<std::size_t>&);
template Matrix<float> unit_rows(const std::vector<std::size_t>&, std::size_t);
template Matrix<double> unit_rows(const std::vector<std::size_t>&, std::size_t);
template Matrix<float> unit_columns(const std::vector<std::size_t>&, std::size_t);
template Matrix<double> unit_columns(const std::vector<std::size_t>&, std::size_t);

}  // namespace attn::analysis

#include "attention/approx/fast_masks.hpp"

#include <cmath>
#include <functional>
#include <numeric>
#include <vector>

#include "attention/blas.hpp"
#include "attention/row_softmax.hpp"
#include "core/index_list.hpp"
#include "core/word_list.hpp"

namespace attn::approx {
namespace {

using Position = std::ptrdiff_t;

Position floor_of(Position a, Position b) {
    return a >= 0 ? a / b : -((-a + b - 1) / b);
}

// Some rows, and some keys of which each keeps a range.
struct Piece {
    std::vector<std::size_t> rows;                   // queries
    std::vector<std::size_t> keys;                   // ascending
    std::function<KeyRange(std::size_t row)> range;  // places in `keys`
    // Keys of the range that an earlier piece has counted; empty: none.
    std::function<bool(std::size_t row, std::size_t key)> counted = nullptr;
};

// Rows of the same stage stand in one piece of it.
using Stage = std::vector<Piece>;

std::vector<std::size_t> all_of(std::size_t count) {
    std::vector<std::size_t> all(count);
    std::iota(all.begin(), all.end(), std::size_t{0});
    return all;
}

// The rows of a matrix that a list names: shown in place where they lie side by side.
template <class T>
class GatheredRows {
  public:
    GatheredRows(MatrixView<const T> from, const std::vector<std::size_t>& rows) {
        const bool together = !rows.empty() && rows.back() - rows.front() + 1 == rows.size();
        if (rows.empty() || together) {
            view_ = some_rows(from, rows.empty() ? 0 : rows.front(), rows.size());
            return;
        }
        values_.reserve(rows.size() * from.columns);
        for (const std::size_t row : rows) {
            const Span<const T> values = from.row(row);
            values_.insert(values_.end(), values.begin(), values.end());
        }
        view_ = {values_.data(), rows.size(), from.columns};
    }
    GatheredRows(const GatheredRows&) = delete;
    GatheredRows& operator=(const GatheredRows&) = delete;

    const MatrixView<const T>& view() const { return view_; }

  private:
    std::vector<T> values_;
    MatrixView<const T> view_;
};

// Contexts of all rows while their keys come piece by piece: each row is relative to the highest
// score so far.
template <class T>
class RunningContexts {
  public:
    RunningContexts(const FastHead<T>& head, MatrixView<T> contexts)
        : head_(head),
          contexts_(contexts),
          softmax_(head.q.rows, RowSoftmax<T>(-std::numeric_limits<T>::infinity())) {
        for (std::size_t row = 0; row < contexts.rows; ++row)
            std::fill(contexts.row(row).begin(), contexts.row(row).end(), T{0});
    }

    void add(const Stage& stage) {
        parallel_for(stage.size(), [&](std::size_t i) { add(stage[i]); });
    }

    void finish() {
        for_fast_blocks(contexts_.rows, [&](std::size_t begin, std::size_t count) {
            for (std::size_t row = begin; row < begin + count; ++row) {
                const T factor = softmax_[row].factor(softmax_[row].high());
                kernels_.scale(contexts_.row(row).data(), contexts_.columns, factor);
            }
        });
    }

  private:
    // Keys whose scores of one block of rows are held together.
    static constexpr std::size_t kKeys = 512;

    void add(const Piece& piece) {
        if (piece.rows.empty() || piece.keys.empty()) return;
        const GatheredRows<T> q(head_.q, piece.rows), k(head_.k, piece.keys),
            v(head_.v, piece.keys);
        for_fast_blocks(piece.rows.size(), [&](std::size_t begin, std::size_t count) {
            std::vector<KeyRange> ranges(count);
            KeyRange all{piece.keys.size(), 0};
            for (std::size_t i = 0; i < count; ++i) {
                ranges[i] = piece.range(piece.rows[begin + i]);
                if (ranges[i].empty()) continue;
                all = {std::min(all.begin, ranges[i].begin), std::max(all.end, ranges[i].end)};
            }
            for (std::size_t key = all.begin; key < all.end; key += kKeys) {
                const KeyRange some{key, std::min(all.end, key + kKeys)};
                add_block(piece, {begin, begin + count}, some, ranges, q.view(), k.view(),
                          v.view());
            }
        });
    }

    void add_block(const Piece& piece, KeyRange rows, KeyRange keys,
                   const std::vector<KeyRange>& ranges, MatrixView<const T> q,
                   MatrixView<const T> k, MatrixView<const T> v) {
        std::vector<T> scores(rows.size() * keys.size()), products(rows.size() * v.columns);
        const MatrixView<T> cells(scores.data(), rows.size(), keys.size());
        multiply_transposed(head_.scale, some_rows(q, rows.begin, rows.size()),
                            some_rows(k, keys.begin, keys.size()), cells);
        for (std::size_t i = 0; i < rows.size(); ++i) {
            const std::size_t row = piece.rows[rows.begin + i];
            const Span<T> own = cells.row(i);
            const std::size_t begin = std::clamp(ranges[i].begin, keys.begin, keys.end);
            const std::size_t end = std::clamp(ranges[i].end, begin, keys.end);
            const KeyRange kept{begin, end};
            std::fill(own.begin(), own.begin() + (begin - keys.begin), T{0});
            std::fill(own.begin() + (end - keys.begin), own.end(), T{0});
            T* const first = own.begin() + (begin - keys.begin);
            if (piece.counted) {
                for (std::size_t key = begin; key < end; ++key) {
                    if (piece.counted(row, piece.keys[key]))
                        first[key - begin] = -std::numeric_limits<T>::infinity();
                }
            }
            const T largest = kernels_.largest(first, kept.size());
            const T factor = softmax_[row].add(kernels_, first, kept.size(), largest);
            if (factor != T{1})
                kernels_.scale(contexts_.row(row).data(), contexts_.columns, factor);
        }
        const MatrixView<T> sums(products.data(), rows.size(), v.columns);
        multiply<T>(cells, some_rows(v, keys.begin, keys.size()), sums);
        for (std::size_t i = 0; i < rows.size(); ++i)
            kernels_.add(contexts_.row(piece.rows[rows.begin + i]).data(), sums.row(i).data(),
                         v.columns);
    }

    const FastHead<T>& head_;
    MatrixView<T> contexts_;
    const Kernels<T>& kernels_ = kernels<T>();
    std::vector<RowSoftmax<T>> softmax_;
};

template <class T>
void run_stages(const FastHead<T>& head, MatrixView<T> contexts, const std::vector<Stage>& stages) {
    RunningContexts<T> running(head, contexts);
    for (const Stage& stage : stages) running.add(stage);
    running.finish();
}

KeyRange clipped(KeyRange allowed, Position begin, Position end) {
    const auto clamp = [&](Position key) {
        return static_cast<std::size_t>(std::clamp(key, static_cast<Position>(allowed.begin),
                                                   static_cast<Position>(allowed.end)));
    };
    return {clamp(begin), clamp(end)};
}

// Keys less than `window` away.
template <class T>
Piece window_piece(const FastHead<T>& head, Position window, std::vector<std::size_t> rows) {
    Piece piece{std::move(rows), all_of(head.k.rows), nullptr};
    piece.range = [&head, window](std::size_t row) {
        const Position p = head.position(row);
        return clipped(head.allowed(row), p - window + 1, p + window);
    };
    return piece;
}

// Keys of a list, but for those that a stage before has counted.
template <class T>
Piece listed_piece(const FastHead<T>& head, std::vector<std::size_t> rows,
                   std::vector<std::size_t> keys,
                   std::function<bool(std::size_t, std::size_t)> counted) {
    Piece piece{std::move(rows), std::move(keys), nullptr, std::move(counted)};
    piece.range = [&head, list = piece.keys](std::size_t row) {
        const auto end = std::lower_bound(list.begin(), list.end(), head.allowed(row).end);
        return KeyRange{0, static_cast<std::size_t>(end - list.begin())};
    };
    return piece;
}

// A piece for each remainder that positions leave: its rows, and `most` of its keys to each side,
// or all.
template <class T>
Stage remainder_stage(const FastHead<T>& head, Position step, Position most,
                      const std::function<bool(std::size_t, std::size_t)>& counted) {
    Stage stage;
    for (Position remainder = 0; remainder < step; ++remainder) {
        Piece piece;
        const Position of_first = head.offset - floor_of(head.offset, step) * step;
        // The first query whose position leaves this remainder.
        const Position first = remainder - of_first + (remainder < of_first ? step : 0);
        for (Position row = first; row < static_cast<Position>(head.q.rows); row += step)
            piece.rows.push_back(static_cast<std::size_t>(row));
        for (auto key = static_cast<std::size_t>(remainder); key < head.k.rows;
             key += static_cast<std::size_t>(step))
            piece.keys.push_back(key);
        piece.range = [&head, step, most, remainder](std::size_t row) {
            const Position own = floor_of(head.position(row), step);
            const auto keys = static_cast<Position>(head.allowed(row).end);
            const Position end = keys > remainder ? (keys - remainder - 1) / step + 1 : 0;
            const KeyRange all{0, static_cast<std::size_t>(end)};
            return clipped(all, own - most + 1, own + most);
        };
        piece.counted = counted;
        stage.push_back(std::move(piece));
    }
    return stage;
}

std::vector<std::size_t> first_keys(std::size_t count, std::size_t keys) {
    return all_of(std::min(count, keys));
}

}  // namespace

template <class T>
void run_local(const Options& options, const FastHead<T>& head, MatrixView<T> contexts) {
    const auto window = static_cast<Position>(options.whole("window"));
    const auto step = static_cast<Position>(options.whole("dilation"));
    std::vector<Stage> stages;
    if (step == 1)
        stages.push_back({window_piece(head, window, all_of(head.q.rows))});
    else
        stages.push_back(remainder_stage(head, step, window, nullptr));
    if (const std::size_t sinks = options.whole("sinks"); sinks > 0) {
        const auto counted = [&head, window, step](std::size_t row, std::size_t key) {
            const Position away = std::abs(head.position(row) - static_cast<Position>(key));
            return away % step == 0 && away / step < window;
        };
        stages.push_back(
            {listed_piece(head, all_of(head.q.rows), first_keys(sinks, head.k.rows), counted)});
    }
    run_stages(head, contexts, stages);
}

namespace {

// The block of the row, and `back` beside it.
template <class T>
Piece block_piece(const FastHead<T>& head, Position size, Position back) {
    Piece piece{all_of(head.q.rows), all_of(head.k.rows), nullptr};
    piece.range = [&head, size, back](std::size_t row) {
        const Position own = floor_of(head.position(row), size);
        return clipped(head.allowed(row), (own - back) * size,
                       (own + 1 + (head.causal ? 0 : back)) * size);
    };
    return piece;
}

}  // namespace

template <class T>
void run_block(const Options& options, const FastHead<T>& head, MatrixView<T> contexts) {
    run_stages<T>(head, contexts,
                  {{block_piece(head, static_cast<Position>(options.whole("size")),
                                static_cast<Position>(options.whole("back")))}});
}

template <class T>
void run_strided(const Options& options, const FastHead<T>& head, MatrixView<T> contexts) {
    const auto stride = static_cast<Position>(options.whole("stride"));
    const auto counted = [&head, stride](std::size_t row, std::size_t key) {
        return std::abs(head.position(row) - static_cast<Position>(key)) < stride;
    };
    const auto all = static_cast<Position>(head.q.rows + head.k.rows) + std::abs(head.offset);
    run_stages<T>(head, contexts,
                  {{window_piece(head, stride, all_of(head.q.rows))},
                   remainder_stage(head, stride, all, counted)});
}

template <class T>
void run_fixed(const Options& options, const FastHead<T>& head, MatrixView<T> contexts) {
    const auto stride = static_cast<Position>(options.whole("stride"));
    const auto columns = std::min(stride, static_cast<Position>(options.whole("columns")));
    std::vector<std::size_t> keys;
    for (std::size_t key = 0; key < head.k.rows; ++key) {
        if (static_cast<Position>(key) % stride >= stride - columns) keys.push_back(key);
    }
    const auto counted = [&head, stride](std::size_t row, std::size_t key) {
        return floor_of(head.position(row), stride) == static_cast<Position>(key) / stride;
    };
    run_stages<T>(head, contexts,
                  {{block_piece(head, stride, 0)},
                   {listed_piece(head, all_of(head.q.rows), std::move(keys), counted)}});
}

template <class T>
void run_global(const Options& options, const FastHead<T>& head, MatrixView<T> contexts) {
    const auto window = static_cast<Position>(options.whole("window"));
    std::vector<std::size_t> tokens;
    for (const std::string& token : split_at(options.word("tokens"), '+')) {
        for (const std::size_t key : parse_index_list(token, "global: tokens"))
            tokens.push_back(key);
    }
    std::sort(tokens.begin(), tokens.end());
    tokens.erase(std::unique(tokens.begin(), tokens.end()), tokens.end());
    std::vector<std::size_t> whole, others, keys;
    for (std::size_t row = 0; row < head.q.rows; ++row) {
        const Position p = head.position(row);
        const bool all =
            p >= 0 && std::binary_search(tokens.begin(), tokens.end(), static_cast<std::size_t>(p));
        (all ? whole : others).push_back(row);
    }
    for (const std::size_t token : tokens) {
        if (token < head.k.rows) keys.push_back(token);
    }
    const auto counted = [&head, window](std::size_t row, std::size_t key) {
        return std::abs(head.position(row) - static_cast<Position>(key)) < window;
    };
    const auto everything =
        static_cast<Position>(head.q.rows + head.k.rows) + std::abs(head.offset);
    run_stages<T>(
        head, contexts,
        {{window_piece(head, everything, std::move(whole)), window_piece(head, window, others)},
         {listed_piece(head, others, std::move(keys), counted)}});
}

template <class T>
void run_topk(const Options& options, const FastHead<T>& head, MatrixView<T> contexts) {
    const std::size_t k = options.whole("k");
    const Kernels<T>& kernel = kernels<T>();
    for_fast_blocks(head.q.rows, [&](std::size_t begin, std::size_t count) {
        const std::size_t keys = head.allowed(begin + count - 1).end;
        std::vector<T> scores(count * keys);
        const MatrixView<T> cells(scores.data(), count, keys);
        if (keys > 0)
            multiply_transposed(head.scale, some_rows(head.q, begin, count),
                                some_rows(head.k, 0, keys), cells);
        std::vector<std::size_t> order;
        std::vector<T> own;
        for (std::size_t i = 0; i < count; ++i) {
            const Span<T> context = contexts.row(begin + i);
            std::fill(context.begin(), context.end(), T{0});
            order = all_of(head.allowed(begin + i).end);
            if (order.empty()) continue;
            const T* const row = cells.row(i).data();
            const std::size_t most = std::min(k, order.size());
            std::nth_element(order.begin(), order.begin() + static_cast<Position>(most - 1),
                             order.end(), [row](std::size_t a, std::size_t b) {
                                 return row[a] != row[b] ? row[a] > row[b] : a < b;
                             });
            own.resize(most);
            for (std::size_t t = 0; t < most; ++t) own[t] = row[order[t]];
            const T high = kernel.largest(own.data(), most);
            const auto sum = kernel.exponentiate_only(own.data(), most, high).sum;
            kernel.scale(own.data(), most, static_cast<T>(1 / sum));
            for (std::size_t t = 0; t < most; ++t) {
                const Span<const T> value = head.v.row(order[t]);
                for (std::size_t c = 0; c < context.size(); ++c) context[c] += own[t] * value[c];
            }
        }
    });
}

template void run_local(const Options&, const FastHead<float>&, MatrixView<float>);
template void run_local(const Options&, const FastHead<double>&, MatrixView<double>);
template void run_block(const Options&, const FastHead<float>&, MatrixView<float>);
template void run_block(const Options&, const FastHead<double>&, MatrixView<double>);
template void run_strided(const Options&, const FastHead<float>&, MatrixView<float>);
template void run_strided(const Options&, const FastHead<double>&, MatrixView<double>);
template void run_fixed(const Options&, const FastHead<float>&, MatrixView<float>);
template void run_fixed(const Options&, const FastHead<double>&, MatrixView<double>);
template void run_global(const Options&, const FastHead<float>&, MatrixView<float>);
template void run_global(const Options&, const FastHead<double>&, MatrixView<double>);
template void run_topk(const Options&, const FastHead<float>&, MatrixView<float>);
template void run_topk(const Options&, const FastHead<double>&, MatrixView<double>);

}  // namespace attn::approx

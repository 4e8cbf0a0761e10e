#include "attention/ring.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "attention/query_offset.hpp"
#include "attention/ranks_sink.hpp"
#include "core/byte_text.hpp"
#include "core/divide_up.hpp"
#include "core/parallel.hpp"

namespace attn {
namespace {

constexpr std::size_t kRowsHandedOut = 48;

template <class T>
HeadsView<T> some_tokens(HeadsView<T> heads, KeyRange tokens) {
    heads.data += tokens.begin * heads.token_stride;
    heads.tokens = tokens.size();
    return heads;
}

// Heads of the tokens, turned where there are positions; else shown in place.
template <class T>
Heads<T> turned(const HeadsView<T>& heads, KeyRange tokens,
                const std::optional<RotaryOptions<T>>& rotary,
                const std::vector<std::size_t> RotaryOptions<T>::*rows_of_all) {
    const HeadsView<T> own = some_tokens(heads, tokens);
    if (!rotary) return {Array<T>(), own};
    std::vector<std::size_t> rows;
    for (std::size_t sequence = 0; sequence < heads.batch; ++sequence) {
        const auto first = ((*rotary).*rows_of_all).begin() +
                           static_cast<std::ptrdiff_t>(sequence * heads.tokens + tokens.begin);
        rows.insert(rows.end(), first, first + static_cast<std::ptrdiff_t>(tokens.size()));
    }
    return make_separate_heads(rotate(own, rotary->table, rows, rotary->pairs));
}

// Keys or values [batch, kv_heads, tokens, width] of both runs of a rank.
template <class T>
using RingHalves = std::array<Heads<T>, 2>;

template <class T>
void put_heads(const HeadsView<T>& heads, ByteWriter& to) {
    for (std::size_t item = 0; item < heads.batch * heads.heads; ++item) {
        const MatrixView<const T> head = heads.head(item / heads.heads, item % heads.heads);
        for (std::size_t row = 0; row < head.rows; ++row)
            to.put_values(head.row(row).data(), head.columns);
    }
}

// As large as `like` but for the tokens.
template <class T>
Heads<T> take_heads(const HeadsView<T>& like, std::size_t tokens, ByteReader& from) {
    std::vector<T> values(like.batch * like.heads * tokens * like.width);
    from.take_values(values.data(), values.size());
    return make_separate_heads(
        Array<T>({like.batch, like.heads, tokens, like.width}, std::move(values)));
}

// What the queries of one run found in the keys that they met: the logarithm of the sum of
// exponentials of each slice and its context give those of all (the running maximum and sum of
// Milakov and Gimelshein 2018).
template <class T>
class RingRows : public Sink<T> {
  public:
    RingRows(std::size_t slots, std::size_t tokens, std::size_t width)
        : tokens_(tokens),
          width_(width),
          high_(slots * tokens, -std::numeric_limits<double>::infinity()),
          sum_(slots * tokens),
          contexts_(slots * tokens * width) {}

    Needs needs() const override {
        Needs needs;
        needs.row_sums = true;
        return needs;
    }
    void begin_layer(const LayerShape& shape) override { shape_ = shape; }
    void consume(const Tile<T>& tile) override {
        const std::size_t first =
            shape_.slot(tile.sequence, tile.head) * tokens_ + tile.first_query;
        for (std::size_t row = 0; row < tile.rows(); ++row)
            add(first + row, tile.logsumexp[row], tile.context.row(row).data());
    }

    // One more key, without a value.
    void add_sink(std::size_t slot, double logit) {
        for (std::size_t row = 0; row < tokens_; ++row) add(slot * tokens_ + row, logit, nullptr);
    }

    T context(std::size_t slot, std::size_t row, std::size_t column) const {
        const std::size_t at = slot * tokens_ + row;
        return sum_[at] == 0 ? T{0} : static_cast<T>(contexts_[at * width_ + column] / sum_[at]);
    }
    double logsumexp(std::size_t slot, std::size_t row) const {
        const std::size_t at = slot * tokens_ + row;
        return high_[at] + std::log(sum_[at]);
    }

  private:
    void add(std::size_t at, double logsumexp, const T* context) {
        if (logsumexp == -std::numeric_limits<double>::infinity()) return;  // it met no key
        const double high = std::max(high_[at], logsumexp);
        const double before = sum_[at] == 0 ? 0 : std::exp(high_[at] - high);
        const double now = std::exp(logsumexp - high);
        high_[at] = high;
        sum_[at] = sum_[at] * before + now;
        double* const sums = contexts_.data() + at * width_;
        for (std::size_t i = 0; i < width_; ++i)
            sums[i] =
                sums[i] * before + (context == nullptr ? 0 : static_cast<double>(context[i]) * now);
    }

    std::size_t tokens_, width_;
    LayerShape shape_;
    std::vector<double> high_, sum_, contexts_;  // contexts and sums relative to exp(high)
};

// The mask of some queries and some keys.
template <class T>
MaskOptions<T> mask_between(MaskOptions<T> mask, KeyRange queries, KeyRange keys) {
    MaskStructure& structure = mask.structure;
    for (std::ptrdiff_t& offset : structure.offsets)
        offset +=
            static_cast<std::ptrdiff_t>(queries.begin) - static_cast<std::ptrdiff_t>(keys.begin);
    for (std::size_t& length : structure.key_lengths)
        length = std::min(length - std::min(length, keys.begin), keys.size());
    return mask;
}

template <class T>
class Ring {
  public:
    Ring(const Communicator& ranks, const HeadsView<T>& q, const HeadsView<T>& k,
         const HeadsView<T>& v, const AttentionOptions<T>& options, const LayerShare& share)
        : ranks_(ranks),
          own_queries_(ring_tokens(q.tokens, ranks.rank(), ranks.size())),
          keys_(k.tokens),
          options_(options),
          share_(share) {
        share_.output = false;
        shape_.sequences = q.batch;
        shape_.heads = q.heads;
        shape_.queries = q.tokens;
        shape_.keys = k.tokens;
        shape_.d_value = v.width;
        shape_.block_rows = kRowsHandedOut;
        shape_.chosen_sequences = share.sequences;
        shape_.chosen_heads = share.heads;
        const RingTokens own_keys = ring_tokens(keys_, ranks.rank(), ranks.size());
        for (std::size_t i = 0; i < 2; ++i) {
            q_[i] = turned(q, own_queries_[i], options.rotary, &RotaryOptions<T>::query_rows);
            k_[i] = turned(k, own_keys[i], options.rotary, &RotaryOptions<T>::key_rows);
            v_[i] = {Array<T>(), some_tokens(v, own_keys[i])};
            rows_.emplace_back(shape_.slots(), own_queries_[i].size(), v.width);
        }
        options_.rotary.reset();
        options_.sinks.clear();
    }

    void meet_all_keys(const Progress& progress) {
        for (std::size_t step = 0; step < ranks_.size(); ++step) {
            const RingTokens keys = ring_tokens(
                keys_, (ranks_.rank() + ranks_.size() - step) % ranks_.size(), ranks_.size());
            for (std::size_t i = 0; i < 2; ++i) {
                for (std::size_t j = 0; j < 2; ++j) meet(i, j, keys[j]);
            }
            if (progress) progress(step + 1, ranks_.size());
            if (step + 1 < ranks_.size()) pass_on(step);
        }
    }

    void meet_sinks(const std::vector<T>& sinks) {
        if (sinks.empty()) return;
        for_heads([&](std::size_t sequence, std::size_t head) {
            for (RingRows<T>& rows : rows_)
                rows.add_sink(shape_.slot(sequence, head), static_cast<double>(sinks[head]));
        });
    }

    void hand_out(const Sinks<T>& sinks) const {
        for (Sink<T>* sink : sinks) sink->begin_layer(shape_);
        for_heads([&](std::size_t sequence, std::size_t head) {
            for (std::size_t i = 0; i < 2; ++i) {
                const std::size_t tokens = own_queries_[i].size();
                const std::size_t tiles = divide_up(tokens, kRowsHandedOut);
                parallel_for(tiles, [&](std::size_t tile) {
                    const std::size_t first = tile * kRowsHandedOut;
                    hand_out(sequence, head, i, {first, std::min(tokens, first + kRowsHandedOut)},
                             sinks);
                });
            }
        });
        for (Sink<T>* sink : sinks) {
            if (auto* const joins = dynamic_cast<JoiningSink<T>*>(sink)) joins->end_tiles();
        }
    }

  private:
    template <class Visit>
    void for_heads(const Visit& visit) const {
        for (std::size_t sequence = 0; sequence < shape_.sequences; ++sequence) {
            for (std::size_t head = 0; head < shape_.heads; ++head)
                if (shape_.streams(sequence, head)) visit(sequence, head);
        }
    }

    // The queries of run i and the keys that came as run j.
    void meet(std::size_t i, std::size_t j, KeyRange keys) {
        const KeyRange queries = own_queries_[i];
        const Mask<T> mask(mask_between(options_.mask, queries, keys), keys.size());
        bool any = false;
        for (std::size_t sequence = 0; sequence < shape_.sequences; ++sequence)
            any = any || !mask.allowed(sequence, 0, queries.size()).empty();
        if (!any) return;
        const LayerResult<T> placed{q_[i], k_[j], v_[j], {}};
        try {
            attend(attention_inputs(0, placed, options_, share_), mask, Sinks<T>{&rows_[i]});
        } catch (const Error& error) {
            if (queries.begin == 0 && keys.begin == 0) throw;
            fail(error.what(), " (counted from query ", queries.begin, " and key ", keys.begin,
                 ")");
        }
    }

    // To the next rank; and what the one before had takes its place.
    void pass_on(std::size_t step) {
        const std::size_t size = ranks_.size(), rank = ranks_.rank();
        ByteWriter own;
        for (std::size_t j = 0; j < 2; ++j) {
            put_heads(k_[j].view, own);
            put_heads(v_[j].view, own);
        }
        const HeadsView<T> like_k = k_[0].view, like_v = v_[0].view;
        k_ = v_ = {};
        std::vector<std::string> for_ranks(size);
        for_ranks[(rank + 1) % size] = own.bytes();
        own = {};
        const std::vector<std::string> came = ranks_.deal(std::move(for_ranks));
        ByteReader theirs(came[(rank + size - 1) % size]);
        const RingTokens tokens = ring_tokens(keys_, (rank + 2 * size - step - 1) % size, size);
        for (std::size_t j = 0; j < 2; ++j) {
            k_[j] = take_heads(like_k, tokens[j].size(), theirs);
            v_[j] = take_heads(like_v, tokens[j].size(), theirs);
        }
    }

    // Rows of run i.
    void hand_out(std::size_t sequence, std::size_t head, std::size_t i, KeyRange rows,
                  const Sinks<T>& sinks) const {
        const std::size_t slot = shape_.slot(sequence, head);
        std::vector<T> contexts;
        std::vector<double> logsumexp;
        for (std::size_t row = rows.begin; row < rows.end; ++row) {
            for (std::size_t column = 0; column < shape_.d_value; ++column)
                contexts.push_back(rows_[i].context(slot, row, column));
            logsumexp.push_back(rows_[i].logsumexp(slot, row));
        }
        Tile<T> tile;
        tile.sequence = sequence;
        tile.head = head;
        tile.first_query = own_queries_[i].begin + rows.begin;
        tile.weights = {nullptr, rows.size(), 0};
        tile.context = {contexts.data(), rows.size(), shape_.d_value};
        tile.logsumexp = logsumexp;
        for (Sink<T>* sink : sinks) sink->consume(tile);
    }

    Communicator ranks_;
    RingTokens own_queries_;
    std::size_t keys_;
    AttentionOptions<T> options_;  // but for rotation and sinks
    LayerShare share_;
    LayerShape shape_;
    std::array<Heads<T>, 2> q_;
    RingHalves<T> k_, v_;  // of some rank
    std::vector<RingRows<T>> rows_;
};

}  // namespace

RingTokens ring_tokens(std::size_t tokens, std::size_t rank, std::size_t ranks) {
    const auto run = [&](std::size_t index) {
        return KeyRange{index * tokens / (2 * ranks), (index + 1) * tokens / (2 * ranks)};
    };
    return {run(rank), run(2 * ranks - 1 - rank)};
}

template <class T>
void attend_in_ring(const Communicator& ranks, const HeadsView<T>& q, const HeadsView<T>& k,
                    const HeadsView<T>& v, const AttentionOptions<T>& options,
                    const LayerShare& share, const Sinks<T>& sinks, const Progress& progress) {
    Ring<T> ring(ranks, q, k, v, options, share);
    ring.meet_all_keys(progress);
    ring.meet_sinks(options.sinks);
    ring.hand_out(sinks);
}

template void attend_in_ring(const Communicator&, const HeadsView<float>&, const HeadsView<float>&,
                             const HeadsView<float>&, const AttentionOptions<float>&,
                             const LayerShare&, const Sinks<float>&, const Progress&);
template void attend_in_ring(const Communicator&, const HeadsView<double>&,
                             const HeadsView<double>&, const HeadsView<double>&,
                             const AttentionOptions<double>&, const LayerShare&,
                             const Sinks<double>&, const Progress&);

}  // namespace attn

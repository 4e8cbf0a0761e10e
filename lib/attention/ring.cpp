#include "attention/ring.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "attention/query_offset.hpp"
#include "attention/ranks_sink.hpp"
#include "core/byte_text.hpp"
#include "core/divide_up.hpp"
#include "core/parallel.hpp"
#include "core/side_exchange.hpp"

namespace attn {
namespace {

constexpr std::size_t kRowsHandedOut = 48;

template <class T>
HeadsView<T> some_tokens(HeadsView<T> heads, KeyRange tokens) {
    heads.data += tokens.begin * heads.token_stride;
    heads.tokens = tokens.size();
    return heads;
}

// Turns the heads of some of so many tokens where there are positions.
template <class T>
void turn(Heads<T>& heads, KeyRange tokens, std::size_t all,
          const std::optional<RotaryOptions<T>>& rotary,
          const std::vector<std::size_t> RotaryOptions<T>::*rows_of_all) {
    if (!rotary) return;
    std::vector<std::size_t> rows;
    for (std::size_t sequence = 0; sequence < heads.view.batch; ++sequence) {
        const auto first = ((*rotary).*rows_of_all).begin() +
                           static_cast<std::ptrdiff_t>(sequence * all + tokens.begin);
        rows.insert(rows.end(), first, first + static_cast<std::ptrdiff_t>(tokens.size()));
    }
    heads = make_separate_heads(rotate(heads.view, rotary->table, rows, rotary->pairs));
}

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
    Ring(const Communicator& ranks, std::size_t layer, RingInputs<T> inputs,
         const AttentionOptions<T>& options, const LayerShare& share)
        : ranks_(ranks),
          own_queries_(ring_tokens(inputs.queries, ranks.rank(), ranks.size())),
          keys_(inputs.keys),
          options_(options),
          q_(std::move(inputs.q)),
          k_(std::move(inputs.k)),
          v_(std::move(inputs.v)) {
        streamed_.layer = layer;
        streamed_.sequences = q_[0].view.batch;
        streamed_.heads = q_[0].view.heads;
        streamed_.queries = inputs.queries;
        streamed_.keys = keys_;
        streamed_.d_value = v_[0].view.width;
        streamed_.block_rows = kRowsHandedOut;
        computed_ = streamed_;
        streamed_.chosen_sequences = share.sequences;
        streamed_.chosen_heads = share.heads;
        if (!share.output) computed_ = streamed_;
        const RingTokens own_keys = ring_tokens(keys_, ranks.rank(), ranks.size());
        for (std::size_t i = 0; i < 2; ++i) {
            turn(q_[i], own_queries_[i], inputs.queries, options.rotary,
                 &RotaryOptions<T>::query_rows);
            turn(k_[i], own_keys[i], keys_, options.rotary, &RotaryOptions<T>::key_rows);
            rows_.emplace_back(computed_.slots(), own_queries_[i].size(), computed_.d_value);
        }
        options_.rotary.reset();
        options_.sinks.clear();
    }

    void meet_all_keys(const Progress& progress) {
        for (std::size_t step = 0; step < ranks_.size(); ++step) {
            const RingTokens keys = tokens_at(step);
            const auto meet_these = [&] {
                for (std::size_t i = 0; i < 2; ++i) {
                    for (std::size_t j = 0; j < 2; ++j) meet(i, j, keys[j]);
                }
                if (progress) progress(step + 1, ranks_.size());
            };
            if (step + 1 == ranks_.size()) return meet_these();
            std::string own = keys_and_values(), next;
            exchange_meanwhile([&] { next = pass(std::move(own)); }, meet_these);
            take(next, tokens_at(step + 1));
        }
    }

    void meet_sinks(const std::vector<T>& sinks) {
        if (sinks.empty()) return;
        for_heads(computed_, [&](std::size_t sequence, std::size_t head) {
            for (RingRows<T>& rows : rows_)
                rows.add_sink(computed_.slot(sequence, head), static_cast<double>(sinks[head]));
        });
    }

    void hand_out(const Sinks<T>& sinks) const {
        for (Sink<T>* sink : sinks) sink->begin_layer(streamed_);
        for_heads(streamed_, [&](std::size_t sequence, std::size_t head) {
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

    // [batch, tokens of this rank, heads * d_value] of all heads.
    Array<T> contexts() const {
        const std::size_t width = computed_.d_value, columns = computed_.heads * width;
        const std::size_t tokens = own_queries_[0].size() + own_queries_[1].size();
        std::vector<T> values(computed_.sequences * tokens * columns);
        parallel_for(computed_.sequences * tokens, [&](std::size_t item) {
            const std::size_t sequence = item / tokens, token = item % tokens;
            const std::size_t first = own_queries_[0].size(), run = token < first ? 0 : 1;
            for (std::size_t head = 0; head < computed_.heads; ++head)
                for (std::size_t i = 0; i < width; ++i)
                    values[item * columns + head * width + i] =
                        rows_[run].context(computed_.slot(sequence, head), token - run * first, i);
        });
        return Array<T>({computed_.sequences, tokens, columns}, std::move(values));
    }

  private:
    template <class Visit>
    static void for_heads(const LayerShape& shape, const Visit& visit) {
        for (std::size_t sequence = 0; sequence < shape.sequences; ++sequence) {
            for (std::size_t head = 0; head < shape.heads; ++head)
                if (shape.streams(sequence, head)) visit(sequence, head);
        }
    }

    // Where the keys come from that are here after so many steps.
    RingTokens tokens_at(std::size_t step) const {
        const std::size_t size = ranks_.size();
        return ring_tokens(keys_, (ranks_.rank() + size - step) % size, size);
    }

    // The queries of run i and the keys that came as run j.
    void meet(std::size_t i, std::size_t j, KeyRange keys) {
        const KeyRange queries = own_queries_[i];
        const Mask<T> mask(mask_between(options_.mask, queries, keys), keys.size());
        bool any = false;
        for (std::size_t sequence = 0; sequence < computed_.sequences; ++sequence)
            any = any || !mask.allowed(sequence, 0, queries.size()).empty();
        if (!any) return;
        const LayerResult<T> placed{q_[i], k_[j], v_[j], {}};
        const LayerShare share{computed_.chosen_sequences, computed_.chosen_heads, false};
        try {
            attend(attention_inputs(computed_.layer, placed, options_, share), mask,
                   Sinks<T>{&rows_[i]});
        } catch (const Error& error) {
            if (queries.begin == 0 && keys.begin == 0) throw;
            fail(error.what(), " (counted from query ", queries.begin, " and key ", keys.begin,
                 ")");
        }
    }

    // That are here.
    std::string keys_and_values() const {
        ByteWriter own;
        for (std::size_t j = 0; j < 2; ++j) {
            put_heads(k_[j].view, own);
            put_heads(v_[j].view, own);
        }
        return own.bytes();
    }

    // To the next rank; gives what the one before passes on.
    std::string pass(std::string own) const {
        std::vector<std::string> for_ranks(ranks_.size());
        for_ranks[(ranks_.rank() + 1) % ranks_.size()] = std::move(own);
        return ranks_.deal(
            std::move(for_ranks))[(ranks_.rank() + ranks_.size() - 1) % ranks_.size()];
    }

    void take(const std::string& bytes, const RingTokens& tokens) {
        const HeadsView<T> like_k = k_[0].view, like_v = v_[0].view;
        k_ = v_ = {};
        ByteReader theirs(bytes);
        for (std::size_t j = 0; j < 2; ++j) {
            k_[j] = take_heads(like_k, tokens[j].size(), theirs);
            v_[j] = take_heads(like_v, tokens[j].size(), theirs);
        }
    }

    // Rows of run i.
    void hand_out(std::size_t sequence, std::size_t head, std::size_t i, KeyRange rows,
                  const Sinks<T>& sinks) const {
        const std::size_t slot = computed_.slot(sequence, head);
        std::vector<T> contexts;
        std::vector<double> logsumexp;
        for (std::size_t row = rows.begin; row < rows.end; ++row) {
            for (std::size_t column = 0; column < computed_.d_value; ++column)
                contexts.push_back(rows_[i].context(slot, row, column));
            logsumexp.push_back(rows_[i].logsumexp(slot, row));
        }
        Tile<T> tile;
        tile.layer = computed_.layer;
        tile.sequence = sequence;
        tile.head = head;
        tile.first_query = own_queries_[i].begin + rows.begin;
        tile.weights = {nullptr, rows.size(), 0};
        tile.context = {contexts.data(), rows.size(), computed_.d_value};
        tile.logsumexp = logsumexp;
        for (Sink<T>* sink : sinks) sink->consume(tile);
    }

    Communicator ranks_;
    RingTokens own_queries_;
    std::size_t keys_;
    AttentionOptions<T> options_;     // but for rotation and sinks
    LayerShape streamed_, computed_;  // all heads are computed where an output is asked for
    RingRuns<T> q_, k_, v_;           // keys and values of some rank
    std::vector<RingRows<T>> rows_;
};

}  // namespace

RingTokens ring_tokens(std::size_t tokens, std::size_t rank, std::size_t ranks) {
    const auto run = [&](std::size_t index) {
        return KeyRange{index * tokens / (2 * ranks), (index + 1) * tokens / (2 * ranks)};
    };
    return {run(rank), run(2 * ranks - 1 - rank)};
}

std::size_t ring_token(const RingTokens& own, std::size_t row) {
    return row < own[0].size() ? own[0].begin + row : own[1].begin + row - own[0].size();
}

template <class T>
RingInputs<T> ring_inputs(const Communicator& ranks, const HeadsView<T>& q, const HeadsView<T>& k,
                          const HeadsView<T>& v) {
    const RingTokens queries = ring_tokens(q.tokens, ranks.rank(), ranks.size());
    const RingTokens keys = ring_tokens(k.tokens, ranks.rank(), ranks.size());
    RingInputs<T> inputs{q.tokens, k.tokens, {}, {}, {}};
    for (std::size_t i = 0; i < 2; ++i) {
        inputs.q[i].view = some_tokens(q, queries[i]);
        inputs.k[i].view = some_tokens(k, keys[i]);
        inputs.v[i].view = some_tokens(v, keys[i]);
    }
    return inputs;
}

template <class T>
Array<T> attend_in_ring(const Communicator& ranks, std::size_t layer, RingInputs<T> inputs,
                        const AttentionOptions<T>& options, const LayerShare& share,
                        const Sinks<T>& sinks, const Progress& progress) {
    Ring<T> ring(ranks, layer, std::move(inputs), options, share);
    ring.meet_all_keys(progress);
    ring.meet_sinks(options.sinks);
    ring.hand_out(sinks);
    return share.output ? ring.contexts() : Array<T>();
}

template RingInputs<float> ring_inputs(const Communicator&, const HeadsView<float>&,
                                       const HeadsView<float>&, const HeadsView<float>&);
template Array<float> attend_in_ring(const Communicator&, std::size_t, RingInputs<float>,
                                     const AttentionOptions<float>&, const LayerShare&,
                                     const Sinks<float>&, const Progress&);
template RingInputs<double> ring_inputs(const Communicator&, const HeadsView<double>&,
                                        const HeadsView<double>&, const HeadsView<double>&);
template Array<double> attend_in_ring(const Communicator&, std::size_t, RingInputs<double>,
                                      const AttentionOptions<double>&, const LayerShare&,
                                      const Sinks<double>&, const Progress&);

}  // namespace attn

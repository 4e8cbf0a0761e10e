#include "attention/backward.hpp"

#include <algorithm>
#include <map>
#include <mutex>

#include "attention/divided_backward.hpp"
#include "attention/query_offset.hpp"
#include "attention/stream_tiles.hpp"
#include "attention/tile_backward.hpp"
#include "core/divide_up.hpp"

namespace attn {
namespace {

// So many blocks of a head are one item of work, whose sums are kept in T. Fewer cost more folding,
// more leave threads without work.
constexpr std::size_t kBlocksOfItem = 16;

// Adds what items made in the order of the items, whoever is done first.
template <class Made>
class InOrder {
  public:
    template <class Add>
    void put(std::size_t item, Made made, const Add& add) {
        const std::lock_guard<std::mutex> lock(mutex_);
        waiting_.emplace(item, std::move(made));
        for (auto next = waiting_.find(next_); next != waiting_.end();
             next = waiting_.find(++next_)) {
            add(next_, next->second);
            waiting_.erase(next);
        }
    }

  private:
    std::mutex mutex_;
    std::size_t next_ = 0;
    std::map<std::size_t, Made> waiting_;
};

// The gradients of keys or values of one head: sums over items, then over heads.
template <class T>
class KeySums {
  public:
    KeySums(const HeadsView<T>& heads, std::size_t panel_width, std::size_t padded_keys)
        : width_(heads.width),
          keys_(heads.tokens),
          panel_width_(panel_width),
          head_(padded_keys * heads.width),
          group_(head_.size()),
          all_(heads.batch * heads.heads * heads.tokens * heads.width),
          shape_{heads.batch, heads.heads, heads.tokens, heads.width} {}

    void add(const std::vector<T>& panels) {
        for (std::size_t i = 0; i < head_.size(); ++i) head_[i] += static_cast<double>(panels[i]);
    }

    // Returns the sum of the squares of a head's own part; panels end in zeros.
    double end_head() {
        double squares = 0;
        for (std::size_t i = 0; i < head_.size(); ++i) {
            squares += head_[i] * head_[i];
            group_[i] += head_[i];
            head_[i] = 0;
        }
        return squares;
    }

    void end_group(std::size_t matrix) {
        T* to = all_.data() + matrix * keys_ * width_;
        for (std::size_t first = 0; first < keys_; first += panel_width_) {
            const double* const panel = group_.data() + first * width_;
            const std::size_t width = std::min(panel_width_, group_.size() / width_ - first);
            const std::size_t count = std::min(panel_width_, keys_ - first);
            for (std::size_t key = 0; key < count; ++key, to += width_) {
                for (std::size_t i = 0; i < width_; ++i)
                    to[i] = static_cast<T>(panel[i * width + key]);
            }
        }
        std::fill(group_.begin(), group_.end(), 0.0);
    }

    std::vector<T>& all() { return all_; }
    Array<T> take() { return Array<T>(shape_, std::move(all_)); }

  private:
    std::size_t width_;
    std::size_t keys_;
    std::size_t panel_width_;
    std::vector<double> head_;   // panel after panel of keys, [width, panel], as blocks add to it
    std::vector<double> group_;  // likewise, of the heads that share them
    std::vector<T> all_;         // [batch, kv_heads, keys, width]
    Shape shape_;
};

template <class T>
class Backward {
  public:
    Backward(const AttentionInputs<T>& inputs, const MaskOptions<T>& mask_options,
             const Array<T>& d_context, const GradientSinks<T>& sinks, const Communicator& ranks)
        : inputs_(inputs),
          sinks_(sinks),
          shape_(shape_of(inputs)),
          division_(divide_backward(inputs, mask_options, shape_, ranks)),
          mask_(mask_options, inputs.k.tokens),
          packed_(inputs.k, inputs.v),
          swapped_(inputs.v, inputs.k),
          task_{{inputs, packed_, mask_, shape_, false, !inputs.sinks.empty()},
                swapped_,
                mask_options,
                d_context.data()},
          items_of_head_(divide_up(shape_.blocks(), kBlocksOfItem)),
          q_(inputs.q.batch * inputs.q.heads * inputs.q.tokens * inputs.q.width),
          context_(inputs.q.batch * inputs.q.tokens * inputs.q.heads * inputs.v.width),
          k_(inputs.k, kernels<T>().panel_width, packed_.keys().padded_columns()),
          v_(inputs.v, kernels<T>().panel_width, packed_.keys().padded_columns()) {
        // A tile's contexts are there before their gradient is asked for.
        if (d_context.empty()) task_.d_context = context_.data();
        for (const GradientSink<T>* sink : sinks)
            task_.keep_cells = task_.keep_cells || sink->needs_cells();
        find_buckets();
        choose_items();
        gradients_.bias.assign(mask_options.bias.size(), 0.0);
        gradients_.relative.assign(mask_options.relative.buckets() * inputs.q.heads, 0.0);
        gradients_.sinks.assign(inputs.sinks.size(), 0.0);
    }

    AttentionGradients<T> compute() {
        for (GradientSink<T>* sink : sinks_) sink->begin_layer(shape_);
        FirstError errors;
        errors.watch([&] {
            parallel_for(items_.size(),
                         [&](std::size_t item) { errors.watch(item, [&] { take(item); }); });
        });
        bring_gradients_together<T>(division_, inputs_, task_.mask, shape_, sinks_,
                                    {q_, k_.all(), v_.all(), context_, gradients_.sinks,
                                     gradients_.bias, gradients_.relative});
        const Shape shape{inputs_.q.batch, inputs_.q.heads, inputs_.q.tokens, inputs_.q.width};
        gradients_.q = Array<T>(shape, std::move(q_));
        gradients_.k = k_.take();
        gradients_.v = v_.take();
        gradients_.context =
            Array<T>({inputs_.q.batch, inputs_.q.tokens, inputs_.q.heads * inputs_.v.width},
                     std::move(context_));
        return std::move(gradients_);
    }

  private:
    // Heads that share keys and values come one after another, the last blocks of a head first:
    // under a causal mask they have the most keys.
    struct Item {
        std::size_t sequence = 0;
        std::size_t head = 0;
        std::size_t kv_head = 0;
        std::size_t first_block = 0;
        std::size_t blocks = 0;
        bool ends_head = false;
        bool ends_group = false;
    };

    Item item_at(std::size_t index) const {
        const std::size_t served = inputs_.q.heads / inputs_.k.heads;
        const std::size_t part = index % items_of_head_;
        const std::size_t head = index / items_of_head_ % inputs_.q.heads;
        Item item;
        item.sequence = index / items_of_head_ / inputs_.q.heads;
        item.kv_head = head / served;
        const std::size_t member = head % served;
        item.head = inputs_.kv_order == KvOrder::tile ? member * inputs_.k.heads + item.kv_head
                                                      : item.kv_head * served + member;
        item.first_block = (items_of_head_ - 1 - part) * kBlocksOfItem;
        item.blocks = std::min(kBlocksOfItem, shape_.blocks() - item.first_block);
        item.ends_head = part + 1 == items_of_head_;
        item.ends_group = item.ends_head && member + 1 == served;
        return item;
    }

    void choose_items() {
        const std::size_t all = inputs_.q.batch * inputs_.q.heads * items_of_head_;
        for (std::size_t index = 0; index < all; ++index) {
            const Item item = item_at(index);
            if (division_.is_mine(item.sequence, item.head)) items_.push_back(item);
        }
    }

    void find_buckets() {
        const RelativeBias<T>& relative = task_.mask.relative;
        if (relative.empty()) return;
        const auto& offsets = task_.mask.structure.offsets;
        const auto [least, most] = std::minmax_element(offsets.begin(), offsets.end());
        const auto queries = static_cast<std::ptrdiff_t>(shape_.queries);
        task_.first_distance = -(queries - 1) - *most;
        const std::ptrdiff_t last = static_cast<std::ptrdiff_t>(shape_.keys) - 1 - *least;
        for (std::ptrdiff_t distance = task_.first_distance; distance <= last; ++distance)
            task_.buckets.push_back(relative.bucket(distance));
    }

    void take(std::size_t index) {
        const Item& item = items_[index];
        const std::size_t first_query = item.first_block * shape_.block_rows;
        const std::size_t end =
            std::min(shape_.queries, first_query + item.blocks * shape_.block_rows);
        BackwardSums<T> sums(task_, {first_query, end});
        const bool streamed = shape_.streams(item.sequence, item.head);
        for (std::size_t block = item.first_block + item.blocks; block-- > item.first_block;) {
            const std::size_t rows = shape_.rows_of_block(block);
            const std::size_t row = (item.sequence * inputs_.q.heads + item.head) * shape_.queries +
                                    block * shape_.block_rows;
            const MatrixView<T> d_q(q_.data() + row * inputs_.q.width, rows, inputs_.q.width);
            take_tile_backward<T>(task_, {item.sequence, item.head, block}, context_of(item, block),
                                  d_q, sums, [&](const GradientTile<T>& tile) {
                                      if (!streamed) return;
                                      for (GradientSink<T>* sink : sinks_) sink->consume(tile);
                                  });
        }
        sums_.put(index, std::move(sums), [this](std::size_t place, const BackwardSums<T>& made) {
            fold(items_[place], made);
        });
    }

    MatrixView<T> context_of(const Item& item, std::size_t block) {
        const std::size_t width = inputs_.v.width, columns = inputs_.q.heads * width;
        const std::size_t row = item.sequence * shape_.queries + block * shape_.block_rows;
        return {context_.data() + row * columns + item.head * width, shape_.rows_of_block(block),
                width, columns};
    }

    void fold(const Item& item, const BackwardSums<T>& sums) {
        k_.add(sums.k);
        v_.add(sums.v);
        if (!gradients_.sinks.empty()) gradients_.sinks[item.head] += sums.sink;
        for (std::size_t bucket = 0; bucket < sums.relative.size(); ++bucket)
            gradients_.relative[bucket * inputs_.q.heads + item.head] += sums.relative[bucket];
        fold_bias(item, sums);
        if (item.ends_head) {
            const HeadGradients own{k_.end_head(), v_.end_head()};
            if (shape_.streams(item.sequence, item.head)) {
                for (GradientSink<T>* sink : sinks_) sink->end_head(item.sequence, item.head, own);
            }
        }
        if (item.ends_group) {
            const std::size_t matrix = item.sequence * inputs_.k.heads + item.kv_head;
            k_.end_group(matrix);
            v_.end_group(matrix);
        }
    }

    void fold_bias(const Item& item, const BackwardSums<T>& sums) {
        const Broadcast<T>& bias = task_.mask.bias;
        if (bias.empty()) return;
        const std::size_t columns = bias.varies_by_key() ? bias.keys() : 1;
        for (std::size_t i = 0; i < sums.bias.size(); ++i) {
            const std::size_t query = sums.queries.begin + i / columns;
            gradients_.bias[bias.place(item.sequence, item.head, query, i % columns)] +=
                sums.bias[i];
        }
    }

    const AttentionInputs<T>& inputs_;
    const GradientSinks<T>& sinks_;
    LayerShape shape_;
    Division division_;
    Mask<T> mask_;
    PackedHeads<T> packed_;
    PackedHeads<T> swapped_;
    BackwardTask<T> task_;
    std::size_t items_of_head_;
    std::vector<Item> items_;  // of this process, in the order in which they are folded
    std::vector<T> q_;
    std::vector<T> context_;
    KeySums<T> k_;
    KeySums<T> v_;
    InOrder<BackwardSums<T>> sums_;
    AttentionGradients<T> gradients_;
};

}  // namespace

template <class T>
AttentionGradients<T> attend_backward(const AttentionInputs<T>& inputs, const MaskOptions<T>& mask,
                                      const Array<T>& d_context, const GradientSinks<T>& sinks,
                                      const Communicator& ranks) {
    assert((d_context.empty() || d_context.shape() == Shape{inputs.q.batch, inputs.q.tokens,
                                                            inputs.q.heads * inputs.v.width}));
    return Backward<T>(inputs, mask, d_context, sinks, ranks).compute();
}

template AttentionGradients<float> attend_backward(const AttentionInputs<float>&,
                                                   const MaskOptions<float>&, const Array<float>&,
                                                   const GradientSinks<float>&,
                                                   const Communicator&);
template AttentionGradients<double> attend_backward(const AttentionInputs<double>&,
                                                    const MaskOptions<double>&,
                                                    const Array<double>&,
                                                    const GradientSinks<double>&,
                                                    const Communicator&);

}  // namespace attn

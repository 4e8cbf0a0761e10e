#include "analysis/rollout_sink.hpp"

#include <algorithm>
#include <cassert>

#include "attention/blas.hpp"
#include "core/index_list.hpp"

namespace attn::analysis {

template <class T>
RolloutSink<T>::RolloutSink(Lines lines, const std::vector<std::size_t>& numbers,
                            const RolloutOptions& options, const RolloutLayers<T>& layers,
                            const std::string& name)
    : lines_(lines), numbers_(numbers), options_(options), layers_(layers), name_(name) {
    assert(options.fuse != Fuse::per_head);
    assert(options.discard == 0 || options.discard_scope == DiscardScope::row);
}

template <class T>
void RolloutSink<T>::begin_layer(const LayerShape& shape) {
    shape_ = shape;
    heads_ = shape.chosen_heads.value_or(count_up(shape.heads));
    for (const std::size_t sequence : shape.chosen_sequences.value_or(count_up(shape.sequences))) {
        const auto [place, is_first] = x_.try_emplace(sequence);
        if (is_first && lines_ == Lines::targets)
            place->second = unit_rows<T>(numbers_, shape.keys);
        else if (is_first)
            place->second = unit_columns<T>(numbers_, shape.keys);
        Sum& sum = sums_[sequence];
        sum.result = Matrix<T>(place->second.rows, place->second.columns);
        sum.next = 0;
    }
}

template <class T>
std::size_t RolloutSink<T>::place_of(std::size_t sequence, std::size_t block) const {
    return sequence * shape_.blocks() + block;
}

template <class T>
void RolloutSink<T>::consume(const Tile<T>& tile) {
    const std::size_t block = tile.block(shape_), place = place_of(tile.sequence, block);
    const std::size_t rows = tile.rows();
    const auto head = static_cast<std::size_t>(
        std::lower_bound(heads_.begin(), heads_.end(), tile.head) - heads_.begin());
    T* into = nullptr;
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        Block& all = blocks_[place];
        if (all.weights.empty()) {
            all.weights.assign(heads_.size() * rows * shape_.keys, T{0});
            all.left = heads_.size();
        }
        into = all.weights.data() + head * rows * shape_.keys;
    }
    for (std::size_t row = 0; row < rows; ++row) {
        const T* const from = tile.weights.row(row).data();
        std::copy(from, from + tile.active.size(), into + row * shape_.keys + tile.active.begin);
    }
    std::vector<T> complete;
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        const auto found = blocks_.find(place);
        if (--found->second.left > 0) return;
        complete = std::move(found->second.weights);
        blocks_.erase(found);
    }
    multiply_block(tile.sequence, block, complete);
}

template <class T>
void RolloutSink<T>::multiply_block(std::size_t sequence, std::size_t block,
                                    const std::vector<T>& weights) {
    const std::size_t first = block * shape_.block_rows, rows = shape_.rows_of_block(block);
    const std::size_t keys = shape_.keys;
    LayerHeads<T> heads;
    heads.name = name_ + ": layer " + std::to_string(shape_.layer);
    for (std::size_t i = 0; i < heads_.size(); ++i) {
        heads.weights.emplace_back(weights.data() + i * rows * keys, rows, keys);
        heads.numbers.push_back(shape_.number_of(heads_[i]));
    }
    heads.places = heads_;
    const auto shares = layers_.shares.find(shape_.layer);
    if (shares != layers_.shares.end()) heads.shares = shares->second;
    heads.mask = &layers_.masks.at(shape_.layer);
    heads.sequence = sequence;
    heads.first_query = first;
    heads.all_queries = shape_.queries;
    const FusedLayer<T> layer(std::move(heads), options_);
    const Matrix<T>& x = x_.at(sequence);
    const KeyRange range = layer.range_of(first, rows);
    std::vector<T> made(rows * keys);
    layer.rows(first, rows, made.data());
    const MatrixView<const T> cells(made.data() + range.begin, rows, range.size(), keys);
    if (lines_ == Lines::sources) {
        Matrix<T>& result = sums_.at(sequence).result;
        if (range.empty()) return;
        multiply<T>(cells, {x.row(range.begin).data(), range.size(), x.columns, x.columns},
                    MatrixView<T>{result.row(first).data(), rows, x.columns});
        return;
    }
    Matrix<T> part(x.rows, keys);
    if (!range.empty())
        multiply<T>({x.values.data() + first, x.rows, rows, x.columns}, cells,
                    MatrixView<T>{part.values.data() + range.begin, x.rows, range.size(), keys});
    add_in_order(sequence, block, std::move(part));
}

template <class T>
void RolloutSink<T>::add_in_order(std::size_t sequence, std::size_t block, Matrix<T> part) {
    const std::lock_guard<std::mutex> lock(mutex_);
    Sum& sum = sums_.at(sequence);
    // As blocks come: from the last row up.
    sum.waiting.emplace(shape_.blocks() - 1 - block, std::move(part));
    for (auto next = sum.waiting.find(sum.next); next != sum.waiting.end();
         next = sum.waiting.find(sum.next)) {
        for (std::size_t i = 0; i < sum.result.values.size(); ++i)
            sum.result.values[i] += next->second.values[i];
        sum.waiting.erase(next);
        ++sum.next;
    }
}

template <class T>
void RolloutSink<T>::end_layer(const LayerOutputs<T>&) {
    for (auto& [sequence, sum] : sums_) x_.at(sequence) = std::move(sum.result);
}

template class RolloutSink<float>;
template class RolloutSink<double>;

}  // namespace attn::analysis

#include "results/report_chunks.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "analysis/weight_codes.hpp"
#include "core/base64.hpp"
#include "core/deflate.hpp"
#include "core/divide_up.hpp"
#include "core/parallel.hpp"
#include "core/run_deflate.hpp"

namespace attn::results {
namespace {

using analysis::TopKey;
using analysis::TopOrder;

constexpr std::size_t kShort = 65535;  // larger numbers take 32 bits

// Weights in planes, then keys, then with bands of several rows the queries.
std::string pack_top(const std::vector<TopKey>& entries, const LayerShape& shape, bool queries) {
    std::vector<float> values;
    std::vector<std::uint32_t> keys, rows;
    for (const TopKey& entry : entries) {
        values.push_back(entry.value);
        keys.push_back(entry.key);
        rows.push_back(entry.query);
    }
    std::string bytes =
        analysis::byte_planes(values) + analysis::little_endian(keys, shape.keys > kShort);
    if (queries) bytes += analysis::little_endian(rows, shape.queries > kShort);
    return bytes;
}

template <class T>
KeyRange keys_with_weight(Span<const T> weights, std::size_t first_key) {
    const analysis::NonZeros found = analysis::non_zeros(weights);
    return {first_key + found.begin, first_key + found.end};
}

KeyRange keys_of_both(KeyRange a, KeyRange b) {
    if (a.empty()) return b;
    if (b.empty()) return a;
    return {std::min(a.begin, b.begin), std::max(a.end, b.end)};
}

}  // namespace

void ReportChunks::add(const std::string& name, const std::string& bytes, ByteKind kind) {
    add_as_is(name, kind == ByteKind::numbers ? deflated_runs(bytes) : deflated(bytes));
}

ReportChunks::ReportChunks(double limit, std::function<void()> when_full)
    : limit_(limit), when_full_(std::move(when_full)) {}

void ReportChunks::add_as_is(const std::string& name, std::string bytes) {
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        bytes_ += static_cast<double>(base64_size(bytes.size()));
        all_[name] = std::move(bytes);
        if (bytes_ <= limit_ || full_) return;
        full_ = true;
    }
    when_full_();
}

void ReportChunks::add_later(const std::string& name, std::string bytes, ByteKind kind) {
    unpacked_[name] = {std::move(bytes), kind};
}

void ReportChunks::pack() {
    std::vector<const std::string*> names;
    for (const auto& [name, unpacked] : unpacked_) names.push_back(&name);
    parallel_for(names.size(), [&](std::size_t i) {
        const Unpacked& unpacked = unpacked_.at(*names[i]);
        add(*names[i], unpacked.bytes, unpacked.kind);
    });
    unpacked_.clear();
}

std::string chunk_name(const std::string& kind, std::size_t sequence,
                       std::optional<std::size_t> layer, std::optional<std::size_t> head) {
    std::string name = kind + "/" + std::to_string(sequence);
    if (layer) name += "/" + std::to_string(*layer);
    if (head) name += "/" + std::to_string(*head);
    return name;
}

// What is gathered of a head while it streams by.
template <class T>
struct ReportSink<T>::Head {
    std::mutex mutex;
    std::string bytes;                              // of cells that are single weights
    std::unique_ptr<analysis::LargestCells> cells;  // that are not
    std::unique_ptr<analysis::LargestCells> thumb;
    std::vector<KeyRange> seen;  // of each row or band: keys of weight, or that may be attended
};

template <class T>
ReportSink<T>::ReportSink(ReportChunks& chunks, ReportPacking packing, ReportMatrices matrices)
    : chunks_(chunks),
      packing_(packing),
      matrices_(std::move(matrices)),
      top_(packing.pool, std::max<std::size_t>(packing.top, 1),
           matrices_.differences ? TopOrder::magnitude : TopOrder::value) {}

template <class T>
ReportSink<T>::~ReportSink() = default;

template <class T>
void ReportSink<T>::begin_layer(const LayerShape& shape) {
    shape_ = shape;
    ++layer_;
    heads_.clear();
    heads_.resize(shape.slots());
    thumbs_.resize(layer_ * shape.slots());
    top_.begin_layer(shape);
}

template <class T>
typename ReportSink<T>::Head& ReportSink<T>::head_at(std::size_t slot) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (heads_[slot]) return *heads_[slot];
    const TopOrder order = matrices_.differences ? TopOrder::magnitude : TopOrder::value;
    heads_[slot] = std::make_unique<Head>();
    Head& head = *heads_[slot];
    head.thumb = std::make_unique<analysis::LargestCells>(
        analysis::even_cells(shape_.queries, kThumbSide),
        analysis::even_cells(shape_.keys, kThumbSide), order);
    head.seen.resize(divide_up(shape_.queries, packing_.pool));
    if (!matrices_.matrices) return head;
    if (packing_.pool > 1)
        head.cells = std::make_unique<analysis::LargestCells>(
            analysis::pooled_cells(shape_.queries, packing_.pool),
            analysis::pooled_cells(shape_.keys, packing_.pool), order);
    else
        head.bytes.assign(shape_.queries * shape_.keys * (packing_.exact ? 4 : 1),
                          matrices_.differences && !packing_.exact ? '\x80' : '\0');
    return head;
}

template <class T>
void ReportSink<T>::pack_rows(const Tile<T>& tile, Head& head) {
    const std::size_t cells = shape_.queries * shape_.keys;
    const std::size_t slot = shape_.slot(tile.sequence, tile.head);
    for (std::size_t row = 0; row < tile.rows(); ++row) {
        const std::size_t query = tile.first_query + row;
        char* const into = head.bytes.data() + query * shape_.keys + tile.active.begin;
        if (packing_.exact) {
            analysis::write_planes(tile.weights.row(row), cells, into);
            continue;
        }
        analysis::encode_row(tile.weights.row(row), std::abs(top_.first(slot, query).value),
                             matrices_.differences, reinterpret_cast<std::uint8_t*>(into));
    }
}

template <class T>
void ReportSink<T>::see_allowed(const Tile<T>& tile, Head& head) const {
    for (std::size_t row = 0; row < tile.rows(); ++row) {
        const KeyRange keys = matrices_.knows_who_may_attend
                                  ? tile.allowed[row]
                                  : keys_with_weight(tile.weights.row(row), tile.active.begin);
        KeyRange& all = head.seen[(tile.first_query + row) / packing_.pool];
        if (packing_.pool == 1) {
            all = keys;
            continue;
        }
        const std::lock_guard<std::mutex> lock(head.mutex);
        all = keys_of_both(all, keys);
    }
}

template <class T>
void ReportSink<T>::see_odd(const Tile<T>& tile) {
    for (std::size_t row = 0; row < tile.rows(); ++row) {
        const Span<const T> weights = tile.weights.row(row);
        const std::optional<std::size_t> odd = analysis::first_odd(weights);
        if (!odd) continue;
        const OddWeight found{tile.layer,
                              tile.sequence,
                              shape_.number_of(tile.head),
                              tile.first_query + row,
                              tile.active.begin + *odd,
                              static_cast<double>(weights[*odd])};
        const auto order = [](const OddWeight& at) {
            return std::tie(at.layer, at.sequence, at.head, at.query, at.key);
        };
        const std::lock_guard<std::mutex> lock(mutex_);
        if (!odd_ || order(found) < order(*odd_)) odd_ = found;
        return;
    }
}

template <class T>
void ReportSink<T>::consume(const Tile<T>& tile) {
    if (matrices_.matrices && !matrices_.differences) see_odd(tile);
    if (chunks_.is_full()) return;
    Head& head = head_at(shape_.slot(tile.sequence, tile.head));
    if (tile.active.empty()) return;
    head.thumb->add(tile);
    if (!matrices_.allowed.empty()) see_allowed(tile, head);
    if (!matrices_.matrices) return;
    if (!packing_.exact) top_.consume(tile);
    if (head.cells)
        head.cells->add(tile);
    else
        pack_rows(tile, head);
}

template <class T>
std::string ReportSink<T>::codes_of_cells(const Head& head, std::size_t slot) const {
    const std::size_t columns = head.cells->columns();
    std::string codes(head.cells->rows() * columns, '\0');
    for (std::size_t band = 0; band < head.cells->rows(); ++band) {
        const Span<const float> cells(head.cells->values().data() + band * columns, columns);
        analysis::encode_row(cells, std::abs(top_.first(slot, band).value), matrices_.differences,
                             reinterpret_cast<std::uint8_t*>(codes.data()) + band * columns);
    }
    return codes;
}

template <class T>
void ReportSink<T>::end_head(std::size_t sequence, std::size_t head_place) {
    if (chunks_.is_full()) return;
    const std::size_t slot = shape_.slot(sequence, head_place);
    Head& head = head_at(slot);
    thumbs_[(layer_ - 1) * shape_.slots() + slot] = head.thumb->values();
    head.thumb.reset();
    if (!matrices_.matrices) return;
    const std::size_t heads = shape_.heads_streamed();
    std::optional<std::size_t> of_head = slot % heads;
    if (matrices_.one_head) of_head.reset();
    const std::string name =
        chunk_name(matrices_.prefix + (packing_.exact ? matrices_.exact : matrices_.compact),
                   matrices_.first_sequence + slot / heads, layer_ - 1, of_head);
    std::string bytes = head.cells ? codes_of_cells(head, slot) : std::move(head.bytes);
    head.cells.reset();
    head.bytes = std::string();
    const ByteKind kind = packing_.exact ? ByteKind::any : ByteKind::numbers;
    if (matrices_.one_head)
        chunks_.add_later(name, std::move(bytes),
                          kind);  // no other head has the other threads busy
    else
        chunks_.add(name, bytes, kind);
}

template <class T>
void ReportSink<T>::add_top(std::size_t sequence_place) {
    std::vector<TopKey> entries;
    const std::size_t heads = shape_.heads_streamed();
    for (std::size_t head = 0; head < heads; ++head) {
        const auto of_head = top_.entries(sequence_place * heads + head);
        entries.insert(entries.end(), of_head.begin(), of_head.end());
    }
    chunks_.add_later(chunk_name(matrices_.prefix + matrices_.top,
                                 matrices_.first_sequence + sequence_place, layer_ - 1),
                      pack_top(entries, shape_, packing_.pool > 1));
}

template <class T>
void ReportSink<T>::add_allowed(std::size_t sequence_place) {
    const std::size_t heads = shape_.heads_streamed();
    std::vector<KeyRange> rows;
    for (std::size_t head = 0; head < heads; ++head) {
        const auto& seen = heads_[sequence_place * heads + head]->seen;
        rows.resize(seen.size());
        for (std::size_t row = 0; row < rows.size(); ++row)
            rows[row] = keys_of_both(rows[row], seen[row]);
    }
    std::vector<std::uint32_t> ends;
    for (const KeyRange& row : rows)
        ends.push_back(row.empty() ? 0 : static_cast<std::uint32_t>(row.begin));
    for (const KeyRange& row : rows)
        ends.push_back(row.empty() ? 0 : static_cast<std::uint32_t>(row.end));
    chunks_.add_later(chunk_name(matrices_.prefix + matrices_.allowed,
                                 matrices_.first_sequence + sequence_place, layer_ - 1),
                      analysis::little_endian(ends, true));
}

template <class T>
void ReportSink<T>::end_layer(const LayerOutputs<T>&) {
    for (std::size_t place = 0; place < shape_.sequences_streamed() && !chunks_.is_full();
         ++place) {
        if (matrices_.matrices && !packing_.exact) add_top(place);
        if (!matrices_.allowed.empty()) add_allowed(place);
    }
    heads_.clear();
}

template <class T>
float ReportSink<T>::largest() const {
    float largest = 0;
    for (const std::vector<float>& thumb : thumbs_) {
        for (const float value : thumb) largest = std::max(largest, std::abs(value));
    }
    return largest;
}

template <class T>
void ReportSink<T>::finish(float scale) {
    if (chunks_.is_full()) return;
    const std::size_t heads = shape_.heads_streamed();
    for (std::size_t place = 0; place < shape_.sequences_streamed(); ++place) {
        std::string codes;
        for (std::size_t layer = 0; layer < layer_; ++layer) {
            for (std::size_t head = 0; head < heads; ++head) {
                for (const float value : thumbs_[layer * shape_.slots() + place * heads + head])
                    codes += static_cast<char>(
                        matrices_.differences ? analysis::difference_code(value, scale)
                                              : analysis::weight_code(std::min(value, 1.0F), 1));
            }
        }
        chunks_.add_later(
            chunk_name(matrices_.prefix + matrices_.thumbs, matrices_.first_sequence + place),
            std::move(codes));
    }
}

template class ReportSink<float>;
template class ReportSink<double>;

}  // namespace attn::results

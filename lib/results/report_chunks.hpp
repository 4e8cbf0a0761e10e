// The numbers of the page that `report` writes: every matrix packed as its head ends, and kept,
// deflated, under the name by which the page asks for it ("codes/0/5/3": sequence, layer, head, by
// their places among those in the page).
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "analysis/largest_cells.hpp"
#include "analysis/top_keys.hpp"
#include "attention/sink.hpp"

namespace attn::results {

// What packs bytes best.
enum class ByteKind {
    any,
    numbers,  // of a byte each, which repeat in runs alone
};

class ReportChunks {
  public:
    // Any number of bytes.
    ReportChunks() = default;
    // Once they take more than `limit` bytes of a page, `when_full` is told, and they are full: the
    // page will not be made of them. What it throws comes out of the call that adds.
    ReportChunks(double limit, std::function<void()> when_full);

    // Different threads may add at once.
    void add(const std::string& name, const std::string& bytes, ByteKind kind = ByteKind::any);
    // The same for what one thread has after another: it is deflated in pack(), on all threads.
    void add_later(const std::string& name, std::string bytes, ByteKind kind = ByteKind::any);
    // Call when all are there.
    void pack();
    // What is there already in a shape that browsers read.
    void add_as_is(const std::string& name, std::string bytes);

    const std::map<std::string, std::string>& all() const { return all_; }

    bool is_full() const { return full_; }

  private:
    std::mutex mutex_;
    double limit_ = std::numeric_limits<double>::infinity();
    std::function<void()> when_full_;
    std::atomic<bool> full_ = false;
    double bytes_ = 0;  // in base64
    std::map<std::string, std::string> all_;
    struct Unpacked {
        std::string bytes;
        ByteKind kind = ByteKind::any;
    };
    std::map<std::string, Unpacked> unpacked_;
};

// "codes/0/5/3"
std::string chunk_name(const std::string& kind, std::size_t sequence,
                       std::optional<std::size_t> layer = std::nullopt,
                       std::optional<std::size_t> head = std::nullopt);

// How matrices are kept; see pipeline/report_plan.
struct ReportPacking {
    bool exact = false;
    std::size_t pool = 1;
    std::size_t top = 4;  // entries a row, or a band of `pool` rows
};

// Which matrices, and what their chunks are called.
struct ReportMatrices {
    std::string prefix;  // "", "b/", "d/"
    std::string exact = "weights";
    std::string compact = "codes";
    std::string top = "top";
    std::string thumbs = "thumbs";
    std::string allowed = "allowed";  // empty: nobody asks
    bool differences = false;         // have signs
    bool one_head = false;            // names have no head
    std::size_t first_sequence = 0;   // what the first of the sequences is called
    bool matrices = true;             // false: thumbs alone
    // Whether tiles know who may attend; else it is who does, in any head of the layer.
    bool knows_who_may_attend = false;
};

// The longest side of a small map.
constexpr std::size_t kThumbSide = 24;

// A value that is no weight, of which compact cells cannot tell anything.
struct OddWeight {
    std::size_t layer = 0;  // numbers, as people call them
    std::size_t sequence = 0;
    std::size_t head = 0;
    std::size_t query = 0;
    std::size_t key = 0;
    double value = 0;
};

template <class T>
class ReportSink : public Sink<T> {
  public:
    // `chunks` must outlive the sink.
    ReportSink(ReportChunks& chunks, ReportPacking packing, ReportMatrices matrices);
    ~ReportSink() override;

    void begin_layer(const LayerShape& shape) override;
    void consume(const Tile<T>& tile) override;
    void end_head(std::size_t sequence, std::size_t head) override;
    void end_layer(const LayerOutputs<T>& outputs) override;

    // The largest value of all, without its sign.
    float largest() const;

    // After the last layer: the small maps. For differences `scale` is the largest of them.
    void finish(float scale = 1);

    // The first that was met, in the order of layers, sequences, heads, queries and keys.
    const std::optional<OddWeight>& odd_weight() const { return odd_; }

  private:
    struct Head;

    Head& head_at(std::size_t slot);
    void pack_rows(const Tile<T>& tile, Head& head);
    void see_allowed(const Tile<T>& tile, Head& head) const;
    void see_odd(const Tile<T>& tile);
    std::string codes_of_cells(const Head& head, std::size_t slot) const;
    void add_top(std::size_t sequence_place);
    void add_allowed(std::size_t sequence_place);

    ReportChunks& chunks_;
    ReportPacking packing_;
    ReportMatrices matrices_;
    analysis::TopKeys<T> top_;
    LayerShape shape_;
    std::size_t layer_ = 0;  // place of the layer that streams by, counted from 1
    std::mutex mutex_;
    std::vector<std::unique_ptr<Head>> heads_;  // of the layer, by slot
    std::vector<std::vector<float>> thumbs_;    // of all layers and slots
    std::optional<OddWeight> odd_;
};

}  // namespace attn::results

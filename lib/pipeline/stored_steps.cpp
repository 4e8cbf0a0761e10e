#include <algorithm>
#include <array>

#include "core/aligned_buffer.hpp"
#include "core/error.hpp"
#include "core/memory.hpp"
#include "core/parallel.hpp"
#include "core/word_list.hpp"
#include "io/xxh3.hpp"
#include "pipeline/monitor_steps.hpp"
#include "pipeline/step_collector.hpp"
#include "results/manifest.hpp"
#include "source/array_source.hpp"
#include "source/idle_ranks.hpp"
#include "source/labels_beside.hpp"
#include "source/pattern_tokens.hpp"
#include "source/stored_mask.hpp"
#include "source/stored_source.hpp"

namespace attn::pipeline {
namespace {

bool holds_attention(const std::string& path) {
    if (results::is_run_folder(path)) return true;
    try {
        io::Inputs inputs;
        const source::StoredParts parts = source::find_stored_parts(inputs, path);
        return parts.shape().size() >= 2;
    } catch (const Error&) {
        return false;
    }
}

// One step, and what keeps its numbers.
template <class T>
struct OpenStep {
    io::Inputs inputs;
    source::StoredAttention<T> attention;
    std::optional<io::MatrixReader<T>> reader;  // of the matrices of all layers
    std::vector<std::string> digests;           // of the matrices, where they are known
};

// A step of at most so many bytes is read into memory once, in the place of the step before the
// last; a larger one is read whenever it is looked at.
constexpr std::size_t kMostHeld = std::size_t{1} << 26;

// The steps of one array whose first axis they are.
template <class T>
class StepsAxis {
  public:
    explicit StepsAxis(const std::string& name) : name_(name), parts_(parts_of(name)) {
        whole_ = std::make_shared<Array<T>>(
            inputs_.load<T>(parts_.arrays.front(), io::NonFinite::allow));
    }

    source::StoredAttention<T> step(std::size_t index, const std::string& axes, const Warn& warn) {
        io::StoredArray one;
        one.name = name_;
        one.dtype = dtype_of<T>();
        one.shape = Shape(whole_->shape().begin() + 1, whole_->shape().end());
        const std::size_t count = whole_->size() / whole_->extent(0);
        one.bytes = {reinterpret_cast<const std::byte*>(whole_->data() + index * count),
                     count * sizeof(T)};
        one.owner = whole_;
        source::StoredParts parts = parts_;
        parts.arrays = {one};
        return source::arrange<T>(inputs_, parts,
                                  source::choose_reading(parts, axes, "--axes", warn));
    }

  private:
    source::StoredParts parts_of(const std::string& name) {
        source::StoredParts parts = source::find_stored_parts(inputs_, name);
        if (parts.stacked || parts.shape().size() < 3)
            fail("--steps-axis: ", source::described(parts),
                 ": expected one array whose first axis are the steps, [steps, q, k] or more");
        return parts;
    }

    std::string name_;
    io::Inputs inputs_;
    source::StoredParts parts_;
    std::shared_ptr<Array<T>> whole_;
};

template <class T>
io::MatrixReader<T> reader_of(const source::StoredAttention<T>& attention) {
    std::vector<const T*> matrices;
    const Shape& shape = attention.shape();
    for (const source::StoredLayer<T>& layer : attention.layers) {
        for (std::size_t i = 0; i < shape[0] * shape[1]; ++i)
            matrices.push_back(layer.weights.matrix(i / shape[1], i % shape[1]).data);
    }
    return {std::move(matrices), shape[2], shape[3]};
}

template <class T>
std::string digest_of_matrix(const MatrixView<const T>& matrix) {
    return io::xxh3({reinterpret_cast<const std::byte*>(matrix.data),
                     matrix.rows * matrix.columns * sizeof(T)});
}

// Two steps in memory, whose places are taken in turn.
template <class T>
class HeldSteps {
  public:
    // Where the step lies in files and is small: reads all of it, and makes digests on the way.
    void hold(OpenStep<T>& step) {
        const Shape& shape = step.attention.shape();
        const std::size_t of_layer = shape[0] * shape[1], cells = shape[2] * shape[3];
        const std::size_t matrices = step.attention.layers.size() * of_layer;
        if (matrices * cells * sizeof(T) > kMostHeld) return;
        const io::MatrixReader<T> reader = reader_of(step.attention);
        if (!reader.copies()) return;
        Place& place = places_[next_ ^= 1];
        if (place.size < matrices * cells) {
            place.numbers = AlignedBuffer<T>(matrices * cells);
            place.size = matrices * cells;
            prefer_large_pages(place.numbers.data(), place.size * sizeof(T));
        }
        step.digests.resize(matrices);
        std::vector<const T*> held(matrices);
        parallel_for(matrices, [&](std::size_t i) {
            const auto matrix = reader.rows(i, 0, shape[2], place.numbers.data() + i * cells);
            held[i] = matrix.data;
            step.digests[i] = digest_of_matrix(matrix);
        });
        for (std::size_t layer = 0; layer < step.attention.layers.size(); ++layer) {
            const auto first = held.begin() + static_cast<std::ptrdiff_t>(layer * of_layer);
            step.attention.layers[layer].weights = source::HeadMatrices<T>(
                shape, {first, first + static_cast<std::ptrdiff_t>(of_layer)}, {}, false);
        }
    }

  private:
    struct Place {
        AlignedBuffer<T> numbers;
        std::size_t size = 0;
    };
    std::array<Place, 2> places_;
    std::size_t next_ = 0;
};

// Digests of all matrices, and of those together.
template <class T>
std::string digest_of(const OpenStep<T>& step) {
    const Shape& shape = step.attention.shape();
    std::vector<std::string> digests = step.digests;
    if (digests.empty()) {
        digests.resize(step.attention.layers.size() * shape[0] * shape[1]);
        parallel_for(digests.size(), [&](std::size_t i) {
            const std::size_t head = i % shape[1], sequence = i / shape[1] % shape[0];
            digests[i] = digest_of_matrix(
                step.attention.layers[i / (shape[0] * shape[1])].weights.matrix(sequence, head));
        });
    }
    std::string all;
    for (const std::string& digest : digests) all += digest;
    return io::xxh3({reinterpret_cast<const std::byte*>(all.data()), all.size()});
}

template <class T>
MatrixView<const T> weights_of(const OpenStep<T>& step, const analysis::StepRows& rows, T* buffer) {
    const auto& layers = step.attention.layers;
    const auto found = std::find_if(layers.begin(), layers.end(),
                                    [&](const auto& one) { return one.layer == rows.layer; });
    const Shape& shape = step.attention.shape();
    const auto layer = static_cast<std::size_t>(found - layers.begin());
    return step.reader->rows((layer * shape[0] + rows.sequence) * shape[1] + rows.head, rows.first,
                             rows.count, buffer);
}

}  // namespace

std::vector<source::TrainingStep> stored_steps(const MonitorRequest& request) {
    if (request.steps_axis) {
        if (request.sources.size() != 1)
            fail("--steps-axis: takes one array, not ", request.sources.size(), " sources");
        std::vector<source::TrainingStep> steps;
        io::Inputs inputs;
        const source::StoredParts parts =
            source::find_stored_parts(inputs, request.sources.front());
        const std::vector<std::int64_t> numbers = source::parse_steps(request.steps);
        if (numbers.size() != parts.shape().front())
            fail("--steps: names ", counted(numbers.size(), "step"), ", the first axis of ",
                 source::described(parts), " has ", parts.shape().front());
        if (!std::is_sorted(numbers.begin(), numbers.end()))
            fail("--steps: expected steps that rise along the first axis");
        for (const std::int64_t number : numbers)
            steps.push_back({number, request.sources.front()});
        return steps;
    }
    const bool several = request.sources.size() > 1;
    return source::find_training_steps(
        request.sources, request.steps,
        {"saved attention",
         [several](const std::string& folder) { return several || results::is_run_folder(folder); },
         holds_attention});
}

DType type_of_steps(const MonitorRequest& request, const std::vector<source::TrainingStep>& steps) {
    DType type = DType::float32;
    for (const source::TrainingStep& step : steps) {
        io::Inputs inputs;
        if (source::working_type(inputs, step.source, request.from.precision) == DType::float64)
            type = DType::float64;
    }
    return type;
}

Progress progress_of_step(const Progress& progress, std::size_t step, std::size_t steps) {
    return [&progress, step, steps](std::size_t done, std::size_t total) {
        progress(step * total + done, steps * total);
    };
}

template <class T>
analysis::TrainingSeries measure_stored(const MonitorRequest& request,
                                        const std::vector<source::TrainingStep>& steps,
                                        const AfterFirst& after_first, const Progress& progress,
                                        const Warn& warn) {
    const Warn silent;
    std::optional<StepsAxis<T>> axis;
    if (request.steps_axis) axis.emplace(steps.front().source);
    StepCollector<T> collector(request.per_sequence, request.ranks);
    HeldSteps<T> held;
    std::unique_ptr<OpenStep<T>> before;
    bool doubted = false, leaked = false;
    for (std::size_t i = 0; i < steps.size(); ++i) {
        // What is said of one step holds for all.
        const Warn& own_warn = i == 0 ? warn : silent;
        source::SourceRequest from = request.from;
        from.source = steps[i].source;
        auto now = std::make_unique<OpenStep<T>>();
        source::StoredAttention<T>& attention = now->attention;
        if (axis) {
            attention = axis->step(i, from.axes, own_warn);
        } else {
            source::ArraySource array{from.source, from.axes};
            array.guess_causal = !from.layers;
            attention = source::open_stored_attention<T>(now->inputs, array, own_warn);
            // All of a step that is held is looked at there.
            if (!from.layers) held.hold(*now);
            if (attention.causal_is_guess) source::look_at_all_layers(attention);
            source::load_scores(now->inputs, from.source, attention);
        }
        source::select_layers(attention, from);
        // Beside steps that are causal one with a leak would seem to be another model.
        if (!request.input.attention.causal)
            leaked = source::take_leak_as_causal(attention, from.source, leaked ? silent : warn) ||
                     leaked;
        source::add_labels_beside(now->inputs, from, attention, own_warn);
        const MaskOptions<T> mask =
            source::load_stored_mask(request.input.attention, attention, now->inputs, own_warn);
        attention.structure = mask.structure;
        StepInput<T> input;
        input.step = steps[i];
        now->reader.emplace(reader_of(attention));
        input.digest = digest_of(*now);
        input.share = source::choose_share(attention, from);
        source::warn_of_idle_ranks(request.ranks, input.share, attention, own_warn);
        source::PatternTokens tokens = source::choose_pattern_tokens(attention, from, own_warn);
        input.stats.offsets = std::move(tokens.offsets);
        input.stats.tokens = std::move(tokens.keys);
        const bool same_shape = before && before->attention.shape() == attention.shape() &&
                                before->attention.layers.size() == attention.layers.size();
        if (same_shape) {
            const OpenStep<T>& earlier = *before;
            input.facts.before = [&earlier](const analysis::StepRows& rows, T* buffer) {
                return weights_of(earlier, rows, buffer);
            };
        }
        const std::string doubt =
            collector.add(source::StoredSource<T>(attention), std::move(input),
                          progress_of_step(progress, i, steps.size()));
        if (i == 0) after_first(collector.series());
        if (warn && !doubted && !attention.has_sinks && !doubt.empty()) {
            warn(steps[i].source + ", step " + std::to_string(steps[i].number) + ": " + doubt);
            doubted = true;
        }
        before = std::move(now);
    }
    return collector.take();
}

template analysis::TrainingSeries measure_stored<float>(const MonitorRequest&,
                                                        const std::vector<source::TrainingStep>&,
                                                        const AfterFirst&, const Progress&,
                                                        const Warn&);
template analysis::TrainingSeries measure_stored<double>(const MonitorRequest&,
                                                         const std::vector<source::TrainingStep>&,
                                                         const AfterFirst&, const Progress&,
                                                         const Warn&);

}  // namespace attn::pipeline

#include "analysis/method_times.hpp"

#include "attention/approx/fast_paths.hpp"
#include "attention/query_offset.hpp"
#include "core/parallel.hpp"

namespace attn::analysis {
namespace {

// One head of those that are timed together.
template <class T>
struct TimedHead {
    approx::FastHead<T> head;
    approx::RunHead<T> run;
    std::vector<T> contexts;
};

template <class T>
Matrix<double> in_float64(MatrixView<const T> from) {
    Matrix<double> matrix(from.rows, from.columns);
    for (std::size_t row = 0; row < from.rows; ++row)
        std::copy(from.row(row).begin(), from.row(row).end(), matrix.row(row).begin());
    return matrix;
}

}  // namespace

template <class T>
TimeSink<T>::TimeSink(std::vector<ApproxMethod> methods, std::size_t repeat)
    : methods_(std::move(methods)), repeat_(repeat) {}

template <class T>
bool TimeSink<T>::has_fast_paths(const AttentionOptions<T>& options) {
    const MaskOptions<T>& mask = options.mask;
    const MaskStructure& structure = mask.structure;
    return !options.softcap && options.sinks.empty() && !structure.window_left &&
           !structure.window_right && structure.key_lengths.empty() && mask.may_attend.empty() &&
           mask.added.empty() && mask.bias.empty() && mask.alibi.empty() && mask.relative.empty();
}

template <class T>
void TimeSink<T>::end_layer(const LayerOutputs<T>& outputs) {
    const LayerShare share{shape_.chosen_sequences, shape_.chosen_heads, false};
    const AttentionInputs<T> inputs =
        attention_inputs(shape_.layer, *outputs.attention, options_, share);
    LayerTimes times{shape_.layer, 0, {}};
    const Mask<T> mask(options_.mask, shape_.keys);
    times.exact = best_time(repeat_, [&] { attend(inputs, mask, {}); });
    for (const ApproxMethod& method : methods_) {
        const bool exact = method.row().group == approx::Group::exact;
        times.methods.push_back(exact ? times.exact : time_of(method, inputs));
    }
    layers_.push_back(std::move(times));
}

template <class T>
std::optional<double> TimeSink<T>::time_of(const ApproxMethod& method,
                                           const AttentionInputs<T>& inputs) const {
    if (method.parts.size() > 1 || !has_fast_paths(options_)) return std::nullopt;
    const auto path = approx::fast_path<T>(method.row(), method.options());
    if (!path) return std::nullopt;
    std::vector<TimedHead<T>> heads(shape_.slots());
    parallel_for(shape_.sequences * shape_.heads, [&](std::size_t item) {
        const std::size_t sequence = item / shape_.heads, head = item % shape_.heads;
        if (!shape_.streams(sequence, head)) return;
        TimedHead<T>& timed = heads[shape_.slot(sequence, head)];
        const std::size_t kv = kv_head_of(head, inputs.q.heads, inputs.k.heads, inputs.kv_order);
        timed.head = {shape_.layer,
                      shape_.number_of(head),
                      inputs.q.head(sequence, head),
                      inputs.k.head(sequence, kv),
                      inputs.v.head(sequence, kv),
                      inputs.scale,
                      options_.mask.structure.causal,
                      offset_of(options_.mask.structure.offsets, sequence)};
        timed.contexts.resize(shape_.queries * inputs.v.width);
        const Matrix<double> q = in_float64(timed.head.q), k = in_float64(timed.head.k),
                             v = in_float64(timed.head.v);
        approx::HeadInput input;
        input.layer = timed.head.layer;
        input.head = timed.head.head;
        input.sizes = {shape_.queries, shape_.keys, inputs.q.width, inputs.v.width,
                       timed.head.offset};
        input.causal = input.masked = timed.head.causal;
        input.scale = static_cast<double>(inputs.scale);
        input.q = q.view();
        input.k = k.view();
        input.v = v.view();
        timed.run = path(method.options_of(input.layer, sequence, input.head), timed.head, input);
    });
    return best_time(repeat_, [&] {
        parallel_for(heads.size(), [&](std::size_t i) {
            heads[i].run({heads[i].contexts.data(), shape_.queries, inputs.v.width});
        });
    });
}

template class TimeSink<float>;
template class TimeSink<double>;

}  // namespace attn::analysis

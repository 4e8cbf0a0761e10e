#include "analysis/growth_sink.hpp"

#include "analysis/method_times.hpp"
#include "attention/approx/fast_head.hpp"
#include "attention/approx/philox.hpp"
#include "attention/blas.hpp"
#include "core/parallel.hpp"

namespace attn::analysis {
namespace {

// The first n tokens of some sequences, from the first again where there are not so many.
template <class T>
Heads<T> repeated_tokens(const HeadsView<T>& from, std::size_t sequences, std::size_t n) {
    std::vector<T> values;
    values.reserve(sequences * from.heads * n * from.width);
    for (std::size_t item = 0; item < sequences * from.heads; ++item) {
        const MatrixView<const T> head = from.head(item / from.heads, item % from.heads);
        for (std::size_t token = 0; token < n; ++token) {
            const Span<const T> row = head.row(token % from.tokens);
            values.insert(values.end(), row.begin(), row.end());
        }
    }
    return make_separate_heads(Array<T>({sequences, from.heads, n, from.width}, std::move(values)));
}

// [n, heads * width] in float32: what recurrent layers and projections read.
template <class T>
Array<float> side_by_side(const HeadsView<T>& heads) {
    std::vector<float> values;
    values.reserve(heads.tokens * heads.heads * heads.width);
    for (std::size_t token = 0; token < heads.tokens; ++token) {
        for (std::size_t head = 0; head < heads.heads; ++head) {
            for (const T x : heads.head(0, head).row(token))
                values.push_back(static_cast<float>(x));
        }
    }
    return Array<float>({heads.tokens, heads.heads * heads.width}, std::move(values));
}

// The four projections of a layer of this width: what they multiply by does not matter to time.
class Projections {
  public:
    Projections(std::size_t d, std::uint64_t seed) : d_(d) {
        constexpr std::size_t kRound = 2;  // 0 and 1 are those of recurrent layers
        const approx::RandomStream stream(seed, approx::Purpose::recurrent_weights, 0, 0, kRound);
        const std::vector<double> drawn = stream.normals(d * d);
        weights_.assign(drawn.begin(), drawn.end());
    }

    void run(const Array<float>& x) const {
        std::vector<float> result(x.extent(0) * d_);
        const MatrixView<const float> weights(weights_.data(), d_, d_);
        for (int projection = 0; projection < 4; ++projection) {
            approx::for_fast_blocks(x.extent(0), [&](std::size_t begin, std::size_t count) {
                multiply_transposed<float>(1.0F, approx::some_rows(x.matrix(), begin, count),
                                           weights, {result.data() + begin * d_, count, d_});
            });
        }
    }

  private:
    std::size_t d_;
    std::vector<float> weights_;
};

}  // namespace

template <class T>
GrowthSink<T>::GrowthSink(MethodsOfLength errors, MethodsOfLength times, std::size_t repeat,
                          std::uint64_t seed)
    : errors_(std::move(errors)), times_(std::move(times)), repeat_(repeat), seed_(seed) {
    for (const auto& [n, methods] : errors_)
        sinks_[n] = std::make_unique<ApproxSink<T>>(methods, ApproxOptions<T>{});
}

template <class T>
GrowthSink<T>::~GrowthSink() = default;

template <class T>
void GrowthSink<T>::end_layer(const LayerOutputs<T>& outputs) {
    if (!TimeSink<T>::has_fast_paths(options_)) return;
    if (outputs.attention->q.view.tokens == outputs.attention->k.view.tokens)
        measure_errors(*outputs.attention);
    if (repeat_ > 0 && seconds_.empty()) measure_times(*outputs.attention);
}

template <class T>
LayerResult<T> GrowthSink<T>::first_tokens(const LayerResult<T>& from, std::size_t sequences,
                                           std::size_t n) const {
    return {repeated_tokens(from.q.view, sequences, n), repeated_tokens(from.k.view, sequences, n),
            repeated_tokens(from.v.view, sequences, n), Array<T>()};
}

// Options for heads that are placed already; query i stands at key i.
template <class T>
AttentionOptions<T> GrowthSink<T>::plain_options() const {
    AttentionOptions<T> options = options_;
    options.rotary.reset();
    options.past_key = options.past_value = Array<T>();
    options.mask.structure.offsets = {0};
    return options;
}

template <class T>
void GrowthSink<T>::measure_errors(const LayerResult<T>& heads) {
    const LayerShare share{shape_.chosen_sequences, shape_.chosen_heads, false};
    for (auto& [n, sink] : sinks_) {
        const LayerResult<T> some = first_tokens(heads, heads.q.view.batch, n);
        RanksSink<T> ranks(ranks_);
        const LayerResult<T> done = compute_heads<T>(shape_.layer, some.q, some.k, some.v,
                                                     plain_options(), {&ranks, sink.get()}, share);
        LayerOutputs<T> outputs;
        outputs.layer = shape_.layer;
        outputs.attention = &done;
        sink->end_layer(outputs);
    }
}

template <class T>
void GrowthSink<T>::measure_times(const LayerResult<T>& heads) {
    const std::size_t d = heads.q.view.heads * heads.q.view.width;
    const Projections projections(d, seed_);
    for (const auto& [n, methods] : times_) {
        const LayerResult<T> some = first_tokens(heads, 1, n);
        const Array<float> x = side_by_side(some.q.view);
        const double projecting = best_time(repeat_, [&] { projections.run(x); });
        TimeSink<T> sink(methods, repeat_);
        sink.begin_options(plain_options());
        LayerShape shape = shape_;
        shape.sequences = 1;
        shape.queries = shape.keys = n;
        shape.chosen_sequences = shape.chosen_heads = std::nullopt;
        sink.begin_layer(shape);
        LayerOutputs<T> outputs;
        outputs.attention = &some;
        sink.end_layer(outputs);
        const LayerTimes& times = sink.layers().front();
        seconds_["attention"][n] = projecting + times.exact;
        for (std::size_t i = 0; i < methods.size(); ++i) {
            if (times.methods[i]) seconds_[methods[i].text][n] = projecting + *times.methods[i];
        }
        for (const auto kind :
             {approx::Recurrent::rnn, approx::Recurrent::gru, approx::Recurrent::lstm}) {
            const approx::RecurrentLayer layer(kind, d, seed_);
            seconds_[approx::name_of(kind)][n] = best_time(repeat_, [&] { layer.run(x.matrix()); });
        }
    }
}

template <class T>
std::map<std::size_t, std::vector<ApproxMeasures>> GrowthSink<T>::measures() const {
    std::map<std::size_t, std::vector<ApproxMeasures>> all;
    for (const auto& [n, sink] : sinks_) {
        if (sink->heads().empty()) continue;
        for (std::size_t method = 0; method < sink->methods().size(); ++method) {
            std::vector<const ErrorSums*> sums;
            std::vector<const ApproxMeasures*> measures;
            for (const HeadApproximation& head : sink->heads()) {
                if (head.method != method) continue;
                sums.push_back(&head.sums);
                measures.push_back(&head.measures);
            }
            std::size_t worst = 0, least = 0;
            all[n].push_back(pooled_measures(sums, measures, worst, least));
        }
    }
    return all;
}

template class GrowthSink<float>;
template class GrowthSink<double>;

}  // namespace attn::analysis

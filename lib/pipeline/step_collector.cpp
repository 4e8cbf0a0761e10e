#include "pipeline/step_collector.hpp"

#include <algorithm>
#include <cmath>

#include "attention/ranks_sink.hpp"
#include "core/error.hpp"
#include "core/index_list.hpp"
#include "core/shape.hpp"

namespace attn::pipeline {
namespace {

using analysis::HeadStats;
using analysis::LayerFacts;
using analysis::LayerSeries;
using analysis::StepFacts;
using analysis::StepHead;
using analysis::StepLayer;
using analysis::StepModel;

// One head of one sequence at one step.
struct FoundHead {
    std::size_t layer, sequence, head;
    StepHead values;
    double change;
    double difference;
};

FoundHead found_head(const HeadStats& stats, const StepFacts& facts) {
    FoundHead found{facts.layer, facts.sequence, facts.head, {}, facts.change, facts.difference};
    found.values.nonfinite = facts.nonfinite;
    found.values.no_weights = facts.no_weights;
    if (facts.nonfinite) {
        found.change = StepHead::kNone;
        return found;
    }
    StepHead& values = found.values;
    values.entropy = stats.entropy;
    values.entropy_normalised = stats.entropy_normalised;
    values.confidence = stats.confidence;
    values.effective_keys = stats.effective_keys;
    values.saturation = stats.saturation;
    values.sink = stats.sink;
    values.induction = stats.induction;
    values.previous_token = stats.previous_token;
    values.duplicate_token = stats.duplicate_token;
    values.max_score = facts.max_score;
    values.max_abs_score = facts.max_abs_score;
    values.score_std = facts.score_std;
    values.score_range = facts.score_range;
    values.qk_spectral = facts.qk_spectral;
    return found;
}

// The mean of the values that exist.
struct MeanOfSome {
    double sum = 0, count = 0;
    void add(double value) {
        if (!std::isnan(value)) sum += value, count += 1;
    }
    double value() const { return count > 0 ? sum / count : StepHead::kNone; }
};

// A head of which one sequence is not finite has no mean.
StepHead mean_of(const std::vector<const FoundHead*>& sequences) {
    StepHead mean;
    for (const FoundHead* one : sequences) {
        mean.nonfinite = mean.nonfinite || one->values.nonfinite;
        mean.no_weights = mean.no_weights || one->values.no_weights;
    }
    if (mean.nonfinite) return mean;
    for (const auto& measure : analysis::head_measures()) {
        MeanOfSome values;
        for (const FoundHead* one : sequences) values.add(one->values.*measure.value);
        mean.*measure.value = values.value();
    }
    return mean;
}

// Everything of one step: of the mean of the sequences, or of one alone.
class StepPart {
  public:
    StepPart(const std::vector<FoundHead>& heads, const std::vector<LayerFacts>& layers,
             std::optional<std::size_t> sequence)
        : sequence_(sequence) {
        for (const FoundHead& head : heads)
            if (!sequence || head.sequence == *sequence) heads_.push_back(&head);
        for (const LayerFacts& layer : layers)
            if (!sequence || layer.sequence == *sequence) layers_.push_back(&layer);
    }

    // Puts it behind the series of the same layers and heads, which the first step makes.
    void append_to(analysis::TrainingSeries& series, bool first) const {
        for (std::size_t layer : layer_numbers()) {
            std::vector<StepHead> heads;
            for (std::size_t head : head_numbers()) {
                heads.push_back(mean_of(those_of(layer, head)));
                if (first) series.heads.push_back({layer, head, sequence_, {}});
                for (auto& one : series.heads)
                    if (one.layer == layer && one.head == head && one.sequence == sequence_)
                        one.steps.push_back(heads.back());
            }
            if (first) series.layers.push_back({layer, sequence_, {}});
            for (LayerSeries& one : series.layers)
                if (one.layer == layer && one.sequence == sequence_)
                    one.steps.push_back(layer_of(layer, heads));
        }
    }

  private:
    std::vector<std::size_t> layer_numbers() const {
        std::vector<std::size_t> numbers;
        for (const FoundHead* head : heads_)
            if (numbers.empty() || numbers.back() != head->layer) numbers.push_back(head->layer);
        return numbers;
    }
    std::vector<std::size_t> head_numbers() const {
        std::vector<std::size_t> numbers;
        for (const FoundHead* head : heads_)
            if (std::find(numbers.begin(), numbers.end(), head->head) == numbers.end())
                numbers.push_back(head->head);
        return numbers;
    }
    std::vector<const FoundHead*> those_of(std::size_t layer, std::size_t head) const {
        std::vector<const FoundHead*> some;
        for (const FoundHead* one : heads_)
            if (one->layer == layer && one->head == head) some.push_back(one);
        return some;
    }
    StepLayer layer_of(std::size_t layer, const std::vector<StepHead>& heads) const {
        StepLayer values;
        MeanOfSome entropy, saturation, keys, change, residual, cosine, rank;
        for (const StepHead& head : heads) {
            entropy.add(head.entropy_normalised);
            saturation.add(head.saturation);
            keys.add(head.effective_keys);
        }
        for (const FoundHead* head : heads_)
            if (head->layer == layer) change.add(head->change);
        for (const LayerFacts* facts : layers_) {
            if (facts->layer != layer) continue;
            values.nonfinite = values.nonfinite || facts->nonfinite;
            residual.add(facts->rank_residual);
            cosine.add(facts->token_cosine);
            rank.add(facts->stable_rank);
        }
        values.entropy_normalised = entropy.value();
        values.saturation = saturation.value();
        values.effective_keys = keys.value();
        values.change = change.value();
        values.rank_residual = residual.value();
        values.token_cosine = cosine.value();
        values.stable_rank = rank.value();
        return values;
    }

    std::optional<std::size_t> sequence_;
    std::vector<const FoundHead*> heads_;
    std::vector<const LayerFacts*> layers_;
};

StepModel model_of(const analysis::TrainingSeries& series, const std::vector<FoundHead>& heads,
                   bool compared) {
    constexpr double kSink = 0.3;
    StepModel model;
    double sinks = 0, counted = 0;
    const auto keep_larger = [](double& most, double value) {
        if (!std::isnan(value) && !(value <= most)) most = value;
    };
    for (const auto& head : series.heads) {
        if (head.sequence) continue;
        const StepHead& values = head.steps.back();
        if (!std::isnan(values.sink)) counted += 1, sinks += values.sink > kSink ? 1 : 0;
        keep_larger(model.induction_max, values.induction);
        keep_larger(model.max_abs_score, values.max_abs_score);
    }
    if (counted > 0) model.sink_rate = sinks / counted;
    if (!compared) return model;
    // A number that is none differs from every other, by nobody knows how much.
    model.difference = 0;
    for (const FoundHead& head : heads)
        model.difference = std::isnan(head.difference) ? head.difference
                           : std::isnan(model.difference)
                               ? model.difference
                               : std::max(model.difference, head.difference);
    return model;
}

}  // namespace

template <class T>
void StepCollector<T>::require_same(const source::Outline& outline,
                                    const source::TrainingStep& step) const {
    const auto shape = [](const source::Outline& one) {
        return to_string(
            Shape{one.layers.size(), one.sequences, one.heads.size(), one.queries, one.keys});
    };
    const auto of = [](const source::Outline& one) {
        return " (layers " + index_list_text(one.layers) + ", heads " + index_list_text(one.heads) +
               ")";
    };
    if (shape(outline) != shape(first_) || outline.layers != first_.layers ||
        outline.heads != first_.heads)
        fail(step.source, ": step ", step.number, " is [layers, batch, heads, queries, keys] ",
             shape(outline), of(outline), ", that of ", first_source_, " is ", shape(first_),
             of(first_), "; all steps must have the same layers, heads and tokens");
    const bool named = !outline.tokens.empty() && !first_.tokens.empty();
    if (named && outline.tokens != first_.tokens)
        fail(step.source, ": step ", step.number, " is of other tokens than ", first_source_,
             "; all steps must have read the same");
}

template <class T>
void StepCollector<T>::note_digest(const std::string& digest) {
    const auto earlier = std::find(digests_.begin(), digests_.end(), digest);
    series_.repeats.emplace_back();
    if (earlier != digests_.end() && !digest.empty())
        series_.repeats.back() = static_cast<std::size_t>(earlier - digests_.begin());
    digests_.push_back(digest);
}

template <class T>
std::string StepCollector<T>::add(const source::Source<T>& source, StepInput<T> input,
                                  const Progress& progress) {
    const bool first = series_.steps.empty();
    if (first) {
        first_ = source.outline();
        first_source_ = input.step.source;
    } else {
        require_same(source.outline(), input.step);
    }
    const bool compared = input.facts.before != nullptr;
    input.facts.name = input.step.source + ", step " + std::to_string(input.step.number);
    analysis::StatsSink<T> stats(std::move(input.stats));
    input.facts.entropy_of = [&stats](std::size_t sequence, std::size_t head, std::size_t query) {
        return stats.entropy_of(sequence, head, query);
    };
    if (compared && last_)
        input.facts.rows_before = [last = last_](const analysis::StepRows& rows) {
            return last->rows_kept(rows);
        };
    const auto facts = std::make_shared<analysis::StepSink<T>>(std::move(input.facts));
    RanksSink<T> ranks(ranks_);
    source.stream({&ranks, &stats, facts.get()}, input.share, progress);

    std::vector<FoundHead> heads;
    for (std::size_t i = 0; i < stats.heads().size(); ++i)
        heads.push_back(found_head(stats.heads()[i], facts->heads()[i]));
    series_.steps.push_back(input.step.number);
    note_digest(input.digest);
    StepPart(heads, facts->layers(), std::nullopt).append_to(series_, first);
    if (per_sequence_) {
        for (std::size_t sequence = 0; sequence < source.outline().sequences; ++sequence)
            if (is_chosen(input.share.sequences, sequence))
                StepPart(heads, facts->layers(), sequence).append_to(series_, first);
    }
    series_.model.push_back(model_of(series_, heads, compared));
    facts->forget_before();
    last_ = facts;
    return analysis::doubt_of_weights(stats.heads());
}

template <class T>
analysis::WeightsBefore<T> StepCollector<T>::weights_before() const {
    if (!last_) return nullptr;
    const std::shared_ptr<analysis::StepSink<T>> last = last_;
    return [last](const analysis::StepRows& rows, T*) -> MatrixView<const T> {
        const MatrixView<const T> all = last->kept(rows.layer, rows.sequence, rows.head);
        return {all.row(rows.first).data(), rows.count, all.columns};
    };
}

template class StepCollector<float>;
template class StepCollector<double>;

}  // namespace attn::pipeline

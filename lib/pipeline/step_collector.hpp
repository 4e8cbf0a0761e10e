// Streams one step of a training after another and puts what was measured into series.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "analysis/stats_sink.hpp"
#include "analysis/step_sink.hpp"
#include "analysis/training_series.hpp"
#include "core/communicator.hpp"
#include "source/source.hpp"
#include "source/training_steps.hpp"

namespace attn::pipeline {

// What is known of a step beside its source.
template <class T>
struct StepInput {
    source::TrainingStep step;
    std::string digest;  // of its numbers
    Share share;
    analysis::StatsOptions stats;
    analysis::StepOptions<T> facts;
};

template <class T>
class StepCollector {
  public:
    // `per_sequence`: series of each sequence of a batch beside those of their mean. `ranks`
    // stream together.
    StepCollector(bool per_sequence, Communicator ranks)
        : per_sequence_(per_sequence), ranks_(std::move(ranks)) {}

    // Steps come in their order. Throws Error where layers, heads, sequences, queries or keys are
    // not those of the first step. Returns why this step may hold no weights; empty where it seems
    // to.
    std::string add(const source::Source<T>& source, StepInput<T> input, const Progress& progress);

    // The weights of the last step, where its options said to keep them; else none.
    analysis::WeightsBefore<T> weights_before() const;

    // The series of the steps so far.
    const analysis::TrainingSeries& series() const { return series_; }
    analysis::TrainingSeries take() { return std::move(series_); }

  private:
    void require_same(const source::Outline& outline, const source::TrainingStep& step) const;
    void note_digest(const std::string& digest);

    bool per_sequence_;
    Communicator ranks_;
    analysis::TrainingSeries series_;
    source::Outline first_;
    std::string first_source_;
    std::vector<std::string> digests_;
    std::shared_ptr<analysis::StepSink<T>> last_;
};

}  // namespace attn::pipeline

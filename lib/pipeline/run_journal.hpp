// What a run has completed, kept beside what it staged, so that a later run of the same flags and
// inputs goes on where this one was killed. For each complete layer the journal holds what sinks
// remember of it, and what the next layer reads.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "attention/ranks_sink.hpp"
#include "core/array.hpp"
#include "io/output_folder.hpp"

namespace attn::pipeline {

// What must be the same, each by its name: {"--scale", "0.3"}.
using RunFacts = std::vector<std::pair<std::string, std::string>>;

// A name for what a file holds, with its time of change where it is too large to be read for that;
// empty for what is no file.
std::string mark_of_file(const std::string& path);

// Flags and their values, {"--causal", ""}, of a line of shell words.
RunFacts facts_of_command(const std::string& line);

template <class T>
class RunJournal {
  public:
    // The journal of the folder `output`, which ranks share. Throws Error that names a fact which
    // differs from that of the run that was killed.
    RunJournal(io::OutputFolder& folder, const std::string& output, const RunFacts& facts,
               const Communicator& ranks);

    // The last layer that is complete.
    std::optional<std::size_t> last_layer() const;

    // Gives sinks what they remember of the layers that are complete. Returns what the last of them
    // gave to the next one; empty where nothing follows.
    Array<T> replay(const Sinks<T>& sinks) const;

    // Two sinks that write the journal: one for the front of `sinks`, one for their end.
    Sink<T>* front() { return &front_; }
    Sink<T>* back() { return &back_; }
    // Whose memory is kept. Must be called before the first layer, and they must outlive it.
    // `settle` returns when all files of the layers so far are written.
    void remember(const Sinks<T>& sinks, std::function<void()> settle);

  private:
    // Takes down what was found, before other sinks end the layer.
    class Front : public Sink<T>, public JoiningSink<T> {
      public:
        explicit Front(RunJournal& journal) : journal_(journal) {}
        void begin_layer(const LayerShape& shape) override { journal_.shape_ = shape; }
        void consume(const Tile<T>&) override {}
        bool takes_rows() const override { return true; }
        void end_layer(const LayerOutputs<T>&) override { journal_.note_layer(); }

      private:
        RunJournal& journal_;
    };
    // Says that it is complete, when all have ended it.
    class Back : public Sink<T>, public JoiningSink<T> {
      public:
        explicit Back(RunJournal& journal) : journal_(journal) {}
        void consume(const Tile<T>&) override {}
        bool takes_rows() const override { return true; }
        void end_layer(const LayerOutputs<T>& outputs) override { journal_.end_layer(outputs); }

      private:
        RunJournal& journal_;
    };

    std::string path(const std::string& name) const;
    void write(const std::string& name, const std::string& bytes) const;
    void note_layer();
    void end_layer(const LayerOutputs<T>& outputs);

    io::OutputFolder& folder_;
    const Communicator& ranks_;
    std::vector<std::size_t> layers_;  // that are complete
    Sinks<T> sinks_;
    std::function<void()> settle_;
    LayerShape shape_;
    std::string note_;
    Front front_{*this};
    Back back_{*this};
};

}  // namespace attn::pipeline

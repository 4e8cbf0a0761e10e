// Stands for a sink on the processes that do not write: what it needs is made there too, so that
// all processes take the same steps, and nothing is done with it.
#pragma once

#include <memory>

#include "attention/ranks_sink.hpp"

namespace attn::results {

template <class T>
class NeedsSink : public Sink<T> {
  public:
    explicit NeedsSink(Needs needs) : needs_(needs) {}

    Needs needs() const override { return needs_; }
    void consume(const Tile<T>&) override {}

  private:
    Needs needs_;
};

template <class T>
class JoiningNeedsSink : public NeedsSink<T>, public JoiningSink<T> {
  public:
    JoiningNeedsSink(Needs needs, bool takes_rows) : NeedsSink<T>(needs), takes_rows_(takes_rows) {}
    bool takes_rows() const override { return takes_rows_; }

  private:
    bool takes_rows_;
};

// It joins if the sink does.
template <class T>
std::unique_ptr<Sink<T>> stand_in_for(const Sink<T>& sink) {
    if (const auto* const joining = dynamic_cast<const JoiningSink<T>*>(&sink))
        return std::make_unique<JoiningNeedsSink<T>>(sink.needs(), joining->takes_rows());
    return std::make_unique<NeedsSink<T>>(sink.needs());
}

}  // namespace attn::results

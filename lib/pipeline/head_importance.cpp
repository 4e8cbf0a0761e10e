#include "pipeline/head_importance.hpp"

#include <cmath>

#include "analysis/head_gradients.hpp"
#include "core/error.hpp"
#include "source/gradient_pass.hpp"

namespace attn::pipeline {

void ask_for_gradients(const source::Upstream& upstream, source::ComputedRequest& input) {
    if (input.saved)
        fail("--upstream: q, k and v of ", input.saved->folder,
             " stand for themselves; give -x and -w, or -q, -k and -v");
    const bool whole = input.query.empty() && input.hidden_states.empty();
    input.asked_by = upstream.named();
    input.logits = whole && upstream.kind == source::Upstream::Kind::logit;
    input.hidden = input.logits;
}

template <class T>
analysis::HeadNumbers head_importance(const source::ComputedSource<T>& source, io::Inputs& files,
                                      const source::Upstream& upstream, const Communicator& ranks,
                                      const Progress& progress) {
    analysis::HeadNumbers importance;
    analysis::HeadGradientSink<T> measures(false);
    const source::GradientPass<T> pass(source, files, upstream, ranks);
    typename source::GradientPass<T>::Visits visits;
    visits.before = [](std::size_t) {};
    visits.layer = [&](const source::LayerPass<T>&) {
        for (const analysis::HeadGradientStats& head : measures.heads()) {
            if (std::isnan(head.importance))
                fail(upstream.named(), ": the gradient of layer ", head.layer, ", head ", head.head,
                     " is no number");
            importance[{head.layer, head.sequence, head.head}] = head.importance;
        }
    };
    visits.final_hidden = [](const Array<T>&) {};
    pass.stream({&measures}, std::nullopt, visits, progress);
    return importance;
}

template analysis::HeadNumbers head_importance(const source::ComputedSource<float>&, io::Inputs&,
                                               const source::Upstream&, const Communicator&,
                                               const Progress&);
template analysis::HeadNumbers head_importance(const source::ComputedSource<double>&, io::Inputs&,
                                               const source::Upstream&, const Communicator&,
                                               const Progress&);

}  // namespace attn::pipeline

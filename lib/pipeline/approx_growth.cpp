#include "pipeline/approx_growth.hpp"

#include <algorithm>

#include "pipeline/approx_rows.hpp"

namespace attn::pipeline {
namespace {

using approx::Sizes;
using approx::Spec;

// A method of the run whose layers have a formula, with its options for a length.
analysis::ApproxMethod grown_method(const ApproxRequest& request, const Spec& spec, Sizes sizes,
                                    std::size_t n) {
    sizes.queries = sizes.keys = n;
    sizes.offset = 0;
    const approx::SpecPart& part = spec.parts.front();
    return {spec.text(),
            {{part.row, approx::resolve(part, sizes, request.seed.value_or(0), nullptr)}}};
}

std::vector<Spec> growing_specs(const ChosenMethods& chosen) {
    std::vector<Spec> specs;
    for (std::size_t i = 0; i < chosen.specs().size(); ++i) {
        const Spec& spec = chosen.specs()[i];
        const bool of_one_length = approx::reads_file(spec.parts.front()) ||
                                   chosen.methods()[chosen.runs()[i].first].budgets;
        if (spec.parts.size() == 1 && !of_one_length && analysis::grows_by_formula(spec.method()))
            specs.push_back(spec);
    }
    return specs;
}

}  // namespace

template <class T>
std::unique_ptr<analysis::GrowthSink<T>> growth_sink(const ApproxRequest& request,
                                                     const ChosenMethods& chosen,
                                                     const Sizes& sizes) {
    const std::vector<Spec> specs = growing_specs(chosen);
    analysis::MethodsOfLength errors, times;
    for (const std::size_t n : request.growth) {
        times[n];
        for (const Spec& spec : specs) times[n].push_back(grown_method(request, spec, sizes, n));
        if (specs.empty() || n >= sizes.queries) continue;
        errors[n] = times[n];
        errors[n].insert(errors[n].begin(), chosen.methods().front());
    }
    const std::size_t repeat = request.time ? request.repeat.value_or(5) : 0;
    return std::make_unique<analysis::GrowthSink<T>>(std::move(errors), std::move(times), repeat,
                                                     request.seed.value_or(0));
}

template <class T>
analysis::LayerGrowth growth_of(const ApproxRequest& request, const approx::LayerSize& size,
                                const ChosenMethods& chosen, const Sizes& sizes,
                                const std::vector<results::ApproxRow>& rows, ApproxTarget target,
                                const analysis::GrowthSink<T>& measured) {
    // Options are those of the longest length.
    const std::size_t longest =
        std::max(size.n, *std::max_element(request.growth.begin(), request.growth.end()));
    const auto measures = measured.measures();
    std::vector<analysis::GrowthMethod> grown;
    for (const Spec& spec : growing_specs(chosen)) {
        analysis::GrowthMethod method{
            spec.text(), &spec.method(),
            grown_method(request, spec, sizes, longest).parts.front().options};
        for (const results::ApproxRow& row : rows) {
            if (row.spec == method.spec && row.skipped.empty())
                method.errors[size.n] = error_of(row.run, target);
        }
        for (const auto& [n, of_methods] : measures)
            method.errors[n] = error_of(of_methods[grown.size() + 1], target);
        grown.push_back(std::move(method));
    }
    return analysis::grow_layers(size, request.growth, grown, measured.times());
}

template std::unique_ptr<analysis::GrowthSink<float>> growth_sink(const ApproxRequest&,
                                                                  const ChosenMethods&,
                                                                  const Sizes&);
template analysis::LayerGrowth growth_of(const ApproxRequest&, const approx::LayerSize&,
                                         const ChosenMethods&, const Sizes&,
                                         const std::vector<results::ApproxRow>&, ApproxTarget,
                                         const analysis::GrowthSink<float>&);
template std::unique_ptr<analysis::GrowthSink<double>> growth_sink(const ApproxRequest&,
                                                                   const ChosenMethods&,
                                                                   const Sizes&);
template analysis::LayerGrowth growth_of(const ApproxRequest&, const approx::LayerSize&,
                                         const ChosenMethods&, const Sizes&,
                                         const std::vector<results::ApproxRow>&, ApproxTarget,
                                         const analysis::GrowthSink<double>&);

}  // namespace attn::pipeline

#include "pipeline/approx_arrays.hpp"

#include <algorithm>

#include "core/error.hpp"

namespace attn::pipeline {

template <class T>
ApproxArrays<T> approx_arrays(const ApproxRequest& request, const ChosenMethods& chosen,
                              const results::ImpliedAxes& axes, const ApproxSurroundings& around,
                              const Array<T>& values, std::size_t layers,
                              std::optional<io::OutputFolder>& folder) {
    if (!request.save || !folder) return {};
    std::vector<analysis::ApproxMethod> methods;
    std::vector<std::string> specs;
    for (const ChosenMethods::Runs& runs : chosen.runs()) {
        const analysis::ApproxMethod& method = chosen.methods()[runs.first];
        if (!method.row().implies_weights()) continue;
        methods.push_back(method);
        specs.push_back(method.text);
    }
    if (methods.empty())
        fail(
            "--save: has no effect on exact attention and whole heads, only on other methods; run "
            "--save keeps what is exact");
    const results::ImpliedChoice& choice = *request.save;
    if (choice.context && !around.is.inputs && values.empty())
        fail("--save context: saved attention needs --value for it");
    const auto keepers = std::count_if(methods.begin(), methods.end(), [](const auto& method) {
        return method.row().kept_keys != nullptr;
    });
    if (choice.keep && keepers == 0)
        fail("--save keep: no method of --method keeps keys, as local or topk do");
    const std::size_t heads =
        layers * std::max<std::size_t>(1, axes.sequences.size()) * axes.heads.size();
    const std::size_t contexts = around.sizes.queries * around.sizes.d_value;
    const std::size_t numbers =
        heads * (methods.size() *
                     ((choice.weights ? around.is.cells : 0) + (choice.context ? contexts : 0)) +
                 (choice.keep ? static_cast<std::size_t>(keepers) * around.is.cells : 0));
    folder->require_space(numbers * sizeof(T));
    ApproxArrays<T> saved;
    saved.arrays =
        std::make_unique<results::ImpliedArrays<T>>(*folder, std::move(specs), choice, axes);
    saved.sink = std::make_unique<analysis::ImpliedSink<T>>(
        std::move(methods),
        [arrays = saved.arrays.get()](const analysis::ImpliedHead& head) { arrays->take(head); },
        values);
    return saved;
}

template ApproxArrays<float> approx_arrays(const ApproxRequest&, const ChosenMethods&,
                                           const results::ImpliedAxes&, const ApproxSurroundings&,
                                           const Array<float>&, std::size_t,
                                           std::optional<io::OutputFolder>&);
template ApproxArrays<double> approx_arrays(const ApproxRequest&, const ChosenMethods&,
                                            const results::ImpliedAxes&, const ApproxSurroundings&,
                                            const Array<double>&, std::size_t,
                                            std::optional<io::OutputFolder>&);

}  // namespace attn::pipeline

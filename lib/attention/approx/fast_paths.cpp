#include "attention/approx/fast_paths.hpp"

#include "attention/approx/fast_kernels.hpp"
#include "attention/approx/fast_masks.hpp"

namespace attn::approx {
namespace {

template <class T>
using RunMask = void (*)(const Options&, const FastHead<T>&, MatrixView<T>);

template <class T>
FastPath<T> of_mask(RunMask<T> run) {
    return [run](const Options& options, const FastHead<T>& head, const HeadInput&) {
        return [run, options, &head](MatrixView<T> contexts) { run(options, head, contexts); };
    };
}

template <class T>
FastPath<T> of_kernel(FastFeatures<T> (*make)(const Options&, const FastHead<T>&)) {
    return [make](const Options& options, const FastHead<T>& head, const HeadInput&) {
        const FastFeatures<T> features = make(options, head);
        return
            [features, &head](MatrixView<T> contexts) { run_features(head, features, contexts); };
    };
}

// A window of keys side by side is one that the engine skips the rest of.
template <class T>
RunHead<T> local_run(const Options& options, const FastHead<T>& head, const HeadInput&) {
    const std::size_t window = options.whole("window");
    if (options.whole("sinks") == 0 && options.whole("dilation") == 1)
        return [window, &head](MatrixView<T> contexts) { run_exact(head, window, contexts); };
    return [options, &head](MatrixView<T> contexts) { run_local(options, head, contexts); };
}

}  // namespace

template <class T>
FastPath<T> fast_path(const MethodRow& method, const Options& options) {
    const std::string& name = method.name;
    if (name == "local") return local_run<T>;
    if (name == "block") return of_mask<T>(run_block<T>);
    if (name == "strided") return of_mask<T>(run_strided<T>);
    if (name == "fixed") return of_mask<T>(run_fixed<T>);
    if (name == "global") return of_mask<T>(run_global<T>);
    if (name == "topk") return of_mask<T>(run_topk<T>);
    if (name == "linear") return of_kernel<T>(linear_features<T>);
    if (name == "cosformer") return of_kernel<T>(cosformer_features<T>);
    if (name == "nystrom") return nystrom_run<T>;
    if (name == "lowrank-scores") return lowrank_scores_run<T>;
    if (name == "lowrank-values") return lowrank_values_run<T>;
    // With eps features depend on the keys of the whole head.
    if (name == "performer" && options.real("eps") == 0) return of_kernel<T>(performer_features<T>);
    // Random sums of exact weights need those.
    if (name == "linformer" && options.word("projection") != "jl") return linformer_run<T>;
    return nullptr;
}

template FastPath<float> fast_path(const MethodRow&, const Options&);
template FastPath<double> fast_path(const MethodRow&, const Options&);

}  // namespace attn::approx

#include "kernels/kernel_sets.hpp"

#include "core/error.hpp"
#include "core/nearest.hpp"
#include "core/word_list.hpp"

namespace attn {
namespace {

#ifdef __x86_64__
bool has_avx2() {
    return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0;
}

bool has_avx512() {
    return __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512cd") != 0 &&
           __builtin_cpu_supports("avx512dq") != 0 && __builtin_cpu_supports("avx512bw") != 0;
}
#endif

template <class T>
std::vector<std::string> names_of(const std::vector<KernelSet<T>>& sets, bool only_runnable) {
    std::vector<std::string> names;
    for (const KernelSet<T>& set : sets) {
        if (set.runs_here || !only_runnable) names.emplace_back(set.kernels->instruction_set);
    }
    return names;
}

}  // namespace

template <class T>
std::vector<KernelSet<T>> kernel_sets() {
    return {
        {&baseline_kernels<T>(), true},
#ifdef __x86_64__
        {&avx2_kernels<T>(), has_avx2()},
        {&avx512_kernels<T>(), has_avx512()},
#endif
    };
}

template <class T>
std::vector<const Kernels<T>*> runnable_kernels() {
    std::vector<const Kernels<T>*> runnable;
    for (const KernelSet<T>& set : kernel_sets<T>()) {
        if (set.runs_here) runnable.push_back(set.kernels);
    }
    return runnable;
}

template <class T>
const Kernels<T>& choose_kernels(const std::vector<KernelSet<T>>& sets, const std::string& name) {
    const KernelSet<T>* chosen = nullptr;
    for (const KernelSet<T>& set : sets) {
        if (name.empty() ? set.runs_here : set.kernels->instruction_set == name) chosen = &set;
    }
    if (chosen == nullptr) {
        fail(kKernelsVariable, "=", name, ": no such instruction set; this machine runs ",
             joined(names_of(sets, true)), did_you_mean(name, names_of(sets, false)));
    }
    if (!chosen->runs_here)
        fail(kKernelsVariable, "=", name, ": this machine lacks its instructions; it runs ",
             joined(names_of(sets, true)));
    return *chosen->kernels;
}

std::vector<std::string> kernel_set_names() {
    return names_of(kernel_sets<float>(), false);
}

template std::vector<KernelSet<float>> kernel_sets();
template std::vector<KernelSet<double>> kernel_sets();
template std::vector<const Kernels<float>*> runnable_kernels();
template std::vector<const Kernels<double>*> runnable_kernels();
template const Kernels<float>& choose_kernels(const std::vector<KernelSet<float>>&,
                                              const std::string&);
template const Kernels<double>& choose_kernels(const std::vector<KernelSet<double>>&,
                                               const std::string&);

}  // namespace attn

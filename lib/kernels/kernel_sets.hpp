// The sets of kernels that this build has, one for each instruction set, and which of them to use.
#pragma once

#include <string>
#include <vector>

#include "kernels/kept_kernels.hpp"
#include "kernels/kernels.hpp"

namespace attn {

template <class T>
struct KernelSet {
    const Kernels<T>* kernels;
    bool runs_here;  // whether the machine has its instructions
};

// All sets of this build, the plainest first; it runs on every machine.
template <class T>
std::vector<KernelSet<T>> kernel_sets();

// Those that run here, the plainest first.
template <class T>
std::vector<const Kernels<T>*> runnable_kernels();

// The last of the sets that runs here; with a `name` that is not empty the one of that name. Throws
// Error where there is none or the machine lacks it.
template <class T>
const Kernels<T>& choose_kernels(const std::vector<KernelSet<T>>& sets, const std::string& name);

// The names of all sets of this build.
std::vector<std::string> kernel_set_names();

// Each is defined in a source that is compiled for its instruction set.
template <class T>
const Kernels<T>& baseline_kernels();  // what every machine of its kind has
template <class T>
const KeptKernels<T>& baseline_kept_kernels();
#ifdef __x86_64__
template <class T>
const Kernels<T>& avx2_kernels();
template <class T>
const KeptKernels<T>& avx2_kept_kernels();
template <class T>
const Kernels<T>& avx512_kernels();
template <class T>
const KeptKernels<T>& avx512_kept_kernels();
#endif

}  // namespace attn

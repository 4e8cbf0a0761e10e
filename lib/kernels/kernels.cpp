#include "kernels/kernels.hpp"

#include <cstdlib>

#include "kernels/kernel_sets.hpp"

namespace attn {

template <class T>
const Kernels<T>& kernels() {
    static const Kernels<T>& chosen = [&]() -> const Kernels<T>& {
        const char* name = std::getenv(kKernelsVariable);
        return choose_kernels(kernel_sets<T>(), name == nullptr ? "" : name);
    }();
    return chosen;
}

template const Kernels<float>& kernels();
template const Kernels<double>& kernels();

}  // namespace attn

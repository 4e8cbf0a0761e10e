#include "core/late_library.hpp"

#include <dlfcn.h>

#include "core/error.hpp"

namespace attn {

void LateLibrary::load() const {
    if (before_ != nullptr) before_();
    handle_ = ::dlopen(name_, RTLD_LAZY | RTLD_LOCAL);
    if (handle_ == nullptr) handle_ = ::dlopen(path_, RTLD_LAZY | RTLD_LOCAL);
    const char* problem = handle_ == nullptr ? ::dlerror() : nullptr;
    const std::string text = problem == nullptr ? "" : problem;
    if (after_ != nullptr) after_();
    if (handle_ == nullptr) fail("the library ", name_, " cannot be loaded: ", text);
}

void* LateLibrary::find_if_any(const char* function) const {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (handle_ == nullptr) load();
    return ::dlsym(handle_, function);
}

void* LateLibrary::find(const char* function) const {
    void* address = find_if_any(function);
    if (address == nullptr) fail("the library ", name_, " lacks ", function);
    return address;
}

}  // namespace attn

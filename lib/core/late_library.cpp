#include "core/late_library.hpp"

#include <dlfcn.h>

#include <new>
#include <string_view>

#include "core/error.hpp"

namespace attn {
namespace {

// The loader says it in words only; without setlocale() they are these.
bool is_about_memory(std::string_view problem) {
    for (const char* words : {"failed to map segment", "annot allocate memory",
                              "cannot map zero-fill pages", "cannot allocate"}) {
        if (problem.find(words) != std::string_view::npos) return true;
    }
    return false;
}

}  // namespace

void LateLibrary::load() const {
    if (before_ != nullptr) before_();
    std::string problem;
    for (const char* place : {name_, path_}) {
        handle_ = ::dlopen(place, RTLD_LAZY | RTLD_LOCAL);
        if (handle_ != nullptr) break;
        const char* text = ::dlerror();
        problem = text == nullptr ? "" : text;
        if (is_about_memory(problem)) break;
    }
    if (after_ != nullptr) after_();
    if (handle_ != nullptr) return;
    if (is_about_memory(problem)) throw std::bad_alloc();
    fail("the library ", name_, " cannot be loaded: ", problem);
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

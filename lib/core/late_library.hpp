// A shared library that is loaded when its first function is called: most commands need few of
// them, and what the system's loader does for each takes longer than a small command.
#pragma once

#include <atomic>
#include <mutex>

namespace attn {

class LateLibrary {
  public:
    // `name` as the system's loader looks for it, or else the file at `path`. `before` and `after`
    // are called around the loading.
    constexpr LateLibrary(const char* name, const char* path, void (*before)() = nullptr,
                          void (*after)() = nullptr)
        : name_(name), path_(path), before_(before), after_(after) {}

    // The address of one of its functions. Throws Error that names the library where it cannot be
    // loaded, and bad_alloc where memory lacks. Threads may call it at once.
    void* find(const char* function) const;

    // The same, or nullptr where the library lacks it.
    void* find_if_any(const char* function) const;

  private:
    void load() const;

    const char* name_;
    const char* path_;
    void (*before_)();
    void (*after_)();
    mutable std::mutex mutex_;
    mutable void* handle_ = nullptr;
};

// One of its functions, called like the function itself. Objects of it carry the function's name in
// a namespace of ours, in front of the declaration that the library's header makes.
template <class Function>
class LateFunction;

template <class Result, class... Arguments>
class LateFunction<Result(Arguments...)> {
  public:
    constexpr LateFunction(const LateLibrary& library, const char* name)
        : library_(library), name_(name) {}

    Result operator()(Arguments... arguments) const {
        Function* function = function_.load(std::memory_order_acquire);
        if (function == nullptr) {
            function = reinterpret_cast<Function*>(library_.find(name_));
            function_.store(function, std::memory_order_release);
        }
        return function(arguments...);
    }

  private:
    using Function = Result(Arguments...);

    const LateLibrary& library_;
    const char* name_;
    mutable std::atomic<Function*> function_{nullptr};
};

}  // namespace attn

// Inside of a namespace: `function` of the late library `library`, whose header is included.
// NOLINTBEGIN(bugprone-macro-parentheses): names take none.
#define ATTN_LATE_FUNCTION(library, function)                          \
    inline const ::attn::LateFunction<decltype(::function)> function { \
        library, #function                                             \
    }
// NOLINTEND(bugprone-macro-parentheses)

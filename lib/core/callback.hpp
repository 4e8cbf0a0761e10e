// A function that the caller may leave out: what is handed down the layers to tell somebody above.
#pragma once

#include <cstddef>
#include <functional>
#include <type_traits>
#include <utility>

namespace attn {

// Calls the function that it was made of. Made of none (nothing, nullptr, an empty std::function)
// it does nothing, so that whoever calls need not ask first.
template <class... Arguments>
class Callback {
  public:
    Callback() = default;
    Callback(std::nullptr_t) {}
    template <
        class Function,
        class = std::enable_if_t<!std::is_same_v<std::decay_t<Function>, Callback> &&
                                 std::is_invocable_v<std::decay_t<Function>&, const Arguments&...>>>
    Callback(Function&& function) : function_(std::forward<Function>(function)) {}

    void operator()(const Arguments&... arguments) const {
        if (function_) function_(arguments...);
    }

    // Whether somebody listens: to spare work that only serves the call.
    explicit operator bool() const { return static_cast<bool>(function_); }

  private:
    std::function<void(const Arguments&...)> function_;
};

}  // namespace attn

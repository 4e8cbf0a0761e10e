// The one exception type: a fault that a user can cause and mend, told in one line.
// Faults that only we can cause are asserts.
#pragma once

#include <sstream>
#include <stdexcept>
#include <string>

namespace attn {

// Thrown where the fault is known; caught once, in main, where it becomes one line on stderr and
// exit code 2. The text names the file, what was found, what was expected and the flag that helps.
class Error : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

// Throws Error with the parts written one after another.
template <class... Parts>
[[noreturn]] void fail(const Parts&... parts) {
    std::ostringstream text;
    (text << ... << parts);
    throw Error(text.str());
}

}  // namespace attn

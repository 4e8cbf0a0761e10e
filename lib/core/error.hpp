// The one exception type: a fault that a user can cause and mend, told in one line.
// Faults that only we can cause are asserts.
#pragma once

#include <array>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

namespace attn {

// Thrown where the fault is known; caught once, in main, where it becomes one line on stderr and
// exit code 2. The text names the file, what was found, what was expected and the flag that helps.
class Error : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

// A text as it stands, which must outlive the part, or a number: whole, or with six digits.
class MessagePart {
  public:
    explicit MessagePart(std::string_view text) : text_(text) {}
    explicit MessagePart(char letter) : digits_{letter}, text_(digits_.data(), 1) {}
    template <class Number, std::enable_if_t<std::is_arithmetic_v<Number>, int> = 0>
    explicit MessagePart(Number number) {
        if constexpr (std::is_floating_point_v<Number>) {
            write(static_cast<double>(number));
        } else if constexpr (std::is_signed_v<Number>) {
            write(static_cast<long long>(number));
        } else {
            write(static_cast<unsigned long long>(number));
        }
    }
    MessagePart(const MessagePart&) = delete;
    MessagePart& operator=(const MessagePart&) = delete;

    std::string_view text() const { return text_; }

  private:
    std::array<char, 24> digits_;  // -1.79769e+308, 18446744073709551615
    std::string_view text_;

    void write(double number);
    void write(long long number);
    void write(unsigned long long number);
};

// Throws Error with the parts written one after another.
[[noreturn]] void fail_with(std::initializer_list<MessagePart> parts);

// The same. Hundreds of combinations of types are asked for: each shall cost little to compile.
template <class... Parts>
[[noreturn]] void fail(const Parts&... parts) {
    fail_with({MessagePart(parts)...});
}

}  // namespace attn

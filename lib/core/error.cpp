#include "core/error.hpp"

#include <charconv>

namespace attn {

void MessagePart::write(double number) {
    const auto end = std::to_chars(digits_.data(), digits_.data() + digits_.size(), number,
                                   std::chars_format::general, 6);
    text_ = {digits_.data(), static_cast<std::size_t>(end.ptr - digits_.data())};
}

void MessagePart::write(long long number) {
    const auto end = std::to_chars(digits_.data(), digits_.data() + digits_.size(), number);
    text_ = {digits_.data(), static_cast<std::size_t>(end.ptr - digits_.data())};
}

void MessagePart::write(unsigned long long number) {
    const auto end = std::to_chars(digits_.data(), digits_.data() + digits_.size(), number);
    text_ = {digits_.data(), static_cast<std::size_t>(end.ptr - digits_.data())};
}

void fail_with(std::initializer_list<MessagePart> parts) {
    std::string text;
    for (const MessagePart& part : parts) text += part.text();
    throw Error(text);
}

}  // namespace attn

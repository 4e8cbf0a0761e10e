#include "core/shell_word.hpp"

#include "core/printable.hpp"

namespace attn {
namespace {

// What would steer a terminal, as the escapes of bash, zsh and ksh.
std::string in_escapes(const std::string& word) {
    std::string escaped;
    for (const char c : word) {
        if (c == '\'' || c == '\\') escaped += '\\';
        escaped += c;
    }
    return "$'" + printable(escaped) + "'";
}

}  // namespace

std::string shell_word(const std::string& word) {
    const std::string plain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:,=+@%";
    if (!word.empty() && word.find_first_not_of(plain) == std::string::npos) return word;
    if (printable(word) != word) return in_escapes(word);
    std::string quoted = "'";
    for (const char c : word) quoted += c == '\'' ? "'\\''" : std::string(1, c);
    return quoted + "'";
}

}  // namespace attn

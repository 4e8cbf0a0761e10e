#include "bracketed_words.hpp"

namespace attn::app {
namespace {

// No argument of a program can hold it.
constexpr char kGuard = '\0';

}  // namespace

std::vector<std::string> guarded(std::vector<std::string> words) {
    for (std::string& word : words) {
        const bool brackets = word.size() > 1 && word.front() == '[' && word.back() == ']';
        if (brackets || word.rfind("-:", 0) == 0) word.insert(0, 1, kGuard);
    }
    return words;
}

std::string unguarded(const std::string& word) {
    return !word.empty() && word.front() == kGuard ? word.substr(1) : word;
}

}  // namespace attn::app

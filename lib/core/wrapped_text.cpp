#include "core/wrapped_text.hpp"

#include <sstream>

#include "core/printable.hpp"

namespace attn {
namespace {

// Words as a shell sees them: spaces between quotes are none.
std::vector<std::string> shell_words(const std::string& command) {
    std::vector<std::string> words(1);
    bool quoted = false;
    for (std::size_t i = 0; i < command.size(); ++i) {
        const char c = command[i];
        if (c == ' ' && !quoted) {
            words.emplace_back();
            continue;
        }
        words.back() += c;
        if (c == '\'') quoted = !quoted;
        if (c == '\\' && !quoted && i + 1 < command.size()) words.back() += command[++i];
    }
    return words;
}

// Flags with the word behind them; every other word by itself.
std::vector<std::string> command_pieces(const std::string& command) {
    std::vector<std::string> pieces;
    bool after_flag = false;
    for (const std::string& word : shell_words(command)) {
        const bool is_flag = word[0] == '-';
        if (after_flag && !is_flag)
            pieces.back() += " " + word;
        else
            pieces.push_back(word);
        after_flag = is_flag;
    }
    return pieces;
}

}  // namespace

std::vector<std::string> wrapped(const std::string& start, const std::string& text,
                                 std::size_t indent, std::size_t columns) {
    std::vector<std::string> lines;
    std::istringstream words(text);
    std::string line = start;
    bool empty = true;
    const auto room = [&] {
        const std::size_t used = character_count(line) + (empty ? 0 : 1);
        return used < columns ? columns - used : 0;
    };
    const auto next_line = [&] {
        lines.push_back(line);
        line = std::string(indent, ' ');
        empty = true;
    };
    for (std::string next; words >> next;) {
        std::string word = printable(next);
        const bool fits_alone = character_count(word) + indent <= columns;
        if (character_count(word) > room() && (!empty || fits_alone)) next_line();
        while (character_count(word) > room() && room() > 0) {
            const std::string part(first_characters(word, room()));
            line += part;
            word.erase(0, part.size());
            next_line();
        }
        line += (empty ? "" : " ") + word;
        empty = false;
    }
    lines.push_back(line);
    return lines;
}

std::vector<std::string> wrapped_command(const std::string& command, std::size_t columns) {
    constexpr std::size_t kBackslash = 2;
    std::vector<std::string> lines;
    std::string line;
    const std::vector<std::string> pieces = command_pieces(command);
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        const std::size_t behind = i + 1 < pieces.size() ? kBackslash : 0;
        const bool fits =
            character_count(line) + 1 + character_count(pieces[i]) + behind <= columns;
        if (!line.empty() && !fits) {
            lines.push_back(line + " \\");
            line = "  " + pieces[i];
        } else {
            line += (line.empty() ? "" : " ") + pieces[i];
        }
    }
    lines.push_back(line);
    return lines;
}

std::string shortened(const std::string& text, std::size_t columns) {
    std::string shown = printable(text);
    if (character_count(shown) <= columns) return shown;
    return std::string(first_characters(shown, columns > 1 ? columns - 1 : 0)) + "…";
}

std::string shortened_in_front(const std::string& text, std::size_t columns) {
    std::string shown = printable(text);
    const std::size_t count = character_count(shown);
    if (count <= columns) return shown;
    const std::size_t left_out = count - (columns > 1 ? columns - 1 : 0);
    return "…" + shown.substr(first_characters(shown, left_out).size());
}

}  // namespace attn

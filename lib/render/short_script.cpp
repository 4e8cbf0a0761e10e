#include "render/short_script.hpp"

#include <algorithm>
#include <vector>

#include "core/error.hpp"

namespace attn::render {
namespace {

enum class ScriptToken { none, word, text, expression, sign };

bool is_word_letter(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '$' || c == '#' || c == '\\' || byte >= 0x80;
}

bool is_operator(char c) {
    return std::string_view("+-*/%&|^=<>!?.~").find(c) != std::string_view::npos;
}

bool is_among(std::string_view word, std::initializer_list<std::string_view> words) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

// Reads a script once, and writes each token as it was read.
class ScriptShortener {
  public:
    explicit ScriptShortener(std::string_view script) : script_(script) {
        short_.reserve(script.size());
    }

    std::string shortened() {
        while (at_ < script_.size()) read();
        if (!open_.empty()) stop("what is opened and not closed");
        if (!short_.empty()) short_ += '\n';
        return std::move(short_);
    }

  private:
    struct Bracket {
        bool of_template = false;
        std::string word;  // that it stands behind: of if (…) a statement follows
    };

    [[noreturn]] void stop(std::string_view what) const {
        const auto line =
            1 + std::count(script_.begin(), script_.begin() + static_cast<long>(at_), '\n');
        fail("the page's script, line ", line, ": ", what, " cannot be made shorter");
    }

    bool begins(std::string_view start) const { return script_.substr(at_, start.size()) == start; }

    void read() {
        const char c = script_[at_];
        if (c == ' ' || c == '\t' || c == '\n') {
            (c == '\n' ? line_ends_ : space_) = true;
            ++at_;
        } else if (begins("//")) {
            at_ = std::min(script_.find('\n', at_), script_.size());
        } else if (begins("/*")) {
            skip_comment();
        } else if (begins("<!--") || begins("-->")) {
            stop("a comment of HTML");
        } else if (c == '\'' || c == '"') {
            read_string(c);
        } else if (c == '`') {
            read_template();
        } else if (c == '/' && begins_expression()) {
            read_expression();
        } else if (is_word_letter(c)) {
            std::size_t end = at_;
            while (end < script_.size() && is_word_letter(script_[end])) ++end;
            take(end, ScriptToken::word);
        } else {
            read_sign(c);
        }
    }

    void skip_comment() {
        const std::size_t end = script_.find("*/", at_ + 2);
        if (end == std::string_view::npos) stop("a comment without an end");
        const std::string_view comment = script_.substr(at_, end - at_);
        (comment.find('\n') == std::string_view::npos ? space_ : line_ends_) = true;
        at_ = end + 2;
    }

    void read_string(char quote) {
        std::size_t end = at_ + 1;
        while (end < script_.size() && script_[end] != quote && script_[end] != '\n')
            end += script_[end] == '\\' ? 2 : 1;
        if (end >= script_.size() || script_[end] != quote) stop("a string without an end");
        take(end + 1, ScriptToken::text);
    }

    // From ` or from the } of a place in it, to the next ${ or to its end.
    void read_template() {
        std::size_t end = at_ + 1;
        while (end < script_.size() && script_[end] != '`' && script_.substr(end, 2) != "${")
            end += script_[end] == '\\' ? 2 : 1;
        if (end >= script_.size()) stop("a template without an end");
        const bool has_place = script_[end] == '$';
        take(end + (has_place ? 2 : 1), has_place ? ScriptToken::sign : ScriptToken::text);
        if (has_place) open_.push_back({true, ""});
    }

    void read_expression() {
        bool in_class = false;
        std::size_t end = at_ + 1;
        for (; end < script_.size() && script_[end] != '\n'; ++end) {
            const char c = script_[end];
            if (c == '\\') ++end;
            if (c == '[') in_class = true;
            if (c == ']') in_class = false;
            if (c == '/' && !in_class) break;
        }
        if (end >= script_.size() || script_[end] != '/')
            stop("a regular expression without an end");
        for (++end; end < script_.size() && is_word_letter(script_[end]);) ++end;
        take(end, ScriptToken::expression);
    }

    void read_sign(char c) {
        if (c == '(' || c == '[' || c == '{')
            open_.push_back({false, last_ == ScriptToken::word && !is_member_ ? word_ : ""});
        if (c == ')' || c == ']' || c == '}') {
            if (open_.empty()) stop("what is closed and was not opened");
            const Bracket bracket = open_.back();
            open_.pop_back();
            if (bracket.of_template) return read_template();
            closed_behind_ = bracket.word;
        }
        take(at_ + 1, ScriptToken::sign);
    }

    // Whether a slash here begins a regular expression; else it divides.
    bool begins_expression() const {
        if (last_ == ScriptToken::none) return true;
        if (last_ == ScriptToken::word) {
            if (is_member_) return false;
            if (is_among(word_, {"of", "yield", "await"})) stop("a slash behind " + word_);
            return is_among(word_, {"return", "typeof", "case", "in", "delete", "void", "throw",
                                    "new", "instanceof", "do", "else"});
        }
        if (last_ != ScriptToken::sign) return false;
        const char sign = short_.back();
        if (sign == ')' && closed_behind_ == "await") stop("a slash behind await (…)");
        if (sign == ')') return is_among(closed_behind_, {"if", "while", "for", "with"});
        if (sign == ']') return false;
        if (sign == '}') stop("a slash behind }");
        const bool twice = short_.size() > 1 && short_[short_.size() - 2] == sign;
        if (twice && (sign == '+' || sign == '-')) stop("a slash behind ++ or --");
        return true;
    }

    bool ends_with_spread() const {
        return short_.size() > 2 && short_.compare(short_.size() - 3, 3, "...") == 0;
    }

    // Words would become one word, signs another sign; and 1 .x is not 1.x.
    bool needs_space(char next) const {
        const char last = short_.back();
        const bool is_word = last_ == ScriptToken::word || last_ == ScriptToken::expression;
        if (is_word && is_word_letter(next)) return true;
        if ((is_word && next == '.') || (last == '.' && is_word_letter(next))) return true;
        return is_operator(last) && is_operator(next);
    }

    void take(std::size_t end, ScriptToken token) {
        if (token == ScriptToken::word) {
            is_member_ = last_ == ScriptToken::sign && short_.back() == '.' && !ends_with_spread();
            word_ = script_.substr(at_, end - at_);
        }
        if (line_ends_ && !short_.empty())
            short_ += '\n';
        else if (space_ && !short_.empty() && needs_space(script_[at_]))
            short_ += ' ';
        short_.append(script_.substr(at_, end - at_));
        last_ = token;
        space_ = line_ends_ = false;
        at_ = end;
    }

    std::string_view script_;
    std::size_t at_ = 0;
    std::string short_;
    std::vector<Bracket> open_;
    ScriptToken last_ = ScriptToken::none;
    std::string word_;           // the last one
    bool is_member_ = false;     // it stood behind a dot
    std::string closed_behind_;  // the word before the last bracket that was closed
    bool space_ = false;         // since the last token
    bool line_ends_ = false;
};

}  // namespace

std::string short_script(std::string_view script) {
    return ScriptShortener(script).shortened();
}

std::string unindented(std::string_view text) {
    std::string lines;
    lines.reserve(text.size());
    for (const char c : text) {
        if (c != ' ' || (!lines.empty() && lines.back() != '\n')) lines += c;
    }
    return lines;
}

}  // namespace attn::render

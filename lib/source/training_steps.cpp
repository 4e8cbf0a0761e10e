#include "source/training_steps.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>
#include <set>

#include "core/digit.hpp"
#include "core/error.hpp"
#include "core/lower_case.hpp"
#include "core/numbers.hpp"
#include "core/word_list.hpp"
#include "io/array_name.hpp"

namespace attn::source {
namespace {

namespace fs = std::filesystem;

// A number as it stands in a name.
struct WrittenNumber {
    std::string text;                  // "143k", "1.5"
    std::optional<std::int64_t> step;  // none where it is not whole, or more than 64 bits hold
};

std::size_t end_of_digits(const std::string& text, std::size_t from) {
    while (from < text.size() && is_digit(text[from])) ++from;
    return from;
}

// Behind what makes it another number than its first digits are: ".5", ",000", "e-3".
std::size_t end_of_number(const std::string& text, std::size_t end) {
    const auto digit_at = [&](std::size_t place) {
        return place < text.size() && is_digit(text[place]);
    };
    while (end < text.size() && (text[end] == '.' || text[end] == ',') && digit_at(end + 1))
        end = end_of_digits(text, end + 1);
    if (end >= text.size() || (text[end] != 'e' && text[end] != 'E')) return end;
    const bool is_signed = end + 1 < text.size() && (text[end + 1] == '-' || text[end + 1] == '+');
    const std::size_t exponent = end + (is_signed ? 2 : 1);
    return digit_at(exponent) ? end_of_digits(text, exponent) : end;
}

// The one that begins at `from`, with what multiplies it; none where no digit stands there.
std::optional<WrittenNumber> number_at(const std::string& text, std::size_t from) {
    std::size_t end = end_of_digits(text, from);
    if (end == from) return std::nullopt;
    const std::size_t last = end_of_number(text, end);
    if (last != end) return WrittenNumber{text.substr(from, last - from), std::nullopt};
    const std::optional<std::int64_t> whole = whole_of(text.substr(from, end - from));
    const bool ends =
        end + 1 >= text.size() || std::isalnum(static_cast<unsigned char>(text[end + 1])) == 0;
    std::int64_t factor = 1;
    if (end < text.size() && ends && (text[end] == 'k' || text[end] == 'K')) factor = 1000;
    if (end < text.size() && ends && text[end] == 'M') factor = 1000000;
    if (factor > 1) ++end;
    WrittenNumber number{text.substr(from, end - from), std::nullopt};
    std::int64_t product = 0;
    if (whole && !__builtin_mul_overflow(*whole, factor, &product)) number.step = product;
    return number;
}

// Behind the first place where the word stands in front of a number.
std::optional<WrittenNumber> number_behind(const std::string& text, const std::string& word) {
    const std::string small = lower_case(text);
    for (std::size_t at = small.find(word); at != std::string::npos;
         at = small.find(word, at + 1)) {
        std::size_t from = at + word.size();
        if (from < text.size() && (text[from] == '-' || text[from] == '_' || text[from] == '='))
            ++from;
        if (auto number = number_at(text, from)) return number;
    }
    return std::nullopt;
}

std::optional<WrittenNumber> last_number(const std::string& text) {
    std::optional<WrittenNumber> last;
    for (std::size_t from = 0; from < text.size(); ++from) {
        if (!is_digit(text[from])) continue;
        last = number_at(text, from);
        from += last->text.size() - 1;
    }
    return last;
}

std::optional<WrittenNumber> number_in(const std::string& name) {
    for (const char* word : {"step", "global_step", "iter", "iteration", "checkpoint", "ckpt"})
        if (auto number = number_behind(name, word)) return number;
    if (auto number = number_behind(name, "epoch")) return number;
    return last_number(name);
}

// `found_in`: the folder in which it was looked for, whose own name says nothing of one step.
std::optional<WrittenNumber> number_of_source(const std::string& source,
                                              const std::string& found_in = "") {
    const io::ArrayName name = io::parse_array_name(source);
    if (!name.key.empty())
        if (auto number = number_in(name.key)) return number;
    fs::path path = fs::absolute(name.path).lexically_normal();
    if (path.filename().empty()) path = path.parent_path();
    const std::string base =
        fs::is_directory(path) ? path.filename().string() : path.stem().string();
    if (auto number = number_in(base)) return number;
    if (!found_in.empty()) return std::nullopt;
    return number_in(path.parent_path().filename().string());
}

// Names as people count: step9 before step10.
bool counts_before(const std::string& a, const std::string& b) {
    const auto x = step_of_name(a), y = step_of_name(b);
    if (x && y && *x != *y) return *x < *y;
    return a < b;
}

std::vector<std::string> children_of(const std::string& folder, const StepSearch& search) {
    static const std::set<std::string> endings{".npy", ".npz", ".safetensors", ".json"};
    std::vector<std::string> children;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
        const std::string name = entry.path().filename().string();
        const std::string ending = lower_case(entry.path().extension().string());
        if (name[0] == '.' || name == "manifest.json") continue;
        if (!entry.is_directory() && endings.count(ending) == 0) continue;
        // Labels and settings lie beside what is looked for.
        const bool sure = ending != ".json" && number_of_source(name, folder).has_value();
        if (sure || search.holds(entry.path().string())) children.push_back(entry.path().string());
    }
    if (children.empty()) fail(folder, ": holds no ", search.what, " of any step");
    std::sort(children.begin(), children.end(), counts_before);
    return children;
}

void require_different(const std::vector<TrainingStep>& steps) {
    for (std::size_t i = 0; i + 1 < steps.size(); ++i) {
        if (steps[i].number == steps[i + 1].number)
            fail(steps[i].source, " and ", steps[i + 1].source, ": both are of step ",
                 steps[i].number, "; --steps says which they are");
    }
}

}  // namespace

std::optional<std::int64_t> step_of_name(const std::string& source) {
    const std::optional<WrittenNumber> number = number_of_source(source);
    return number ? number->step : std::nullopt;
}

std::vector<std::int64_t> parse_steps(const std::string& list) {
    constexpr std::int64_t kMostSteps = 1 << 20;
    std::vector<std::int64_t> steps;
    const auto refuse = [&] {
        fail("--steps ", quoted(list), ": expected steps such as 0,100,2k or 0-9");
    };
    const auto whole = [&](const std::string& text) {
        const auto number = number_at(text, 0);
        const std::size_t digits = text.find_first_not_of("0123456789");
        const bool is_all = digits == std::string::npos ||
                            (digits + 1 == text.size() &&
                             std::string("kKM").find(text[digits]) != std::string::npos);
        if (!number || !number->step || !is_all) refuse();
        return *number->step;
    };
    for (std::size_t from = 0; from <= list.size();) {
        const std::size_t end = std::min(list.find(',', from), list.size());
        const std::string piece = list.substr(from, end - from);
        const std::size_t dash = piece.find('-');
        const std::int64_t first = whole(piece.substr(0, dash));
        const std::int64_t last = dash == std::string::npos ? first : whole(piece.substr(dash + 1));
        if (last < first || last - first >= kMostSteps) refuse();
        // Not up to `last`: it may be the largest number there is, and the next one none.
        for (std::int64_t i = 0; i <= last - first; ++i) steps.push_back(first + i);
        from = end + 1;
    }
    std::vector<std::int64_t> sorted = steps;
    std::sort(sorted.begin(), sorted.end());
    const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
    if (twice != sorted.end()) fail("--steps ", quoted(list), ": names step ", *twice, " twice");
    return steps;
}

std::vector<TrainingStep> find_training_steps(const std::vector<std::string>& sources,
                                              const std::string& list, const StepSearch& search) {
    std::vector<TrainingStep> steps;
    std::map<std::string, std::string> found_in;  // folders, by source
    for (const std::string& source : sources) {
        if (!fs::is_directory(source) || search.is_whole(source)) {
            steps.push_back({0, source});
            continue;
        }
        for (const std::string& child : children_of(source, search)) {
            steps.push_back({0, child});
            found_in[child] = source;
        }
    }
    if (!list.empty()) {
        const std::vector<std::int64_t> numbers = parse_steps(list);
        if (numbers.size() != steps.size())
            fail("--steps ", quoted(list), ": names ", counted(numbers.size(), "step"),
                 ", there are ", steps.size(), " (the first is ", steps.front().source, ")");
        for (std::size_t i = 0; i < steps.size(); ++i) steps[i].number = numbers[i];
    } else {
        for (TrainingStep& step : steps) {
            const std::optional<WrittenNumber> number =
                number_of_source(step.source, found_in[step.source]);
            if (!number)
                fail(step.source,
                     ": its name has no number that says which step it is; give --steps");
            if (!number->step)
                fail(step.source, ": its name says ", quoted(number->text),
                     ", and a step is a whole number of up to 64 bits; give --steps");
            step.number = *number->step;
        }
    }
    std::stable_sort(steps.begin(), steps.end(), [](const TrainingStep& a, const TrainingStep& b) {
        return a.number < b.number;
    });
    require_different(steps);
    return steps;
}

}  // namespace attn::source

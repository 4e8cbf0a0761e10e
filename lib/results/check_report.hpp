// The verdicts of a check, each with the worst value and its place, and the JSON that goes with
// them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace attn::results {

enum class Verdict { ok, fail, warning, skipped };

// "ok", "FAIL", "warning", "skipped".
const char* word(Verdict verdict);

struct CheckPlace {
    std::size_t layer = 0;
    std::size_t sequence = 0;
    std::size_t head = 0;
    std::optional<std::size_t> query;
    std::optional<std::size_t> key;
};

struct CheckLine {
    std::string name;
    Verdict verdict = Verdict::ok;
    std::optional<double> worst;
    std::optional<CheckPlace> place;
    std::string message;  // one sentence, or empty
    // Filled for a failure or a warning: every head that is guilty, with its own worst place.
    std::vector<CheckPlace> guilty{};
    // What every line of this name has.
    std::optional<double> threshold{};  // of `worst`; of row_sum, of its distance from 1
    std::string limit{};                // the same in words: "at most 0.5 of the rows"
    std::string meaning{};              // what is true where the verdict is ok
};

struct CheckResult {
    bool batch = false;  // there are several sequences: places name theirs
    std::vector<CheckLine> lines;

    bool failed(bool strict = false) const;
};

// A failure, or a warning where they are as bad.
bool fails(const CheckLine& line, bool strict);

// What was found in one source.
struct CheckedSource {
    std::string source;
    CheckResult result;
};

// {"passed", "checks"}: a check has name, verdict, worst, place, message, threshold and meaning;
// what does not exist is null. Where there are several sources each check names its own.
std::string checks_json(const std::vector<CheckedSource>& all, bool several, bool passed);

}  // namespace attn::results

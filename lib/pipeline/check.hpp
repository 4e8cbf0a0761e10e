// Is this attention sane? A list of verdicts, each with the worst value and its place.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/progress.hpp"
#include "source/attention_options.hpp"
#include "source/source_selection.hpp"

namespace attn::pipeline {

constexpr double kRowSumTolerance = 1e-3;

struct CheckRequest {
    source::SourceRequest from;
    source::AttentionRequest attention;  // of it only who may attend
    // How far a row may be from 1, a weight from 0 … 1. Without one kRowSumTolerance, and for sums
    // of what was rounded to 16 bits as much more as that may do.
    std::optional<double> atol;
    std::vector<std::string> only;  // names of checks; empty: all
    std::vector<std::string> skip;
};

enum class Verdict { ok, fail, warning, skipped };

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
    // What every line of this name has; see describe().
    std::optional<double> threshold{};  // of `worst`; of row_sum, of its distance from 1
    std::string limit{};                // the same in words: "at most 0.5 of the rows"
    std::string meaning{};              // what is true where the verdict is ok
};

struct CheckResult {
    bool batch = false;
    std::vector<CheckLine> lines;

    bool failed(bool strict = false) const;
};

// A failure, or a warning where they are as bad.
bool fails(const CheckLine& line, bool strict);

// Names of all checks, errors first.
const std::vector<std::string>& check_names();

// Adds the meaning of the check that the line is of, and threshold and limit where it has none.
// `atol`: how far sums may be from 1.
void describe(CheckLine& line, double atol);

// Throws Error for a source that cannot be read, a mask that does not fit, an unknown name.
CheckResult check(const CheckRequest& request, const Progress& progress, const Warn& warn);

}  // namespace attn::pipeline

#include "pipeline/check_line.hpp"

#include <algorithm>
#include <cassert>

#include "pipeline/check_judge.hpp"

namespace attn::pipeline {
namespace {

struct Kind {
    const char* name;
    std::optional<double> threshold;
    std::string limit;
    const char* meaning;
};

std::vector<Kind> kinds(double atol) {
    return {
        {"not_probabilities", {}, "", "softmax has run: no masked or raw scores"},
        {"finite", 0.0, "0 cells", "no cell is NaN or infinite"},
        {"range", 1 + atol, text("0 to ", 1 + atol), "every weight is from 0 to 1"},
        {"row_sum", atol, text("1 +/- ", atol), "the weights of every query sum to 1"},
        {"causal_leak", 0.0, "0", "no query attends a key after it"},
        {"mask_leak", 0.0, "0", "no query attends a key that the mask forbids"},
        {"padding_leak", 0.0, "0", "no query attends padding"},
        {"window_leak", 0.0, "0", "no query attends a key outside of its window"},
        {"almost_causal", 0.0, "0 cells", "no few cells break a causal pattern"},
        {"masked_keys", 0.0, "0 keys", "no mask is at work that was not named"},
        {"dead_head", kUniform, text("at most ", kUniform, " of uniform"),
         "no head spreads its weight evenly over all keys"},
        {"collapsed_head", kCollapsed, text("at most ", kCollapsed),
         "no head gives all its weight to one key"},
        {"duplicate_heads", 1e-6, "differ by 1e-06", "no two heads of a layer are the same"},
        {"saturated", kMostSaturated, text("at most ", kMostSaturated, " of the rows"),
         "few rows give more than 0.999 to one key"},
        {"constant_scores", {}, "", "the scores before softmax differ"},
        {"half_precision", {}, "", "the values are not rounded to 16 bits"},
    };
}

}  // namespace

const std::vector<std::string>& check_names() {
    static const std::vector<std::string> names = [] {
        std::vector<std::string> all;
        for (const Kind& kind : kinds(0)) all.emplace_back(kind.name);
        return all;
    }();
    return names;
}

void describe(CheckLine& line, double atol) {
    for (const Kind& kind : kinds(atol)) {
        if (line.name != kind.name) continue;
        if (!line.threshold) {
            line.threshold = kind.threshold;
            line.limit = kind.limit;
        }
        line.meaning = kind.meaning;
        return;
    }
    assert(!"a check without a kind");
}

}  // namespace attn::pipeline

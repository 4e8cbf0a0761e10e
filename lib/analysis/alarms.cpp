#include "analysis/alarms.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <functional>
#include <sstream>

#include "analysis/alarm_text.hpp"

namespace attn::analysis {
namespace {

using Kind = AlarmRule::Kind;

constexpr double kOtherLayerMoves = 1e-2;  // what makes a layer that does not a stalled one

// One head, one layer or the model under one rule: whether it holds at each step, and the number
// that says so.
struct Watched {
    std::optional<std::size_t> layer{};
    std::optional<std::size_t> head{};
    std::function<bool(std::size_t)> holds;
    std::function<double(std::size_t)> value;
};

void watch(const TrainingSeries& series, const AlarmRule& rule, const Watched& watched,
           std::vector<Alarm>& found) {
    std::size_t row = 0;
    Alarm* open = nullptr;
    for (std::size_t i = 0; i < series.steps.size(); ++i) {
        if (!watched.holds(i)) {
            if (open != nullptr) open->until = series.steps[i];
            open = nullptr;
            row = 0;
            continue;
        }
        if (++row != rule.patience) continue;
        Alarm alarm;
        alarm.name = rule.name;
        alarm.verdict = rule.verdict;
        alarm.step = series.steps[i];
        alarm.since = series.steps[i + 1 - rule.patience];
        alarm.layer = watched.layer;
        alarm.head = watched.head;
        alarm.value = watched.value(i);
        if (rule.has_threshold) alarm.threshold = rule.threshold;
        found.push_back(std::move(alarm));
        open = &found.back();
    }
}

template <class Series, class Values>
Watched watched_value(const Series& series, double Values::*value,
                      const std::function<bool(double)>& is_bad) {
    Watched watched;
    watched.layer = series.layer;
    watched.value = [&series, value](std::size_t i) { return series.steps[i].*value; };
    watched.holds = [&series, value, is_bad](std::size_t i) {
        return is_bad(series.steps[i].*value);
    };
    return watched;
}

// Values on the wrong side of the threshold.
void watch_side(const TrainingSeries& series, const AlarmRule& rule, std::vector<Alarm>& found) {
    const auto is_bad = [&](double x) {
        return rule.holds == AlarmRule::Holds::above ? x > rule.threshold : x < rule.threshold;
    };
    if (rule.reads.of_heads != nullptr) {
        for (const HeadSeries& head : series.heads) {
            if (head.sequence) continue;
            Watched watched = watched_value(head, rule.reads.of_heads, is_bad);
            watched.head = head.head;
            watch(series, rule, watched, found);
        }
    } else if (rule.reads.of_layers != nullptr) {
        for (const LayerSeries& layer : series.layers) {
            if (layer.sequence) continue;
            watch(series, rule, watched_value(layer, rule.reads.of_layers, is_bad), found);
        }
    } else if (!series.gradients.empty()) {
        const auto value = [&](std::size_t i) {
            return series.gradients[i].*rule.reads.of_gradients;
        };
        watch(series, rule,
              {std::nullopt, std::nullopt, [&](std::size_t i) { return is_bad(value(i)); }, value},
              found);
    }
}

double no_value(std::size_t) {
    return StepHead::kNone;
}

void watch_no_weights(const TrainingSeries& series, const AlarmRule& rule,
                      std::vector<Alarm>& found) {
    for (const HeadSeries& head : series.heads) {
        if (head.sequence) continue;
        watch(series, rule,
              {head.layer, head.head, [&](std::size_t i) { return head.steps[i].no_weights; },
               no_value},
              found);
    }
}

void watch_nonfinite(const TrainingSeries& series, const AlarmRule& rule,
                     std::vector<Alarm>& found) {
    const auto& none = no_value;
    for (const HeadSeries& head : series.heads) {
        if (head.sequence) continue;
        watch(series, rule,
              {head.layer, head.head, [&](std::size_t i) { return head.steps[i].nonfinite; }, none},
              found);
    }
    for (const LayerSeries& layer : series.layers) {
        if (layer.sequence) continue;
        // Where a head of the layer says it already, the layer need not.
        const auto alone = [&](std::size_t i) {
            return layer.steps[i].nonfinite &&
                   std::none_of(series.heads.begin(), series.heads.end(),
                                [&](const HeadSeries& head) {
                                    return head.layer == layer.layer && head.steps[i].nonfinite;
                                });
        };
        watch(series, rule, {layer.layer, std::nullopt, alone, none}, found);
    }
    if (series.gradients.empty()) return;
    const auto gradients = [&](std::size_t i) {
        return series.gradients[i].verdict == "nonfinite";
    };
    watch(series, rule, {std::nullopt, std::nullopt, gradients, none}, found);
}

void watch_entropy_drop(const TrainingSeries& series, const AlarmRule& rule,
                        std::vector<Alarm>& found) {
    for (const LayerSeries& layer : series.layers) {
        if (layer.sequence) continue;
        const auto value = [&](std::size_t i) { return layer.steps[i].*rule.reads.of_layers; };
        const auto drops = [&](std::size_t i) {
            return i > 0 && value(i) < rule.threshold * value(i - 1);
        };
        watch(series, rule, {layer.layer, std::nullopt, drops, value}, found);
    }
}

void watch_stalled_layers(const TrainingSeries& series, const AlarmRule& rule,
                          std::vector<Alarm>& found) {
    for (const LayerSeries& layer : series.layers) {
        if (layer.sequence) continue;
        const auto another_moves = [&](std::size_t i) {
            return std::any_of(series.layers.begin(), series.layers.end(),
                               [&](const LayerSeries& other) {
                                   return !other.sequence && other.layer != layer.layer &&
                                          other.steps[i].*rule.reads.of_layers > kOtherLayerMoves;
                               });
        };
        const auto value = [&](std::size_t i) { return layer.steps[i].*rule.reads.of_layers; };
        const auto stalls = [&](std::size_t i) {
            return value(i) < rule.threshold && another_moves(i);
        };
        watch(series, rule, {layer.layer, std::nullopt, stalls, value}, found);
    }
}

void watch_duplicates(const TrainingSeries& series, const AlarmRule& rule,
                      std::vector<Alarm>& found) {
    const auto value = [&](std::size_t i) {
        return series.repeats[i] ? 0.0 : series.model[i].difference;
    };
    const auto repeats = [&](std::size_t i) {
        return series.repeats[i].has_value() || series.model[i].difference <= rule.threshold;
    };
    watch(series, rule, {std::nullopt, std::nullopt, repeats, value}, found);
}

// The largest rise between two steps, of equal ones the first.
void watch_induction(const TrainingSeries& series, const AlarmRule& rule,
                     std::vector<Alarm>& found) {
    double largest = 0;
    std::size_t at = 0;
    for (std::size_t i = 1; i < series.steps.size(); ++i) {
        const double rise =
            series.model[i].*rule.reads.of_model - series.model[i - 1].*rule.reads.of_model;
        if (!(rise > largest)) continue;
        largest = rise;
        at = i;
    }
    if (at == 0 || largest < rule.threshold) return;
    Alarm alarm;
    alarm.name = rule.name;
    alarm.verdict = rule.verdict;
    alarm.step = series.steps[at];
    alarm.since = series.steps[at - 1];
    alarm.value = largest;
    alarm.threshold = rule.threshold;
    found.push_back(std::move(alarm));
}

void apply(const TrainingSeries& series, const AlarmRule& rule, std::vector<Alarm>& found) {
    if (rule.holds != AlarmRule::Holds::by_kind) return watch_side(series, rule, found);
    switch (rule.kind) {
        case Kind::nonfinite:
            return watch_nonfinite(series, rule, found);
        case Kind::no_weights:
            return watch_no_weights(series, rule, found);
        case Kind::entropy_drop:
            return watch_entropy_drop(series, rule, found);
        case Kind::stalled_layer:
            return watch_stalled_layers(series, rule, found);
        case Kind::duplicate_checkpoint:
            return watch_duplicates(series, rule, found);
        case Kind::induction_phase_change:
            return watch_induction(series, rule, found);
        default:
            assert(false && "a rule of this kind has a side");
    }
}

}  // namespace

std::vector<Alarm> find_alarms(const TrainingSeries& series, const std::vector<AlarmRule>& rules) {
    std::vector<Alarm> all;
    for (const AlarmRule& rule : rules) {
        std::vector<Alarm> found;
        // The alarm that is open is pointed at while others are added.
        found.reserve((series.heads.size() + series.layers.size() + 1) * series.steps.size());
        apply(series, rule, found);
        for (Alarm& alarm : found) {
            alarm.message = alarm_message(series, rule, alarm);
            all.push_back(std::move(alarm));
        }
    }
    std::stable_sort(all.begin(), all.end(),
                     [](const Alarm& a, const Alarm& b) { return a.step < b.step; });
    return all;
}

}  // namespace attn::analysis

#include "analysis/trial.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "analysis/estimates.hpp"
#include "core/parallel.hpp"

namespace attn::analysis {
namespace {

// Pieces whose numbers may stay in memory: to forget each by itself would take time.
constexpr std::size_t kRemembered = 8;

std::string number(double value, int digits = 4) {
    char text[32];
    std::snprintf(text, sizeof text, "%.*g", digits, value);
    return text;
}

// What float32 leaves of a number that was fitted: as many digits as tell it from the right one.
constexpr int kFitted = 6;

std::string list(const std::vector<double>& values) {
    std::string text;
    constexpr std::size_t kFew = 4;
    for (std::size_t i = 0; i < std::min(kFew, values.size()); ++i)
        text += (i > 0 ? ", " : "") + number(values[i]);
    return text + (values.size() > kFew ? ", …" : "");
}

// Sinks that are alike in several heads, and as large as keys with a score of 0 together make them:
// those that pad the axis of softmax, and are cut off behind it; empty for all others.
std::string padding_text(const std::vector<double>& sinks) {
    if (sinks.size() < 2) return "";
    constexpr double kFar = 0.01;
    const double keys = std::round(std::exp(sinks.front()));
    for (const double sink : sinks) {
        if (!(keys >= 1) || std::abs(std::exp(sink) - keys) > kFar) return "";
    }
    return "as of " + number(keys) + " more " + (keys == 1 ? "key" : "keys") +
           " with a score of 0, such as padding";
}

Extents extents_of(const DenseInputs& inputs, DenseHeadsStore& store) {
    const DenseComputation right(inputs, {}, store);
    return {right.batch(), right.heads(), right.queries(), right.keys()};
}

}  // namespace

void Explanation::add_detail(const std::string& text) {
    detail += (detail.empty() ? "" : ", ") + text;
}

bool has(const Explanation& explanation, Fit fit) {
    return std::any_of(explanation.mistakes.begin(), explanation.mistakes.end(),
                       [fit](const Hypothesis* hypothesis) { return hypothesis->fit == fit; });
}

bool drops(const Explanation& explanation) {
    return has(explanation, Fit::dropout) || has(explanation, Fit::dropout_in_rows);
}

Trial::Trial(const DenseInputs& inputs, const Observation& observation, Rounding saved,
             std::function<void()> tick)
    : inputs_(inputs), observation_(observation), saved_(saved), tick_(std::move(tick)) {
    inputs_.wants_output = observation.kind == Observed::output;
    extents_ = extents_of(inputs_, store_);
    unit_ = unit_of(observation);
    lift();
}

// Softmax over the heads needs all of them, and so does an output.
bool Trial::looks_at_some_heads(SoftmaxAxis axis) const {
    return !only_.heads.empty() && axis != SoftmaxAxis::heads &&
           observation_.kind != Observed::output;
}

// Softmax over the queries needs all of them.
bool Trial::looks_at_some_queries(SoftmaxAxis axis) const {
    return !observation_.queries.empty() && axis != SoftmaxAxis::queries;
}

Extents Trial::looked_at(SoftmaxAxis axis) const {
    Extents extents = extents_;
    if (!only_.sequences.empty()) extents.batch = only_.sequences.size();
    if (looks_at_some_heads(axis)) extents.heads = only_.heads.size();
    if (looks_at_some_queries(axis)) extents.queries = observation_.queries.size();
    return extents;
}

Extents Trial::extents_looked_at() const {
    return looked_at(SoftmaxAxis::keys);
}

Place Trial::place_looked_at(SoftmaxAxis axis) const {
    const auto number_in = [](const std::vector<std::size_t>& list, std::size_t item) {
        const auto found = std::lower_bound(list.begin(), list.end(), item);
        return found == list.end() ? 0 : static_cast<std::size_t>(found - list.begin());
    };
    Place place = place_;
    if (!only_.sequences.empty()) place.sequence = number_in(only_.sequences, place.sequence);
    if (looks_at_some_heads(axis)) place.head = number_in(only_.heads, place.head);
    if (looks_at_some_queries(axis)) place.query = number_in(observation_.queries, place.query);
    return place;
}

// From numbers among those that are looked at to their own.
void Trial::put_back(SoftmaxAxis axis, Piece& piece) const {
    if (!only_.sequences.empty()) piece.sequence = only_.sequences[piece.sequence];
    if (looks_at_some_queries(axis)) {
        for (std::size_t& row : piece.rows) row = observation_.query(row);
    }
    if (!looks_at_some_heads(axis)) return;
    for (std::size_t& head : piece.heads) head = only_.heads[head];
}

std::vector<Piece> Trial::pieces(SoftmaxAxis axis, bool on_sample) const {
    const Extents extents = looked_at(axis);
    std::vector<Piece> pieces =
        on_sample ? sample(extents, observation_.kind, axis, place_looked_at(axis))
                  : whole(extents, observation_.kind, axis);
    for (Piece& piece : pieces) put_back(axis, piece);
    return pieces;
}

Piece Trial::glance_at(SoftmaxAxis axis) const {
    Piece piece = glance(looked_at(axis), observation_.kind, axis, place_looked_at(axis));
    put_back(axis, piece);
    return piece;
}

void Trial::visit(const Mistakes& mistakes, bool on_sample, const Visit& action) {
    const DenseComputation computation(inputs_, mistakes, store_);
    std::size_t looked_at = 0;
    for (const Piece& piece : pieces(whole_axis(mistakes), on_sample)) {
        tick_();
        action(piece, face(computation, observation_, piece));
        if (++looked_at % kRemembered == 0) forget(observation_);
    }
}

// While a piece is looked at the next one is computed: most of the time goes by here.
Explanation Trial::try_right(const std::vector<Visit>& actions, const std::function<void()>& done) {
    Closeness exact(unit_, saved_, 0, is_weights());
    std::vector<Visit> looks = actions;
    looks.emplace_back([&](const Piece&, const Faced& faced) { exact.add(faced); });
    const DenseComputation computation(inputs_, {}, store_);
    const std::vector<Piece> all = pieces(SoftmaxAxis::keys, false);
    Faced here, next = face(computation, observation_, all.front());
    for (std::size_t i = 0; i < all.size(); ++i) {
        tick_();
        std::swap(here, next);
        parallel_for(1 + looks.size(), [&](std::size_t task) {
            if (task > 0) return looks[task - 1](all[i], here);
            if (i + 1 < all.size()) next = face(computation, observation_, all[i + 1]);
        });
        if (i % kRemembered == 0) forget(observation_);
        done();
    }
    Explanation right;
    judge({}, 0, false, exact, right);
    return right;
}

Closeness Trial::closeness(const Mistakes& mistakes, Dropout dropout, bool on_sample) {
    Closeness result(unit_, saved_, dropout, is_weights());
    visit(mistakes, on_sample, [&](const Piece&, const Faced& faced) { result.add(faced); });
    return result;
}

// The residual of a mistake that a glance at few rows shows to be far away.
std::optional<double> Trial::far_residual(const Mistakes& mistakes, Dropout dropout) {
    const DenseComputation computation(inputs_, mistakes, store_);
    Closeness glance(unit_, saved_, dropout, is_weights());
    glance.add(face(computation, observation_, glance_at(whole_axis(mistakes))));
    if (!(glance.residual() > kNear)) return std::nullopt;
    return glance.residual();
}

Explanation Trial::try_out(const std::vector<const Hypothesis*>& list, bool on_sample) {
    Explanation explanation{list, 0, false, ""};
    Mistakes mistakes;
    for (const Hypothesis* hypothesis : list) hypothesis->commit(inputs_, mistakes);
    if (!choose(explanation, mistakes)) {
        explanation.residual = kNoMatch;
        return explanation;
    }
    estimate(explanation, mistakes, on_sample);
    if (has(explanation, Fit::scale))
        explanation.add_detail("scale " + number(*mistakes.scale, kFitted));
    if (has(explanation, Fit::sink)) {
        explanation.add_detail("sink " + analysis::list(mistakes.sinks));
        const std::string padding = padding_text(mistakes.sinks);
        if (!padding.empty()) explanation.add_detail(padding);
    }
    if (has(explanation, Fit::softcap))
        explanation.add_detail("softcap " + number(*mistakes.softcap, kFitted));
    if (has(explanation, Fit::bias_factor))
        explanation.add_detail("factor " + number(mistakes.bias_factor, kFitted));
    if (has(explanation, Fit::theta))
        explanation.add_detail("theta " + number(*mistakes.rotary_theta, kFitted));
    if (has(explanation, Fit::temperature))
        explanation.add_detail("temperature " + number(mistakes.temperature, kFitted));
    if (mistakes.input_factor != 1)
        explanation.add_detail("factor " + number(mistakes.input_factor, kFitted));
    explanation.made = mistakes;
    explanation.residual = kNoMatch;
    if (has(explanation, Fit::mask_value) && !mistakes.mask_value) return explanation;
    // A factor of zero gives rows that are all alike, and explains nothing.
    constexpr double kMostTimes = 100;
    if (has(explanation, Fit::scale) &&
        !(std::abs(*mistakes.scale) * kMostTimes > scale_of(inputs_)))
        return explanation;
    if (mistakes.input_epsilon.value_or(0) > 1) return explanation;
    const double factor = mistakes.input_factor;
    if (!(factor * factor * kMostTimes > 1 && factor * factor < kMostTimes)) return explanation;
    Dropout dropout;
    if (drops(explanation)) {
        const auto found = estimate_dropout(explanation, mistakes, on_sample);
        if (!found) return explanation;
        dropout = *found;
    }
    if (const auto far = on_sample ? far_residual(mistakes, dropout) : std::nullopt) {
        explanation.residual = *far;
        return explanation;
    }
    judge(mistakes, dropout, on_sample, closeness(mistakes, dropout, on_sample), explanation);
    return explanation;
}

}  // namespace attn::analysis

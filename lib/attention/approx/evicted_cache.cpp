#include "attention/approx/evicted_cache.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "attention/approx/philox.hpp"
#include "core/error.hpp"

namespace attn::approx {
namespace {

using Scores = std::vector<double>;
constexpr double kAlways = std::numeric_limits<double>::infinity();

std::size_t prompt_keys(std::size_t prefill, const Sizes& sizes) {
    return static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(
        sizes.position(prefill), 0, static_cast<std::ptrdiff_t>(sizes.keys)));
}

// Sums of weights of the keys 0 … scores.size() - 1 over rows, of all heads of the group.
void add_weights(const HeadInput& head, std::size_t begin, std::size_t end, Scores& scores) {
    for (const ExactRows* rows : head.group) {
        rows->visit(begin, end, [&](const ExactRows::Row& row) {
            for (std::size_t j = 0; j < scores.size(); ++j) scores[j] += row.weights[j];
        });
    }
}

// The mean weight over the rows that may see a key; 0 where none may.
void divide_by_rows(const HeadInput& head, std::size_t prefill, Scores& scores) {
    Scores rows(scores.size());
    head.exact->visit(0, prefill, [&](const ExactRows::Row& row) {
        for (std::size_t j = row.allowed.begin; j < std::min(row.allowed.end, rows.size()); ++j)
            rows[j] += row.may_attend(j);
    });
    for (std::size_t j = 0; j < scores.size(); ++j) scores[j] /= std::max(1.0, rows[j]);
}

// Means over `pool` neighbours of the first `count`; what lies outside is 0 and counts.
Scores pooled(const Scores& scores, std::size_t count, std::size_t pool) {
    Scores means(scores.size(), kAlways);
    for (std::size_t j = 0; j < count; ++j) {
        double sum = 0;
        for (std::size_t t = 0; t < pool; ++t) {
            const std::size_t place = j + t;  // of the neighbour, pool / 2 further on
            if (place >= pool / 2 && place - pool / 2 < count) sum += scores[place - pool / 2];
        }
        means[j] = sum / static_cast<double>(pool);
    }
    return means;
}

double norm_of(Span<const double> x) {
    return std::sqrt(std::inner_product(x.begin(), x.end(), x.begin(), 0.0));
}

// -cos(k_j, mean of the unit keys): keys that are like all others go first.
Scores unlike_the_mean(const HeadInput& head, std::size_t count) {
    std::vector<double> mean(head.k.columns);
    for (std::size_t j = 0; j < count; ++j) {
        const double norm = norm_of(head.k.row(j));
        for (std::size_t c = 0; c < mean.size() && norm > 0; ++c)
            mean[c] += head.k.row(j)[c] / norm;
    }
    const double norm_of_mean = norm_of(mean);
    Scores scores(count);
    for (std::size_t j = 0; j < count; ++j) {
        const Span<const double> key = head.k.row(j);
        const double norms = norm_of(key) * norm_of_mean;
        if (norms > 0)
            scores[j] = -std::inner_product(key.begin(), key.end(), mean.begin(), 0.0) / norms;
    }
    return scores;
}

// Smaller words are better.
Scores random_scores(const Options& options, const HeadInput& head, std::size_t count) {
    const std::size_t group = std::max<std::size_t>(1, head.group.size());
    const RandomStream stream(options.seed(), Purpose::random_eviction,
                              head.head - head.head % group, head.layer);
    std::vector<std::size_t> all(count);
    std::iota(all.begin(), all.end(), std::size_t{0});
    const std::vector<std::size_t> order = stream.choose(all, count);
    Scores scores(count);
    for (std::size_t t = 0; t < count; ++t) scores[order[t]] = -static_cast<double>(t);
    return scores;
}

Scores scores_of(const Options& options, const HeadInput& head, std::size_t count) {
    const std::string& score = options.word("score");
    const std::size_t prefill = std::min(options.whole("prefill"), head.sizes.queries);
    Scores scores(count);
    if (score == "random") return random_scores(options, head, count);
    if (score == "knorm" || score == "keydiff") {
        if (head.k.empty()) fail("evict: score=", score, " needs q, k, v");
        if (score == "keydiff") return unlike_the_mean(head, count);
        for (std::size_t j = 0; j < count; ++j) scores[j] = -norm_of(head.k.row(j));
        return scores;
    }
    if (score == "oracle") {
        add_weights(head, prefill, head.sizes.queries, scores);
    } else if (score == "last") {
        if (prefill > 0) add_weights(head, prefill - 1, prefill, scores);
    } else if (score == "snapkv") {
        const std::size_t observe = options.whole("observe");
        add_weights(head, prefill - std::min(prefill, observe), prefill, scores);
        return pooled(scores, count - std::min(count, observe), options.whole("pool"));
    } else {
        add_weights(head, 0, prefill, scores);
        if (score == "received") divide_by_rows(head, prefill, scores);
    }
    return scores;
}

class EvictedCache final : public KeptKeys {
  public:
    EvictedCache(std::vector<std::uint8_t> kept, std::size_t prefill)
        : kept_(std::move(kept)), prefill_(prefill) {}

    void keep(const ExactRows::Row&, KeyRange keys, std::uint8_t* keep) const override {
        for (std::size_t j = keys.begin; j < keys.end; ++j)
            keep[j - keys.begin] = j >= kept_.size() || kept_[j];
    }
    std::size_t first_measured() const override { return prefill_; }

  private:
    std::vector<std::uint8_t> kept_;  // of the prompt's keys
    std::size_t prefill_;
};

}  // namespace

std::vector<std::uint8_t> kept_of_prompt(const Options& options, const HeadInput& head) {
    const std::size_t count = prompt_keys(options.whole("prefill"), head.sizes);
    Scores scores = scores_of(options, head, count);
    for (std::size_t j = 0; j < count; ++j) {
        if (j < options.whole("sinks") || count - j <= options.whole("recent")) scores[j] = kAlways;
    }
    std::vector<std::size_t> order(count);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
    std::vector<std::uint8_t> kept(count);
    for (std::size_t t = 0; t < std::min(count, options.whole("budget")); ++t) kept[order[t]] = 1;
    return kept;
}

std::unique_ptr<KeptKeys> evicted_cache(const Options& options, const HeadInput& head) {
    return std::make_unique<EvictedCache>(kept_of_prompt(options, head), options.whole("prefill"));
}

}  // namespace attn::approx

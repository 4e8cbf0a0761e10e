#include "attention/approx/top_weights.hpp"

#include <algorithm>
#include <cstring>

#include "attention/approx/weight_limit.hpp"
#include "kernels/kept_kernels.hpp"

namespace attn::approx {
namespace {

// The allowed weights of a row, in the order of keys.
std::vector<double> allowed_weights(const ExactRows::Row& row) {
    std::vector<double> weights;
    weights.reserve(row.allowed.size());
    for (std::size_t key = row.allowed.begin; key < row.allowed.end; ++key) {
        if (row.may_attend(key)) weights.push_back(row.weights[key]);
    }
    return weights;
}

// The weights that choose: without a mask array they are where the row has them.
class Allowed {
  public:
    explicit Allowed(const ExactRows::Row& row)
        : weights_(row.weights.data() + row.allowed.begin, row.allowed.size()) {
        if (row.blocked.empty()) return;
        some_ = allowed_weights(row);
        weights_ = {some_.data(), some_.size()};
    }
    Allowed(const Allowed&) = delete;

    Span<const double> weights() const { return weights_; }
    double sum() const {
        return kernels<double>().sum_weights(weights_.data(), weights_.size(), 0).sum;
    }

  private:
    std::vector<double> some_;
    Span<const double> weights_;
};

void mark_all(KeyRange keys, std::uint8_t* keep, bool kept) {
    std::fill(keep, keep + keys.size(), static_cast<std::uint8_t>(kept));
}

// Marks all weights above the limit, and the first of those that are equal to it.
void mark_above(const ExactRows::Row& row, KeyRange keys, const WeightLimit& limit,
                std::uint8_t* keep) {
    const double* const weights = row.weights.data() + keys.begin;
    const std::size_t marked =
        kept_kernels<double>().mark_from(weights, keys.size(), limit.limit, keep);
    if (marked == limit.above + limit.ties && row.blocked.empty()) return;
    std::size_t ties = limit.ties;
    for (std::size_t i = 0; i < keys.size(); ++i) {
        if (weights[i] != limit.limit) continue;
        const bool kept = ties > 0 && row.may_attend(keys.begin + i);
        keep[i] = kept;
        if (kept) --ties;
    }
}

class TopK : public KeptKeys {
  public:
    explicit TopK(std::size_t k) : k_(k) {}

    std::size_t largest_wanted() const override { return k_; }

    void keep(const ExactRows::Row& row, KeyRange keys, std::uint8_t* keep) const override {
        const Allowed allowed(row);
        if (k_ >= allowed.weights().size()) return mark_all(keys, keep, true);
        if (k_ == 0) return mark_all(keys, keep, false);
        const bool ready = row.blocked.empty() && k_ <= row.largest_count;
        mark_above(row, keys, limit_of_count(ready ? row.largest : allowed.weights(), k_), keep);
    }

  private:
    std::size_t k_;
};

class TopP : public KeptKeys {
  public:
    explicit TopP(double p) : p_(p) {}

    void keep(const ExactRows::Row& row, KeyRange keys, std::uint8_t* keep) const override {
        const Allowed allowed(row);
        if (allowed.weights().empty()) return mark_all(keys, keep, true);
        const double sum = allowed.sum();
        const WeightLimit limit = limit_of_mass(allowed.weights(), sum, p_ * sum - 1e-12);
        mark_above(row, keys, limit, keep);
    }

  private:
    double p_;
};

class Threshold : public KeptKeys {
  public:
    explicit Threshold(double t) : t_(t) {}

    void keep(const ExactRows::Row& row, KeyRange keys, std::uint8_t* keep) const override {
        const auto from =
            row.largest.empty()
                ? Span<const double>(row.weights.data() + row.allowed.begin, row.allowed.size())
                : row.largest;
        const double largest = kernels<double>().largest(from.data(), from.size());
        kept_kernels<double>().mark_from(row.weights.data() + keys.begin, keys.size(),
                                         t_ * std::max(0.0, largest), keep);
    }

  private:
    double t_;
};

// Weights are 0 or more, so that their bits are in the order of the numbers.
std::uint64_t bits_of(double weight) {
    std::uint64_t bits = 0;
    std::memcpy(&bits, &weight, sizeof bits);
    return bits;
}

class LargestOfHead : public KeptKeys {
  public:
    LargestOfHead(double share, const HeadInput& head) : keys_(head.sizes.keys) {
        const std::vector<std::size_t> counts = count_buckets(head);
        std::size_t cells = 0;
        for (const std::size_t count : counts) cells += count;
        std::size_t wanted = static_cast<std::size_t>(share * static_cast<double>(cells) + 1e-9);
        wanted = std::min(wanted, cells);
        if (wanted == 0) return;
        std::size_t bucket = counts.size();
        std::size_t above = 0;
        while (above + counts[bucket - 1] < wanted) above += counts[--bucket];
        choose_in_bucket(head, bucket - 1, wanted - above);
    }

    void keep(const ExactRows::Row& row, KeyRange keys, std::uint8_t* keep) const override {
        for (std::size_t key = keys.begin; key < keys.end; ++key) {
            const double weight = row.weights[key];
            const bool tied = weight == limit_ && row.query * keys_ + key <= last_;
            keep[key - keys.begin] = any_ && (weight > limit_ || tied);
        }
    }

  private:
    static constexpr int kShift = 44;  // the bits of a weight that do not choose its bucket

    template <class Visit>
    static void visit_cells(const HeadInput& head, const Visit& visit) {
        head.exact->visit(0, head.sizes.queries, [&](const ExactRows::Row& row) {
            for (std::size_t key = row.allowed.begin; key < row.allowed.end; ++key) {
                if (row.may_attend(key)) visit(row.query, key, row.weights[key]);
            }
        });
    }

    static std::vector<std::size_t> count_buckets(const HeadInput& head) {
        std::vector<std::size_t> counts(std::size_t{1} << (64 - kShift));
        visit_cells(head, [&](std::size_t, std::size_t, double weight) {
            ++counts[bits_of(weight) >> kShift];
        });
        return counts;
    }

    void choose_in_bucket(const HeadInput& head, std::size_t bucket, std::size_t wanted) {
        struct Cell {
            double weight;
            std::size_t place;
        };
        std::vector<Cell> cells;
        visit_cells(head, [&](std::size_t query, std::size_t key, double weight) {
            if (bits_of(weight) >> kShift == bucket) cells.push_back({weight, query * keys_ + key});
        });
        const auto last = cells.begin() + static_cast<std::ptrdiff_t>(wanted - 1);
        std::nth_element(cells.begin(), last, cells.end(), [](const Cell& a, const Cell& b) {
            return a.weight != b.weight ? a.weight > b.weight : a.place < b.place;
        });
        limit_ = last->weight;
        last_ = last->place;
        any_ = true;
    }

    std::size_t keys_;
    double limit_ = 0;
    std::size_t last_ = 0;  // the last cell that is kept of those with this weight
    bool any_ = false;
};

}  // namespace

std::unique_ptr<KeptKeys> top_k(const Options& options, const HeadInput&) {
    return std::make_unique<TopK>(options.whole("k"));
}
std::unique_ptr<KeptKeys> top_p(const Options& options, const HeadInput&) {
    return std::make_unique<TopP>(options.real("p"));
}
std::unique_ptr<KeptKeys> above_threshold(const Options& options, const HeadInput&) {
    return std::make_unique<Threshold>(options.real("t"));
}
std::unique_ptr<KeptKeys> largest_of_head(const Options& options, const HeadInput& head) {
    return std::make_unique<LargestOfHead>(options.real("share"), head);
}

}  // namespace attn::approx

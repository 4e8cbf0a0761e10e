#include "attention/approx/top_weights.hpp"

#include <algorithm>
#include <cstring>
#include <functional>

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

// Marks all weights above `limit`, and the first `ties` that are equal to it.
void mark_above(const ExactRows::Row& row, KeyRange keys, double limit, std::size_t ties,
                std::uint8_t* keep) {
    for (std::size_t key = keys.begin; key < keys.end; ++key) {
        bool kept = row.weights[key] > limit;
        if (row.weights[key] == limit && ties > 0 && row.may_attend(key)) kept = true, --ties;
        keep[key - keys.begin] = kept;
    }
}

// Marks the `count` largest; `weights` are those of the row, in any order.
void mark_largest(const ExactRows::Row& row, KeyRange keys, std::vector<double>& weights,
                  std::size_t count, std::uint8_t* keep) {
    if (count >= weights.size()) {
        std::fill(keep, keep + keys.size(), std::uint8_t{1});
        return;
    }
    if (count == 0) {
        std::fill(keep, keep + keys.size(), std::uint8_t{0});
        return;
    }
    const auto last = weights.begin() + static_cast<std::ptrdiff_t>(count - 1);
    std::nth_element(weights.begin(), last, weights.end(), std::greater<>());
    const double limit = *last;
    const auto above =
        std::count_if(weights.begin(), last, [&](double weight) { return weight > limit; });
    mark_above(row, keys, limit, count - static_cast<std::size_t>(above), keep);
}

class TopK : public KeptKeys {
  public:
    explicit TopK(std::size_t k) : k_(k) {}

    void keep(const ExactRows::Row& row, KeyRange keys, std::uint8_t* keep) const override {
        std::vector<double> weights = allowed_weights(row);
        mark_largest(row, keys, weights, k_, keep);
    }

  private:
    std::size_t k_;
};

class TopP : public KeptKeys {
  public:
    explicit TopP(double p) : p_(p) {}

    void keep(const ExactRows::Row& row, KeyRange keys, std::uint8_t* keep) const override {
        std::vector<double> weights = allowed_weights(row);
        const std::size_t count = fewest(weights);
        mark_largest(row, keys, weights, count, keep);
    }

  private:
    // How many of the largest weights are needed. Halves the part of the row in which the last of
    // them stands, as quickselect does.
    std::size_t fewest(std::vector<double>& weights) const {
        double all = 0;
        for (const double weight : weights) all += weight;
        const double wanted = p_ * all - 1e-12;
        double sum = 0;  // of those in front of `begin`
        auto begin = weights.begin();
        auto end = weights.end();
        while (begin != end) {
            const auto middle = begin + (end - begin) / 2;
            std::nth_element(begin, middle, end, std::greater<>());
            double half = sum;
            for (auto weight = begin; weight <= middle; ++weight) half += *weight;
            if (half >= wanted) {
                end = middle;
            } else {
                sum = half;
                begin = middle + 1;
            }
        }
        const auto needed = static_cast<std::size_t>(begin - weights.begin()) + 1;
        return std::min(needed, weights.size());
    }

    double p_;
};

class Threshold : public KeptKeys {
  public:
    explicit Threshold(double t) : t_(t) {}

    void keep(const ExactRows::Row& row, KeyRange keys, std::uint8_t* keep) const override {
        double largest = 0;
        for (std::size_t key = row.allowed.begin; key < row.allowed.end; ++key)
            largest = std::max(largest, row.weights[key]);
        const double least = t_ * largest;
        for (std::size_t key = keys.begin; key < keys.end; ++key)
            keep[key - keys.begin] = row.weights[key] >= least;
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

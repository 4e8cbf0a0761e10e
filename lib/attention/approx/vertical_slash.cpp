#include "attention/approx/vertical_slash.hpp"

#include <algorithm>
#include <numeric>

namespace attn::approx {
namespace {

// 1 where a column or diagonal is kept: those of [first, first + forced), then the largest sums,
// `count` in all; ties by the lower one.
std::vector<std::uint8_t> chosen_of(const std::vector<double>& sums, std::size_t first,
                                    std::size_t forced, std::size_t count) {
    std::vector<std::size_t> order(sums.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto is_forced = [&](std::size_t i) { return i >= first && i - first < forced; };
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        if (is_forced(a) != is_forced(b)) return is_forced(a);
        return !is_forced(a) && sums[a] > sums[b];
    });
    std::vector<std::uint8_t> chosen(sums.size());
    for (std::size_t t = 0; t < std::min(count, order.size()); ++t) chosen[order[t]] = 1;
    return chosen;
}

class VerticalSlash final : public KeptKeys {
  public:
    VerticalSlash(const Options& options, const HeadInput& head) : sizes_(head.sizes) {
        const std::size_t rows = sizes_.queries, keys = sizes_.keys;
        // Diagonal p - j stands at p - j + before_; those of the future only where they are seen.
        before_ = head.causal ? 0 : static_cast<std::ptrdiff_t>(keys);
        const std::ptrdiff_t last = std::max<std::ptrdiff_t>(0, sizes_.position(rows - 1));
        std::vector<double> columns(keys);
        std::vector<double> diagonals(static_cast<std::size_t>(last + before_ + 1));
        const std::size_t observed = std::min(options.whole("observe"), rows);
        head.exact->visit(rows - observed, rows, [&](const ExactRows::Row& row) {
            for (std::size_t j = row.allowed.begin; j < row.allowed.end; ++j) {
                if (!row.may_attend(j)) continue;
                ++scored_;
                columns[j] += row.weights[j];
                if (const auto place = diagonal(row.query, j); place < diagonals.size())
                    diagonals[place] += row.weights[j];
            }
        });
        columns_ = chosen_of(columns, 0, options.whole("sinks"), options.whole("verticals"));
        diagonals_ = chosen_of(diagonals, static_cast<std::size_t>(before_), options.whole("local"),
                               options.whole("slashes"));
    }

    void keep(const ExactRows::Row& row, KeyRange keys, std::uint8_t* keep) const override {
        for (std::size_t j = keys.begin; j < keys.end; ++j) {
            const std::size_t place = diagonal(row.query, j);
            keep[j - keys.begin] = columns_[j] || (place < diagonals_.size() && diagonals_[place]);
        }
    }
    std::size_t scored() const override { return scored_; }

  private:
    // Far beyond all where there is none.
    std::size_t diagonal(std::size_t query, std::size_t key) const {
        return static_cast<std::size_t>(sizes_.position(query) - static_cast<std::ptrdiff_t>(key) +
                                        before_);
    }

    Sizes sizes_;
    std::ptrdiff_t before_ = 0;
    std::vector<std::uint8_t> columns_, diagonals_;
    std::size_t scored_ = 0;
};

}  // namespace

std::unique_ptr<KeptKeys> vertical_slash(const Options& options, const HeadInput& head) {
    return std::make_unique<VerticalSlash>(options, head);
}

}  // namespace attn::approx

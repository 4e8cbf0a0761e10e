#include "attention/approx/h2o.hpp"

#include <algorithm>
#include <limits>
#include <vector>

namespace attn::approx {
namespace {

constexpr std::size_t kNever = std::numeric_limits<std::size_t>::max();

class H2oCache : public KeptKeys {
  public:
    H2oCache(const Options& options, const HeadInput& head)
        : heavy_(options.whole("heavy")),
          recent_(options.whole("recent")),
          sums_(head.sizes.keys),
          left_(head.sizes.keys, kNever) {
        const auto start = std::clamp(head.sizes.offset, std::ptrdiff_t{0},
                                      static_cast<std::ptrdiff_t>(head.sizes.keys));
        for (std::size_t key = 0; key < static_cast<std::size_t>(start); ++key)
            cache_.push_back(key);
        head.exact->visit(0, head.sizes.queries, [&](const ExactRows::Row& row) {
            add(head.sizes.position(row.query), row.query);
            attend(row);
        });
        cache_.clear();
        sums_.clear();
    }

    void keep(const ExactRows::Row& row, KeyRange keys, std::uint8_t* keep) const override {
        for (std::size_t key = keys.begin; key < keys.end; ++key)
            keep[key - keys.begin] = row.query < left_[key];
    }

  private:
    void add(std::ptrdiff_t position, std::size_t query) {
        if (position >= 0 && static_cast<std::size_t>(position) < sums_.size())
            cache_.push_back(static_cast<std::size_t>(position));
        while (cache_.size() > heavy_ + recent_) {
            const auto end = cache_.end() - static_cast<std::ptrdiff_t>(recent_);
            const auto lightest =
                std::min_element(cache_.begin(), end,
                                 [&](std::size_t a, std::size_t b) { return sums_[a] < sums_[b]; });
            left_[*lightest] = query;
            cache_.erase(lightest);
        }
    }

    void attend(const ExactRows::Row& row) {
        double kept = row.missing;
        for (const std::size_t key : cache_) kept += row.weights[key];
        if (!(kept > 0)) return;
        for (const std::size_t key : cache_) sums_[key] += row.weights[key] / kept;
    }

    std::size_t heavy_, recent_;
    std::vector<std::size_t> cache_;  // rising
    std::vector<double> sums_;
    std::vector<std::size_t> left_;  // the row from which on a key is gone
};

}  // namespace

std::unique_ptr<KeptKeys> h2o_cache(const Options& options, const HeadInput& head) {
    return std::make_unique<H2oCache>(options, head);
}

}  // namespace attn::approx

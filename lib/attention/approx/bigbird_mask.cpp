#include "attention/approx/bigbird_mask.hpp"

#include <algorithm>

#include "attention/approx/philox.hpp"
#include "core/divide_up.hpp"

namespace attn::approx {
namespace {

class BigbirdMask final : public KeptKeys {
  public:
    BigbirdMask(const Options& options, const HeadInput& head)
        : sizes_(head.sizes),
          block_(options.whole("block")),
          blocks_(divide_up(head.sizes.keys, block_)) {
        const std::size_t window = options.whole("window"), globals = options.whole("globals");
        const RandomStream stream(options.seed(), Purpose::random_blocks, head.head, head.layer);
        const std::size_t rows = sizes_.queries == 0 ? 0 : row_of(sizes_.queries - 1) + 1;
        kept_.assign(rows * blocks_, 0);
        for (std::size_t a = row_of(0); a < rows; ++a) {
            std::vector<std::size_t> candidates;
            for (std::size_t b = 0; b < blocks_; ++b) {
                const std::size_t away = a > b ? a - b : b - a;
                if (away <= window || b < globals || a < globals)
                    kept_[a * blocks_ + b] = 1;
                else if (!head.causal || b <= a)
                    candidates.push_back(a * blocks_ + b);
            }
            for (const std::size_t place : stream.choose(candidates, options.whole("random")))
                kept_[place] = 1;
        }
    }

    void keep(const ExactRows::Row& row, KeyRange keys, std::uint8_t* keep) const override {
        const std::uint8_t* kept = kept_.data() + row_of(row.query) * blocks_;
        for (std::size_t j = keys.begin; j < keys.end; ++j) keep[j - keys.begin] = kept[j / block_];
    }

  private:
    std::size_t row_of(std::size_t query) const {
        return static_cast<std::size_t>(std::max<std::ptrdiff_t>(0, sizes_.position(query))) /
               block_;
    }

    Sizes sizes_;
    std::size_t block_, blocks_;
    std::vector<std::uint8_t> kept_;  // [blocks of queries, blocks of keys]
};

}  // namespace

std::unique_ptr<KeptKeys> bigbird_mask(const Options& options, const HeadInput& head) {
    return std::make_unique<BigbirdMask>(options, head);
}

}  // namespace attn::approx

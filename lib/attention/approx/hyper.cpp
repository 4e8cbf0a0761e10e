#include "attention/approx/hyper.hpp"

#include <algorithm>
#include <numeric>

#include "attention/approx/decompositions.hpp"
#include "attention/approx/philox.hpp"
#include "core/divide_up.hpp"

namespace attn::approx {
namespace {

std::vector<std::uint64_t> gray_codes(MatrixView<const double> x, const Matrix<double>& planes) {
    const Matrix<double> sides = product(x, planes.view());
    std::vector<std::uint64_t> codes(x.rows);
    for (std::size_t i = 0; i < x.rows; ++i) {
        std::uint64_t code = 0;
        for (std::size_t b = 0; b < sides.columns; ++b)
            code |= std::uint64_t{sides.at(i, b) > 0} << b;
        codes[i] = code ^ (code >> 1);
    }
    return codes;
}

// The segment of each row: rows sorted by their codes, cut into equal parts.
std::vector<std::size_t> segments_of(const std::vector<std::uint64_t>& codes, std::size_t parts) {
    std::vector<std::size_t> order(codes.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return codes[a] < codes[b]; });
    std::vector<std::size_t> segments(codes.size());
    for (std::size_t t = 0; t < parts; ++t) {
        for (std::size_t s = t * codes.size() / parts; s < (t + 1) * codes.size() / parts; ++s)
            segments[order[s]] = t;
    }
    return segments;
}

class SortedHash final : public KeptKeys {
  public:
    SortedHash(const Options& options, const HeadInput& head) {
        const std::size_t keys = head.sizes.keys, sample = options.whole("sample");
        const RandomStream normals(options.seed(), Purpose::hyper_samples, head.head, head.layer);
        Matrix<double> planes(head.sizes.d_head, options.whole("bits"));
        planes.values = normals.normals(planes.values.size());
        const std::size_t block = options.whole("block");
        const std::size_t parts = divide_up(keys, block);
        queries_ = segments_of(gray_codes(head.q, planes), parts);
        keys_ = segments_of(gray_codes(head.k, planes), parts);
        share_.resize(keys);
        const RandomStream drawn(options.seed(), Purpose::hyper_samples, head.head, head.layer, 1);
        for (std::size_t t = 0; t < sample; ++t)
            share_[drawn.index_below(t, keys)] +=
                static_cast<double>(keys) / static_cast<double>(sample);
        std::vector<std::size_t> sizes(parts);
        for (const std::size_t segment : keys_) ++sizes[segment];
        for (const std::size_t segment : queries_) inside_ += sizes[segment];
        inside_last_ = queries_.empty() ? 0 : sizes[queries_.back()];
    }

    void keep(const ExactRows::Row& row, KeyRange keys, std::uint8_t* keep) const override {
        for (std::size_t j = keys.begin; j < keys.end; ++j)
            keep[j - keys.begin] = factor(row.query, j) > 0;
    }
    bool is_soft() const override { return true; }
    double factor(std::size_t query, std::size_t key) const override {
        return queries_[query] == keys_[key] ? 1 : share_[key];
    }
    std::size_t scored() const override { return inside_; }
    std::size_t scored_last() const override { return inside_last_; }

  private:
    std::vector<std::size_t> queries_, keys_;
    std::vector<double> share_;  // of keys outside the segment
    std::size_t inside_ = 0;
    std::size_t inside_last_ = 0;
};

}  // namespace

std::unique_ptr<KeptKeys> hyper(const Options& options, const HeadInput& head) {
    return std::make_unique<SortedHash>(options, head);
}

}  // namespace attn::approx

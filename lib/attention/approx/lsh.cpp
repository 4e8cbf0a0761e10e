#include "attention/approx/lsh.hpp"

#include <algorithm>
#include <string>

#include "attention/approx/decompositions.hpp"
#include "attention/approx/philox.hpp"
#include "attention/approx/scaled_inputs.hpp"
#include "core/error.hpp"

namespace attn::approx {
namespace {

std::vector<std::uint32_t> hash_rows(MatrixView<const double> x, const Matrix<double>& rotation) {
    const Matrix<double> turned = product(x, rotation.view());
    std::vector<std::uint32_t> codes(x.rows);
    for (std::size_t i = 0; i < x.rows; ++i) {
        const Span<const double> row = static_cast<const Matrix<double>&>(turned).row(i);
        const auto most = std::max_element(row.begin(), row.end());
        const auto least = std::min_element(row.begin(), row.end());
        const bool is_opposite = -*least > *most;  // the lower code wins where both are as large
        const auto code =
            is_opposite ? row.end() - row.begin() + (least - row.begin()) : most - row.begin();
        codes[i] = static_cast<std::uint32_t>(code);
    }
    return codes;
}

class SameBucket final : public KeptKeys {
  public:
    SameBucket(LshCodes codes, bool self, const Sizes& sizes)
        : codes_(std::move(codes)), self_(self), sizes_(sizes) {}

    void keep(const ExactRows::Row& row, KeyRange keys, std::uint8_t* keep) const override {
        std::fill(keep, keep + (keys.end - keys.begin), std::uint8_t{0});
        for (std::size_t round = 0; round < codes_.keys.size(); ++round) {
            const std::uint32_t own = codes_.queries[round][row.query];
            const std::vector<std::uint32_t>& of_keys = codes_.keys[round];
            for (std::size_t j = keys.begin; j < keys.end; ++j)
                keep[j - keys.begin] |= static_cast<std::uint8_t>(of_keys[j] == own);
        }
        const std::ptrdiff_t position = sizes_.position(row.query);
        if (self_ && position >= 0 && keys.contains(static_cast<std::size_t>(position)))
            keep[static_cast<std::size_t>(position) - keys.begin] = 1;
    }

  private:
    LshCodes codes_;
    bool self_;
    Sizes sizes_;
};

}  // namespace

LshCodes lsh_codes(const Options& options, const HeadInput& head) {
    Matrix<double> keys = times(head.k, 1);
    if (options.flag("center")) subtract_mean_row(keys);
    const std::size_t buckets = options.whole("buckets");
    if (buckets % 2 != 0)
        fail("lsh: buckets=" + std::to_string(buckets) + ": needs an even number");
    const std::size_t half = buckets / 2;
    LshCodes codes;
    for (std::size_t round = 0; round < options.whole("rounds"); ++round) {
        const RandomStream stream(options.seed(), Purpose::hash_rotations, head.head, head.layer,
                                  round);
        Matrix<double> rotation(head.sizes.d_head, half);
        rotation.values = stream.normals(rotation.values.size());
        codes.queries.push_back(hash_rows(head.q, rotation));
        codes.keys.push_back(hash_rows(keys.view(), rotation));
    }
    return codes;
}

std::unique_ptr<KeptKeys> lsh(const Options& options, const HeadInput& head) {
    return std::make_unique<SameBucket>(lsh_codes(options, head), options.flag("self"), head.sizes);
}

}  // namespace attn::approx

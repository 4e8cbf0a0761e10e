#include "attention/approx/adaptive_span.hpp"

#include <algorithm>
#include <cmath>

namespace attn::approx {
namespace {

std::size_t distance(std::ptrdiff_t position, std::size_t key) {
    return static_cast<std::size_t>(std::abs(position - static_cast<std::ptrdiff_t>(key)));
}

class SpanMask : public KeptKeys {
  public:
    SpanMask(double z, double ramp, const Sizes& sizes) : z_(z), ramp_(ramp), sizes_(sizes) {}

    KeyRange range(std::size_t query, KeyRange allowed) const override {
        const double position = static_cast<double>(sizes_.position(query));
        const auto clamp = [&](double key) {
            return static_cast<std::size_t>(std::clamp(key, static_cast<double>(allowed.begin),
                                                       static_cast<double>(allowed.end)));
        };
        const KeyRange range{clamp(std::floor(position - z_ - ramp_)),
                             clamp(std::ceil(position + z_ + ramp_) + 1)};
        return range.empty() ? KeyRange{allowed.begin, allowed.begin} : range;
    }

    void keep(const ExactRows::Row& row, KeyRange keys, std::uint8_t* keep) const override {
        for (std::size_t key = keys.begin; key < keys.end; ++key)
            keep[key - keys.begin] = factor(row.query, key) > 0;
    }

    bool is_soft() const override { return true; }
    double factor(std::size_t query, std::size_t key) const override {
        const auto away = static_cast<double>(distance(sizes_.position(query), key));
        return std::clamp((ramp_ + z_ - away) / ramp_, 0.0, 1.0);
    }

    // The keys that a row can reach, for the cost of the cache.
    std::size_t scored() const override { return static_cast<std::size_t>(std::ceil(ramp_ + z_)); }

  private:
    double z_, ramp_;
    Sizes sizes_;
};

}  // namespace

std::vector<double> mass_by_distance(const HeadInput& head, bool without_first) {
    const Sizes& sizes = head.sizes;
    std::vector<double> mass;
    head.exact->visit(0, sizes.queries, [&](const ExactRows::Row& row) {
        const std::ptrdiff_t position = sizes.position(row.query);
        const std::size_t first = std::max<std::size_t>(row.allowed.begin, without_first ? 1 : 0);
        for (std::size_t key = first; key < row.allowed.end; ++key) {
            const std::size_t away = distance(position, key);
            if (away >= mass.size()) mass.resize(away + 1);
            mass[away] += row.weights[key];
        }
    });
    return mass;
}

std::size_t span_of(const std::vector<double>& mass, double share) {
    double all = 0;
    for (const double value : mass) all += value;
    double sum = 0;
    for (std::size_t away = 0; away < mass.size(); ++away) {
        sum += mass[away];
        if (sum >= share * all - 1e-12) return away + 1;
    }
    return std::max<std::size_t>(mass.size(), 1);
}

std::unique_ptr<KeptKeys> span_mask(const Options& options, const HeadInput& head) {
    const double z =
        options.has("z")
            ? options.real("z")
            : static_cast<double>(span_of(mass_by_distance(head), options.real("share")) - 1);
    return std::make_unique<SpanMask>(z, options.real("ramp"), head.sizes);
}

}  // namespace attn::approx

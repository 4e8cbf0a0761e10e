#include "analysis/entropy_map.hpp"

#include <algorithm>
#include <cmath>

#include "core/divide_up.hpp"
#include "core/place_among.hpp"

namespace attn::analysis {
namespace {

class CellMean {
  public:
    void add(double value) {
        if (std::isnan(value)) return;
        sum_ += value;
        ++count_;
    }
    double value() const {
        return count_ > 0 ? sum_ / static_cast<double>(count_) : HeadStats::kNone;
    }

  private:
    double sum_ = 0;
    std::size_t count_ = 0;
};

template <class Key>
std::vector<std::size_t> numbers_of(const std::vector<HeadStats>& heads, const Key& key) {
    std::vector<std::size_t> numbers;
    for (const HeadStats& head : heads) numbers.push_back(head.*key);
    std::sort(numbers.begin(), numbers.end());
    numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
    return numbers;
}

std::vector<double> values_of(const std::vector<CellMean>& means) {
    std::vector<double> values;
    for (const CellMean& mean : means) values.push_back(mean.value());
    return values;
}

}  // namespace

EntropyMap map_entropy(const std::vector<HeadStats>& heads, std::size_t rows, std::size_t columns) {
    const auto layers = numbers_of(heads, &HeadStats::layer);
    const auto numbers = numbers_of(heads, &HeadStats::head);
    const std::size_t layers_a_row = divide_up(layers.size(), rows);
    EntropyMap map;
    map.heads_a_column = divide_up(numbers.size(), columns);
    const std::size_t wide =
        divide_up(numbers.size(), std::max<std::size_t>(map.heads_a_column, 1));
    for (std::size_t first = 0; first < layers.size(); first += layers_a_row) {
        const std::size_t end = std::min(first + layers_a_row, layers.size());
        const std::size_t middle = first + (end - first + 1) / 2;
        std::vector<CellMean> all(wide), upper(wide), lower(wide);
        CellMean whole;
        for (const HeadStats& head : heads) {
            const std::size_t layer = place_among(layers, head.layer);
            if (layer < first || layer >= end) continue;
            const std::size_t column = place_among(numbers, head.head) / map.heads_a_column;
            for (CellMean* mean : {&whole, &all[column], &(layer < middle ? upper : lower)[column]})
                mean->add(head.entropy_normalised);
        }
        map.rows.push_back({layers[first], layers[end - 1], whole.value(), values_of(all),
                            values_of(upper),
                            middle < end ? values_of(lower) : std::vector<double>{}});
    }
    return map;
}

}  // namespace attn::analysis

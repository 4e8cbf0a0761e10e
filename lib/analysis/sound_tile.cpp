#include "analysis/sound_tile.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "core/number_word.hpp"
#include "kernels/kept_kernels.hpp"
#include "kernels/kernels.hpp"

namespace attn::analysis {

template <class T>
void require_sound_tile(const Tile<T>& tile, const LayerShape& shape) {
    for (std::size_t row = 0; row < tile.rows(); ++row) {
        if (!tile.context.empty()) {
            const Span<const T> context = tile.context.row(row);
            // Squares that overflow say no more than that it is worth a look.
            const bool sound = std::isfinite(
                kept_kernels<T>().compare(context.data(), context.data(), context.size()).squares);
            const auto wrong = sound ? context.end()
                                     : std::find_if(context.begin(), context.end(),
                                                    [](T value) { return !std::isfinite(value); });
            if (wrong != context.end())
                fail("layer ", shape.layer, ", head ", shape.number_of(tile.head), ", query ",
                     tile.first_query + row, ": its context holds ",
                     std::isnan(*wrong) ? "NaN" : "an infinity",
                     ", which no approximation can be compared with");
        }
        const Span<const T> weights = tile.weights.row(row);
        const ScoreSums sums = kernels<T>().sum_scores(weights.data(), weights.size());
        const bool all = sums.count == static_cast<double>(weights.size());
        if (all && (weights.empty() || (sums.smallest >= 0 && std::isfinite(sums.largest))))
            continue;
        for (std::size_t i = 0; i < weights.size(); ++i) {
            if (std::isfinite(weights[i]) && weights[i] >= 0) continue;
            fail("layer ", shape.layer, ", head ", shape.number_of(tile.head), ", query ",
                 tile.first_query + row, ", key ", tile.active.begin + i, ": is ",
                 word_of_number(static_cast<double>(weights[i])),
                 ", expected attention weights of 0 or more");
        }
    }
}

template void require_sound_tile(const Tile<float>&, const LayerShape&);
template void require_sound_tile(const Tile<double>&, const LayerShape&);

}  // namespace attn::analysis

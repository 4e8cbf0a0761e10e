#include "attention/rotary.hpp"

#include <algorithm>
#include <cmath>

#include "core/parallel.hpp"

namespace attn {

template <class T>
RotaryTable<T> make_rotary_table(const std::vector<std::int64_t>& positions,
                                 const RotaryFrequencies& frequencies) {
    std::vector<T> cos;
    std::vector<T> sin;
    for (const std::int64_t position : positions) {
        for (const double radians : frequencies.radians) {
            const double angle = static_cast<double>(position) * radians;
            cos.push_back(static_cast<T>(frequencies.magnitude * std::cos(angle)));
            sin.push_back(static_cast<T>(frequencies.magnitude * std::sin(angle)));
        }
    }
    const Shape shape{positions.size(), frequencies.radians.size()};
    return {Array<T>(shape, std::move(cos)), Array<T>(shape, std::move(sin))};
}

template <class T>
Array<T> rotate(const HeadsView<T>& heads, const RotaryTable<T>& table,
                const std::vector<std::size_t>& rows, RotaryPairs pairs) {
    const std::size_t count = table.cos.extent(1);
    assert(2 * count <= heads.width && rows.size() == heads.batch * heads.tokens);
    std::vector<T> values(heads.batch * heads.heads * heads.tokens * heads.width);
    parallel_for(heads.batch * heads.heads, [&](std::size_t item) {
        const std::size_t sequence = item / heads.heads;
        const MatrixView<const T> from = heads.head(sequence, item % heads.heads);
        T* to = values.data() + item * heads.tokens * heads.width;
        for (std::size_t token = 0; token < heads.tokens; ++token, to += heads.width) {
            const Span<const T> x = from.row(token);
            std::copy(x.begin(), x.end(), to);
            const std::size_t row = rows[sequence * heads.tokens + token] * count;
            for (std::size_t k = 0; k < count; ++k) {
                const std::size_t first = pairs == RotaryPairs::interleaved ? 2 * k : k;
                const std::size_t second =
                    pairs == RotaryPairs::interleaved ? 2 * k + 1 : k + count;
                const T cos = table.cos.data()[row + k];
                const T sin = table.sin.data()[row + k];
                to[first] = x[first] * cos - x[second] * sin;
                to[second] = x[second] * cos + x[first] * sin;
            }
        }
    });
    return Array<T>({heads.batch, heads.heads, heads.tokens, heads.width}, std::move(values));
}

template RotaryTable<float> make_rotary_table(const std::vector<std::int64_t>&,
                                              const RotaryFrequencies&);
template RotaryTable<double> make_rotary_table(const std::vector<std::int64_t>&,
                                               const RotaryFrequencies&);
template Array<float> rotate(const HeadsView<float>&, const RotaryTable<float>&,
                             const std::vector<std::size_t>&, RotaryPairs);
template Array<double> rotate(const HeadsView<double>&, const RotaryTable<double>&,
                              const std::vector<std::size_t>&, RotaryPairs);

}  // namespace attn

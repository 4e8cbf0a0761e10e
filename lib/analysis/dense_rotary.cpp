#include "analysis/dense_rotary.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace attn::analysis {
namespace {

enum class Role { query, key };

// The positions of the rows of the table, as the queries or the keys are placed.
std::vector<std::int64_t> positions_of(const RotaryOptions<double>& rotary,
                                       const Mistakes& mistakes, Role role) {
    std::vector<std::int64_t> positions = rotary.positions;
    const bool is_query = role == Role::query;
    if (mistakes.positions_from_0 || (mistakes.queries_from_0 && is_query)) {
        const std::int64_t first = *std::min_element(positions.begin(), positions.end());
        for (std::int64_t& position : positions) position -= first;
    }
    const std::ptrdiff_t step = mistakes.position_step + (is_query ? mistakes.query_step : 0);
    for (std::int64_t& position : positions) {
        position += step;
        if (mistakes.opposite_turn) position = -position;
    }
    return positions;
}

// Whether the table of the options is not the one to use.
bool changes_table(const Mistakes& m) {
    return m.rotary_theta || m.rotary_dim || m.positions_from_0 || m.queries_from_0 ||
           m.query_step != 0 || m.position_step != 0 || m.opposite_turn || m.turned_pairs > 0;
}

// Pairs that are not turned have an angle of zero everywhere.
RotaryFrequencies turning_first(RotaryFrequencies frequencies, std::size_t pairs) {
    for (std::size_t pair = pairs; pairs > 0 && pair < frequencies.radians.size(); ++pair)
        frequencies.radians[pair] = 0;
    return frequencies;
}

RotaryTable<double> table_of(const RotaryOptions<double>& rotary, const Mistakes& mistakes,
                             Role role) {
    if (!changes_table(mistakes)) return rotary.table;
    const std::vector<std::int64_t> positions = positions_of(rotary, mistakes, role);
    if (!mistakes.rotary_theta)
        return make_rotary_table<double>(positions,
                                         turning_first(rotary.frequencies, mistakes.turned_pairs));
    const std::size_t dim = mistakes.rotary_dim.value_or(2 * rotary.frequencies.radians.size());
    return make_rotary_table<double>(positions, rotary_frequencies(dim, *mistakes.rotary_theta));
}

// The heads with every pair of every token rotated as `rotate` says: (row, place of its angles in
// the table, columns a and b, the pair rotated). What has no pair passes.
template <class Rotation>
Array<double> rotate_pairs(const HeadsView<double>& heads, const RotaryTable<double>& table,
                           const std::vector<std::size_t>& rows, RotaryPairs pairs,
                           const Rotation& rotate) {
    const std::size_t half = table.cos.extent(1);
    const bool split = pairs == RotaryPairs::half_split;
    std::vector<double> values;
    for (std::size_t item = 0; item < heads.batch * heads.heads; ++item) {
        const std::size_t sequence = item / heads.heads;
        const MatrixView<const double> matrix = heads.head(sequence, item % heads.heads);
        for (std::size_t token = 0; token < heads.tokens; ++token) {
            const Span<const double> row = matrix.row(token);
            std::vector<double> rotated(row.begin(), row.end());
            const std::size_t first = rows[sequence * heads.tokens + token] * half;
            for (std::size_t pair = 0; pair < half; ++pair) {
                const std::size_t a = split ? pair : 2 * pair, b = split ? pair + half : a + 1;
                std::tie(rotated[a], rotated[b]) = rotate(row, first, a, b, pair);
            }
            values.insert(values.end(), rotated.begin(), rotated.end());
        }
    }
    return {{heads.batch, heads.heads, heads.tokens, heads.width}, std::move(values)};
}

// As rotate() does it, with each product and sum rounded.
Array<double> rotate_rounded(const HeadsView<double>& heads, const RotaryTable<double>& table,
                             const std::vector<std::size_t>& rows, RotaryPairs pairs,
                             Rounding rounding) {
    const auto product = [&](double x, double y) { return round_to(rounding, x * y); };
    return rotate_pairs(heads, table, rows, pairs,
                        [&](Span<const double> row, std::size_t first, std::size_t a, std::size_t b,
                            std::size_t pair) {
                            const double cos = round_to(rounding, table.cos.data()[first + pair]);
                            const double sin = round_to(rounding, table.sin.data()[first + pair]);
                            return std::pair(
                                round_to(rounding, product(row[a], cos) - product(row[b], sin)),
                                round_to(rounding, product(row[b], cos) + product(row[a], sin)));
                        });
}

// cos and sin of dimension c are those of the pair that c is of in the other order.
Array<double> rotate_mixed(const HeadsView<double>& heads, const RotaryTable<double>& table,
                           const std::vector<std::size_t>& rows, RotaryPairs pairs) {
    const std::size_t half = table.cos.extent(1);
    const bool split = pairs == RotaryPairs::half_split;
    const auto angle_of = [&](std::size_t c) { return split ? c / 2 : c % half; };
    return rotate_pairs(heads, table, rows, pairs,
                        [&](Span<const double> row, std::size_t first, std::size_t a, std::size_t b,
                            std::size_t /*pair*/) {
                            const double* const cos = table.cos.data() + first;
                            const double* const sin = table.sin.data() + first;
                            return std::pair(row[a] * cos[angle_of(a)] - row[b] * sin[angle_of(a)],
                                             row[b] * cos[angle_of(b)] + row[a] * sin[angle_of(b)]);
                        });
}

// Both halves with the same sign: no rotation.
Array<double> rotate_unsigned(const HeadsView<double>& heads, const RotaryTable<double>& table,
                              const std::vector<std::size_t>& rows, RotaryPairs pairs) {
    return rotate_pairs(heads, table, rows, pairs,
                        [&](Span<const double> row, std::size_t first, std::size_t a, std::size_t b,
                            std::size_t pair) {
                            const double cos = table.cos.data()[first + pair];
                            const double sin = table.sin.data()[first + pair];
                            return std::pair(row[a] * cos + row[b] * sin,
                                             row[b] * cos + row[a] * sin);
                        });
}

// The angles of as many positions as there are heads, from the first one on.
RotaryTable<double> table_of_heads(const RotaryOptions<double>& rotary, std::size_t heads) {
    const auto& positions = rotary.positions;
    std::vector<std::int64_t> counted;
    for (std::size_t head = 0; head < heads; ++head)
        counted.push_back(*std::min_element(positions.begin(), positions.end()) +
                          static_cast<std::int64_t>(head));
    return make_rotary_table<double>(counted, rotary.frequencies);
}

// All tokens of a head turned by the angle of the head's number, [batch, heads, tokens, width].
Array<double> rotate_by_heads(const HeadsView<double>& heads, const RotaryOptions<double>& rotary) {
    // A token and a head change their axes, so that each row lies where the mistake sees it.
    const HeadsView<double> seen{heads.data,         heads.batch,      heads.tokens,
                                 heads.heads,        heads.width,      heads.batch_stride,
                                 heads.token_stride, heads.head_stride};
    std::vector<std::size_t> rows(heads.batch * heads.heads);
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = i % heads.heads;
    const Array<double> turned =
        rotate(seen, table_of_heads(rotary, heads.heads), rows, rotary.pairs);
    const HeadsView<double> back = separate_heads(turned);
    std::vector<double> values;
    values.reserve(turned.size());
    for (std::size_t item = 0; item < heads.batch * heads.heads; ++item) {
        for (std::size_t token = 0; token < heads.tokens; ++token) {
            const auto row = back.head(item / heads.heads, token).row(item % heads.heads);
            values.insert(values.end(), row.begin(), row.end());
        }
    }
    return {{heads.batch, heads.heads, heads.tokens, heads.width}, std::move(values)};
}

RotaryPairs swapped(RotaryPairs pairs) {
    return pairs == RotaryPairs::half_split ? RotaryPairs::interleaved : RotaryPairs::half_split;
}

// Both ways, one beside the other: of each row the dimensions before `until` the other way.
Array<double> rotate_in_part(const HeadsView<double>& heads, const RotaryTable<double>& table,
                             const std::vector<std::size_t>& rows, RotaryPairs pairs,
                             std::size_t until) {
    const Array<double> right = rotate(heads, table, rows, pairs);
    const Array<double> wrong = rotate(heads, table, rows, swapped(pairs));
    std::vector<double> values(right.data(), right.data() + right.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (i % heads.width < until) values[i] = wrong.data()[i];
    }
    return {right.shape(), std::move(values)};
}

}  // namespace

void rotate_wrongly(const RotaryOptions<double>& rotary, const Mistakes& mistakes,
                    DenseHeads& heads, bool has_values) {
    const Rounding rounding = mistakes.rounding_at(stage::rotation);
    const auto rotate_once = [&](Heads<double>& some, const RotaryTable<double>& table,
                                 const std::vector<std::size_t>& rows, RotaryPairs pairs) {
        const std::size_t until = mistakes.other_pairs_until;
        some = make_separate_heads(
            mistakes.mixed_pairs         ? rotate_mixed(some.view, table, rows, pairs)
            : mistakes.unsigned_turn     ? rotate_unsigned(some.view, table, rows, pairs)
            : until > 0                  ? rotate_in_part(some.view, table, rows, pairs, until)
            : rounding == Rounding::none ? rotate(some.view, table, rows, pairs)
                                         : rotate_rounded(some.view, table, rows, pairs, rounding));
    };
    const auto rotate = [&](Heads<double>& some, Role role, const std::vector<std::size_t>& rows) {
        if (mistakes.angles_of_heads) {
            some = make_separate_heads(rotate_by_heads(some.view, rotary));
            return;
        }
        const RotaryTable<double> table = table_of(rotary, mistakes, role);
        const bool swaps =
            mistakes.other_rotary_pairs ||
            (role == Role::query ? mistakes.other_query_pairs : mistakes.other_key_pairs);
        const RotaryPairs pairs = swaps ? swapped(rotary.pairs) : rotary.pairs;
        rotate_once(some, table, rows, pairs);
        if (mistakes.rotated_twice) rotate_once(some, table, rows, pairs);
    };
    if (!mistakes.unrotated_queries) rotate(heads.q, Role::query, rotary.query_rows);
    if (!mistakes.unrotated_keys) rotate(heads.k, Role::key, rotary.key_rows);
    if (mistakes.rotated_values && has_values) rotate(heads.v, Role::key, rotary.key_rows);
}

}  // namespace attn::analysis

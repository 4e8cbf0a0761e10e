#include "attention/definition.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "attention/default_scale.hpp"
#include "attention/product_memory.hpp"
#include "attention/query_offset.hpp"
#include "core/xtensor_blas.hpp"

namespace attn {
namespace {

using Rows = std::vector<std::size_t>;
template <class C>
using XtMatrix = xt::xtensor<C, 2>;
template <class C>
constexpr C kMasked = -std::numeric_limits<C>::infinity();

template <class C, class T>
XtMatrix<C> rows_of(const MatrixView<const T>& matrix, const Rows& rows) {
    XtMatrix<C> chosen = xt::zeros<C>({rows.size(), matrix.columns});
    for (std::size_t i = 0; i < rows.size(); ++i)
        std::copy(matrix.row(rows[i]).begin(), matrix.row(rows[i]).end(),
                  chosen.data() + i * matrix.columns);
    return chosen;
}

template <class C, class T>
XtMatrix<C> all_of(const MatrixView<const T>& matrix) {
    Rows rows(matrix.rows);
    std::iota(rows.begin(), rows.end(), std::size_t{0});
    return rows_of<C>(matrix, rows);
}

template <class A, class B>
XtMatrix<typename A::value_type> product(const A& a, const B& b) {
    const ProductMemory memory;
    return xt::linalg::dot(a, b);
}

// Each pair (a, b) of dimensions becomes (a cos - b sin, b cos + a sin): Su et al. 2021, eq. 34.
template <class C, class T>
XtMatrix<C> rotated(const XtMatrix<C>& x, const RotaryOptions<T>& rotary, const Rows& rows) {
    const XtMatrix<C> cos = rows_of<C>(rotary.table.cos.matrix(), rows);
    const XtMatrix<C> sin = rows_of<C>(rotary.table.sin.matrix(), rows);
    const std::size_t pairs = cos.shape(1);
    const bool halves = rotary.pairs == RotaryPairs::half_split;
    const std::size_t step = halves ? 1 : 2, second = halves ? pairs : 1;
    const auto from = [&](std::size_t first) {
        return xt::range(first, first + step * (pairs - 1) + 1, step);
    };
    const XtMatrix<C> a = xt::view(x, xt::all(), from(0)), b = xt::view(x, xt::all(), from(second));
    XtMatrix<C> result = x;
    xt::view(result, xt::all(), from(0)) = a * cos - b * sin;
    xt::view(result, xt::all(), from(second)) = b * cos + a * sin;
    return result;
}

// The matrix behind the one of the cache, [batch, kv_heads, past, width].
template <class C, class T>
XtMatrix<C> behind(const Array<T>& past, const HeadPlace& place, const XtMatrix<C>& matrix) {
    if (past.empty()) return matrix;
    const XtMatrix<C> before = all_of<C>(separate_heads(past).head(place.sequence, place.head));
    return xt::concatenate(xt::xtuple(before, matrix), 0);
}

// What attention of one head is computed from.
template <class C>
struct Tokens {
    XtMatrix<C> q, k, v;
};

template <class C, class T>
Tokens<C> tokens_of(const HeadsView<T>& q_heads, const HeadsView<T>& k_heads,
                    const HeadsView<T>& v_heads, const AttentionOptions<T>& options,
                    const HeadPlace& place, const Rows& queries) {
    const HeadPlace kv{place.sequence,
                       kv_head_of(place.head, q_heads.heads, k_heads.heads, options.kv_order)};
    XtMatrix<C> q = rows_of<C>(q_heads.head(place.sequence, place.head), queries);
    XtMatrix<C> k = all_of<C>(k_heads.head(kv.sequence, kv.head));
    if (options.rotary) {
        const RotaryOptions<T>& rotary = *options.rotary;
        Rows of_queries, of_keys;
        for (const std::size_t query : queries)
            of_queries.push_back(rotary.query_rows[place.sequence * q_heads.tokens + query]);
        for (std::size_t key = 0; key < k_heads.tokens; ++key)
            of_keys.push_back(rotary.key_rows[place.sequence * k_heads.tokens + key]);
        q = rotated(q, rotary, of_queries);
        k = rotated(k, rotary, of_keys);
    }
    const XtMatrix<C> v = all_of<C>(v_heads.head(kv.sequence, kv.head));
    return {q, behind(options.past_key, kv, k), behind(options.past_value, kv, v)};
}

// What is added to each score, its magnitude, and which keys a query may attend.
template <class C>
struct Rules {
    XtMatrix<C> sum, magnitude;
    xt::xtensor<std::uint8_t, 2> may_attend;
};

template <class C, class T>
Rules<C> rules_of(const MaskOptions<T>& mask, const HeadPlace& place, const Rows& queries,
                  std::size_t keys) {
    const MaskStructure& s = mask.structure;
    const std::size_t length = s.key_lengths.empty() ? keys : s.key_lengths[place.sequence];
    Rules<C> rules{xt::zeros<C>({queries.size(), keys}), xt::zeros<C>({queries.size(), keys}),
                   xt::ones<std::uint8_t>({queries.size(), keys})};
    for (std::size_t i = 0; i < queries.size(); ++i) {
        const std::ptrdiff_t position = position_of(s.offsets, place.sequence, queries[i]);
        for (std::size_t key = 0; key < keys; ++key) {
            const std::ptrdiff_t distance = static_cast<std::ptrdiff_t>(key) - position;
            const auto forbid_if = [&](bool wrong) { rules.may_attend(i, key) &= !wrong; };
            const auto add = [&](C value) {
                forbid_if(value == kMasked<C>);
                rules.sum(i, key) += value;
                rules.magnitude(i, key) += std::abs(value);
            };
            // Beyond its keys an array forbids.
            const auto at = [&](const Broadcast<T>& array) {
                return key < array.keys() ? C{array.at(place.sequence, place.head, queries[i], key)}
                                          : kMasked<C>;
            };
            forbid_if(key >= length || (s.causal && distance > 0));
            forbid_if(s.window_left && -distance > static_cast<std::ptrdiff_t>(*s.window_left));
            forbid_if(s.window_right && distance > static_cast<std::ptrdiff_t>(*s.window_right));
            if (!mask.may_attend.empty()) forbid_if(!(at(mask.may_attend) > 0));
            if (!mask.added.empty()) add(at(mask.added));
            if (!mask.bias.empty()) add(at(mask.bias));
            if (!mask.alibi.empty()) add(C{mask.alibi[place.head]} * static_cast<C>(distance));
            if (!mask.relative.empty()) add(mask.relative.at(place.head, distance));
        }
    }
    return rules;
}

// weights v, without the values of keys that may not be attended: zero times infinity is not zero.
template <class C>
XtMatrix<C> context_of(const XtMatrix<C>& weights, const XtMatrix<C>& v, const Rules<C>& rules) {
    const XtMatrix<C> finite = xt::where(xt::isfinite(v), v, C{0});
    XtMatrix<C> context = product(weights, finite);
    for (std::size_t key = 0; key < v.shape(0); ++key)
        for (std::size_t column = 0; column < v.shape(1); ++column)
            for (std::size_t i = 0; i < weights.shape(0) && !std::isfinite(v(key, column)); ++i)
                if (rules.may_attend(i, key))
                    context(i, column) += weights(i, key) * v(key, column);
    return context;
}

template <class C>
Array<C> array_of(const XtMatrix<C>& matrix) {
    return Array<C>({matrix.shape(0), matrix.shape(1)}, {matrix.begin(), matrix.end()});
}

// What softcap and softmax need to know of a head.
template <class C>
struct Constants {
    C scale{};
    std::optional<C> softcap;
    C sink{};
};

// The equations (Vaswani et al. 2017, eq. 1, and what later models put between): scores, softmax,
// and the means of values.
template <class C>
DefinedHead<C> attention(const Tokens<C>& of, const Rules<C>& rules,
                         const Constants<C>& constants) {
    const XtMatrix<C> scaled = constants.scale * product(of.q, xt::transpose(of.k));
    XtMatrix<C> softcapped = scaled;
    if (constants.softcap) softcapped = *constants.softcap * xt::tanh(scaled / *constants.softcap);
    const XtMatrix<C> scores = xt::where(rules.may_attend, softcapped + rules.sum, kMasked<C>);

    // `high` is finite, so that a row without keys has exponentials of zero. Reducers make
    // containers, [queries, 1]: left lazy inside an expression they read out of bounds.
    const auto each_row = xt::keep_dims | xt::evaluation_strategy::immediate;
    const C sink = constants.sink;
    const XtMatrix<C> largest = xt::amax(scores, {1}, each_row);
    const XtMatrix<C> high = xt::maximum(largest, std::max(sink, std::numeric_limits<C>::lowest()));
    const XtMatrix<C> exponentials = xt::exp(scores - high);
    const XtMatrix<C> of_keys = xt::sum(exponentials, {1}, each_row);
    const XtMatrix<C> sums = of_keys + xt::exp(sink - high);
    const XtMatrix<C> quotients = exponentials / sums;
    const XtMatrix<C> has_keys = xt::not_equal(sums, C{0});
    const XtMatrix<C> weights = xt::where(rules.may_attend && has_keys, quotients, C{0});
    const XtMatrix<C> logsumexp = high + xt::log(sums);

    DefinedHead<C> head;
    head.scale = constants.scale;
    head.q = array_of(of.q);
    head.k = array_of(of.k);
    head.v = array_of(of.v);
    head.scaled = array_of(scaled);
    head.softcapped = array_of(softcapped);
    head.added = array_of(rules.magnitude);
    head.may_attend = {rules.may_attend.begin(), rules.may_attend.end()};
    head.scores = array_of(scores);
    head.weights = array_of(weights);
    head.context = array_of(context_of(weights, of.v, rules));
    head.logsumexp = {logsumexp.begin(), logsumexp.end()};
    return head;
}

}  // namespace

template <class C, class T>
DefinedHead<C> define_head(const HeadsView<T>& q, const HeadsView<T>& k, const HeadsView<T>& v,
                           const AttentionOptions<T>& options, const HeadPlace& place,
                           const Rows& queries) {
    const Tokens<C> tokens = tokens_of<C>(q, k, v, options, place, queries);
    const Rules<C> rules = rules_of<C>(options.mask, place, queries, tokens.k.shape(0));
    Constants<C> constants;
    constants.scale = static_cast<C>(options.scale.value_or(default_scale(q.width)));
    if (options.softcap) constants.softcap = static_cast<C>(*options.softcap);
    constants.sink = options.sinks.empty() ? kMasked<C> : C{options.sinks[place.head]};
    return attention(tokens, rules, constants);
}

template DefinedHead<double> define_head(const HeadsView<float>&, const HeadsView<float>&,
                                         const HeadsView<float>&, const AttentionOptions<float>&,
                                         const HeadPlace&, const Rows&);
template DefinedHead<double> define_head(const HeadsView<double>&, const HeadsView<double>&,
                                         const HeadsView<double>&, const AttentionOptions<double>&,
                                         const HeadPlace&, const Rows&);

}  // namespace attn

// The kernels of every instruction set that this machine has, beside plain loops in a wider type.
#include "kernels/kernels.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "core/aligned_buffer.hpp"
#include "kernels/kernel_sets.hpp"

using attn::Kernels;

namespace {

using Wide = long double;

template <class T>
constexpr Wide kEps = std::numeric_limits<T>::epsilon();

// Partial sums in T are at most 32 terms for each of at most 16 lanes, and go on in double: half an
// eps for each addition, and a few for what is added.
template <class T>
constexpr Wide kSum = 32 * kEps<T>;

// One kernel on one input: what it must give, and how far each number may be off.
template <class T>
struct Example {
    std::string name;
    std::function<std::vector<Wide>(const Kernels<T>&)> compute;
    std::vector<Wide> plain;
    std::vector<Wide> bounds;
};

template <class T>
std::vector<T> random_values(std::size_t size, unsigned seed) {
    std::mt19937 random(seed);
    std::normal_distribution<double> normal(0, 3);
    std::vector<T> row(size);
    for (T& value : row) value = static_cast<T>(normal(random));
    return row;
}

template <class T>
std::vector<T> random_weights(std::size_t size, unsigned seed) {
    std::vector<T> row = random_values<T>(size, seed);
    for (std::size_t i = 0; i < size; ++i) row[i] = i % 5 == 3 ? T{0} : std::exp(row[i] - T{9});
    return row;
}

template <class T>
std::vector<Wide> wide(const std::vector<T>& row) {
    return {row.begin(), row.end()};
}

// Of each number of `row` its image.
template <class T, class Image>
std::vector<Wide> images(const std::vector<T>& row, const Image& image) {
    std::vector<Wide> result;
    for (const T value : row) result.push_back(image(static_cast<Wide>(value)));
    return result;
}

Wide total(const std::vector<Wide>& values) {
    Wide sum = 0;
    for (const Wide value : values) sum += value;
    return sum;
}

Wide total_size(const std::vector<Wide>& values) {
    Wide sum = 0;
    for (const Wide value : values) sum += std::abs(value);
    return sum;
}

template <class T>
std::vector<Example<T>> comparisons(std::size_t size) {
    const std::vector<T> row = random_values<T>(size, 1);
    const std::vector<T> other = random_values<T>(size, 2);
    std::vector<Example<T>> examples;
    Wide high = -std::numeric_limits<Wide>::infinity();
    std::vector<Wide> larger, between;
    for (std::size_t i = 0; i < size; ++i) {
        high = std::max<Wide>(high, row[i]);
        larger.push_back(std::max(row[i], other[i]));
        if (row[i] > -1 && row[i] <= 2) between.push_back(row[i]);
    }
    examples.push_back({"largest",
                        [=](const Kernels<T>& kernels) {
                            return std::vector<Wide>{kernels.largest(row.data(), size)};
                        },
                        {high},
                        {0}});
    examples.push_back({"take_larger",
                        [=](const Kernels<T>& kernels) {
                            std::vector<T> result = row;
                            kernels.take_larger(result.data(), other.data(), size);
                            return wide(result);
                        },
                        larger, std::vector<Wide>(size, 0)});
    examples.push_back({"collect",
                        [=](const Kernels<T>& kernels) {
                            std::vector<T> found(size + kernels.lanes);
                            found.resize(
                                kernels.collect(row.data(), size, T{-1}, T{2}, found.data()));
                            return wide(found);
                        },
                        between, std::vector<Wide>(between.size(), 0)});
    return examples;
}

template <class T>
std::vector<Example<T>> changes_of_rows(std::size_t size) {
    const std::vector<T> row = random_values<T>(size, 3);
    const std::vector<T> other = random_values<T>(size, 4);
    const auto changed = [=](auto kernel) {
        return [=](const Kernels<T>& kernels) {
            std::vector<T> result = row;
            kernel(kernels, result.data());
            return wide(result);
        };
    };
    std::vector<Wide> sums, products;
    for (std::size_t i = 0; i < size; ++i) {
        sums.push_back(row[i] + other[i]);
        products.push_back(row[i] * T{0.3F});
    }
    const std::vector<Wide> capped =
        images(row, [](Wide score) { return 5 * std::tanh(score / 5); });
    const std::vector<Wide> exact(size, 0);
    return {{"add", changed([=](const Kernels<T>& k, T* to) { k.add(to, other.data(), size); }),
             sums, exact},
            {"scale", changed([=](const Kernels<T>& k, T* to) { k.scale(to, size, T{0.3F}); }),
             products, exact},
            {"softcap", changed([=](const Kernels<T>& k, T* to) { k.softcap(to, size, T{5}); }),
             capped, images(capped, [](Wide score) { return 8 * kEps<T> * std::abs(score); })}};
}

template <class T>
std::vector<Example<T>> sums_over_weights(std::size_t size) {
    const std::vector<T> row = random_weights<T>(size, 5);
    const T first = -7;
    std::vector<Wide> distances, above;
    Wide high = -std::numeric_limits<Wide>::infinity();
    const T threshold{1e-4F};
    for (std::size_t i = 0; i < size; ++i) {
        distances.push_back(row[i] * std::abs(static_cast<Wide>(first) + static_cast<Wide>(i)));
        high = std::max<Wide>(high, row[i]);
        if (row[i] > threshold) above.push_back(row[i]);
    }
    const Wide sum = total(wide(row));
    const Wide squares = total(images(row, [](Wide w) { return w * w; }));
    const std::vector<Wide> logs =
        images(row, [](Wide w) { return w > 0 ? w * std::log(w) : Wide{0}; });
    return {{"sum_weights",
             [=](const Kernels<T>& kernels) {
                 const attn::WeightSums sums = kernels.sum_weights(row.data(), size, first);
                 return std::vector<Wide>{sums.sum, sums.squares, sums.distance, sums.largest};
             },
             {sum, squares, total(distances), high},
             {kSum<T> * sum, kSum<T> * squares, kSum<T> * total(distances), 0}},
            {"sum_logs",
             [=](const Kernels<T>& kernels) {
                 return std::vector<Wide>{kernels.sum_logs(row.data(), size)};
             },
             {total(logs)},
             {kSum<T> * total_size(logs)}},
            {"sum_above",
             [=](const Kernels<T>& kernels) {
                 std::size_t count = 0;
                 const double found = kernels.sum_above(row.data(), size, threshold, &count);
                 return std::vector<Wide>{found, static_cast<Wide>(count)};
             },
             {total(above), static_cast<Wide>(above.size())},
             {kSum<T> * total(above), 0}}};
}

template <class T>
std::vector<Example<T>> sums_over_scores(std::size_t size) {
    constexpr T inf = std::numeric_limits<T>::infinity();
    std::vector<T> row = random_values<T>(size, 6);
    for (std::size_t i = 0; i < size; i += 4) row[i] = -inf;
    std::vector<T> there;
    std::copy_if(row.begin(), row.end(), std::back_inserter(there),
                 [](T score) { return score != -inf; });
    const auto [low, high] = std::minmax_element(there.begin(), there.end());
    const bool any = !there.empty();
    const Wide mean = any ? total(wide(there)) / static_cast<Wide>(there.size()) : 0;
    const std::vector<Wide> squares =
        images(there, [mean](Wide score) { return (score - mean) * (score - mean); });
    const std::vector<Wide> all_squares = images(there, [](Wide score) { return score * score; });
    return {{"sum_scores",
             [=](const Kernels<T>& kernels) {
                 const attn::ScoreSums sums = kernels.sum_scores(row.data(), size);
                 return std::vector<Wide>{sums.count, any ? sums.smallest : 0,
                                          any ? sums.largest : 0, sums.sum, sums.squares};
             },
             {static_cast<Wide>(there.size()), any ? *low : 0, any ? *high : 0, total(wide(there)),
              total(squares)},
             {0, 0, 0, kSum<T> * total_size(wide(there)), 4 * kSum<T> * total(all_squares)}}};
}

// exp(score - high) of every score, their sum, and where asked for that of exp(x) * x.
template <class T>
std::vector<Example<T>> exponentials(std::size_t size) {
    constexpr T inf = std::numeric_limits<T>::infinity();
    std::vector<T> row = random_values<T>(size, 7);
    for (std::size_t i = 2; i < size; i += 6) row[i] = -inf;
    const T high = 12;
    std::vector<Wide> plain, bounds, logs;
    for (const T score : row) {
        const T x = score - high;
        plain.push_back(std::exp(static_cast<Wide>(x)));
        bounds.push_back(2 * kEps<T> * plain.back());
        logs.push_back(x == -inf ? 0 : plain.back() * x);
    }
    // Each exponential is off by up to two eps of its own.
    const Wide sum = total(plain);
    const Wide sum_bound = (kSum<T> + 2 * kEps<T>)*sum;
    const Wide logs_bound = (kSum<T> + 2 * kEps<T>)*total_size(logs);
    const auto compute = [=](auto kernel) {
        return [=](const Kernels<T>& kernels) {
            std::vector<T> result = row;
            const attn::ExponentialSums sums = kernel(kernels, result.data());
            std::vector<Wide> all = wide(result);
            all.insert(all.end(), {sums.sum, sums.logs});
            return all;
        };
    };
    const auto with = [](std::vector<Wide> values, Wide a, Wide b) {
        values.insert(values.end(), {a, b});
        return values;
    };
    return {{"exponentiate",
             compute([=](const Kernels<T>& k, T* to) { return k.exponentiate(to, size, high); }),
             with(plain, sum, total(logs)), with(bounds, sum_bound, logs_bound)},
            {"exponentiate_only", compute([=](const Kernels<T>& k, T* to) {
                 return k.exponentiate_only(to, size, high);
             }),
             with(plain, sum, 0), with(bounds, sum_bound, 0)}};
}

// What the backward pass of softmax asks for.
template <class T>
std::vector<Example<T>> gradients_of_rows(std::size_t size) {
    const std::vector<T> weights = random_values<T>(size, 21),
                         gradients = random_values<T>(size, 22);
    const T dot{0.375F};
    std::vector<Wide> scores, score_bounds;
    Wide sums[4] = {0, 0, 0, 0}, sizes[4] = {0, 0, 0, 0}, powers[4] = {0, 0, 0, 0},
         power_sizes[4] = {0, 0, 0, 0}, weighted = 0, weighted_size = 0;
    for (std::size_t i = 0; i < size; ++i) {
        const Wide w = weights[i], g = gradients[i], s = w * (g - dot);
        weighted += w * (g - Wide{0.25}), weighted_size += std::abs(w) * (std::abs(g) + Wide{0.25});
        scores.push_back(s);
        score_bounds.push_back(3 * kEps<T> * std::abs(w) * (std::abs(g) + dot));
        const Wide terms[4] = {g * g, w * g, s * s, s};
        const Wide large = std::abs(w) * (std::abs(g) + dot);
        const Wide largest[4] = {g * g, std::abs(w * g), large * large, large};
        for (int k = 0; k < 4; ++k) {
            sums[k] += terms[k];
            sizes[k] += largest[k];
            powers[k] += std::pow(w, k + 1);
            power_sizes[k] += std::pow(std::abs(w), k + 1);
        }
    }
    const Wide times = 80 * kEps<T>;
    std::vector<Wide> all = scores, bounds = score_bounds, of_powers, power_bounds;
    for (int k = 0; k < 4; ++k) {
        all.push_back(sums[k]), bounds.push_back(times * sizes[k]);
        of_powers.push_back(powers[k]), power_bounds.push_back(times * power_sizes[k]);
    }
    const auto backward = [=](const Kernels<T>& kernels) {
        std::vector<T> row = gradients;
        const attn::SoftmaxGradientSums found =
            kernels.softmax_backward(weights.data(), row.data(), size, T{0.25F}, dot - T{0.25F});
        std::vector<Wide> result = wide(row);
        result.insert(result.end(),
                      {found.weight_squares, found.weighted, found.score_squares, found.scores});
        return result;
    };
    const auto sum_weighted = [=](const Kernels<T>& kernels) {
        return std::vector<Wide>{
            kernels.weighted_sum(weights.data(), gradients.data(), size, T{0.25F})};
    };
    const auto sum_powers = [=](const Kernels<T>& kernels) {
        const attn::PowerSums found = kernels.power_sums(weights.data(), size);
        return std::vector<Wide>{found.first, found.second, found.third, found.fourth};
    };
    return {{"softmax_backward", backward, all, bounds},
            {"weighted_sum", sum_weighted, {weighted}, {times * weighted_size}},
            {"power_sums", sum_powers, of_powers, power_bounds}};
}

// a [rows, depth] times b [depth, columns], panel by panel.
template <class T>
struct Product {
    std::size_t rows, depth, columns;
    std::vector<T> a = random_values<T>(rows * depth, 8);
    std::vector<T> b = random_values<T>(depth * columns, 9);
    std::vector<T> c = random_values<T>(rows * columns, 10);
    T factor{0.125F};

    template <class Kernel>
    std::vector<Wide> compute(const Kernels<T>& kernels, const Kernel& kernel) const {
        const std::size_t padded = (columns + kernels.lanes - 1) / kernels.lanes * kernels.lanes;
        const std::size_t stride = padded + 3;
        std::vector<T> result(rows * stride, T{-99});
        for (std::size_t i = 0; i < rows; ++i)
            std::copy_n(c.data() + i * columns, columns, result.data() + i * stride);
        for (std::size_t first = 0; first < padded; first += kernels.panel_width) {
            const std::size_t width = std::min(kernels.panel_width, padded - first);
            const std::size_t filled = std::min(width, columns - first);
            const attn::AlignedBuffer<T> panel(depth * width + 1);
            std::fill_n(panel.data(), depth * width, T{0});
            for (std::size_t k = 0; k < depth; ++k)
                std::copy_n(b.data() + k * columns + first, filled, panel.data() + k * width);
            kernel(attn::PanelProduct<T>{a.data(), depth, rows, panel.data(), width, depth,
                                         result.data() + first, stride, factor});
        }
        std::vector<Wide> inside;
        for (std::size_t i = 0; i < rows; ++i) {
            for (std::size_t j = 0; j < columns; ++j) inside.push_back(result[i * stride + j]);
            for (std::size_t j = padded; j < stride; ++j) CHECK(result[i * stride + j] == -99);
        }
        return inside;
    }
};

template <class T>
std::vector<Example<T>> products(std::size_t rows, std::size_t depth, std::size_t columns) {
    const Product<T> product{rows, depth, columns};
    std::vector<Wide> multiplied, added, bounds;
    for (std::size_t i = 0; i < rows; ++i) {
        for (std::size_t j = 0; j < columns; ++j) {
            const Wide before = product.c[i * columns + j];
            Wide sum = 0, size = std::abs(before);
            for (std::size_t k = 0; k < depth; ++k) {
                const Wide term = static_cast<Wide>(product.a[i * depth + k]) *
                                  static_cast<Wide>(product.b[k * columns + j]);
                sum += term;
                size += std::abs(term);
            }
            multiplied.push_back(product.factor * sum);
            added.push_back(before + sum);
            bounds.push_back(static_cast<Wide>(depth + 1) * kEps<T> * size);
        }
    }
    return {
        {"multiply",
         [=](const Kernels<T>& kernels) { return product.compute(kernels, kernels.multiply); },
         multiplied, bounds},
        {"add_product",
         [=](const Kernels<T>& kernels) { return product.compute(kernels, kernels.add_product); },
         added, bounds}};
}

// The place of the first number that is further off than it may be; the size where none is.
std::size_t first_beyond(const std::vector<Wide>& a, const std::vector<Wide>& b,
                         const std::vector<Wide>& bounds, Wide times) {
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (a[i] != b[i] && !(std::abs(a[i] - b[i]) <= times * bounds[i])) return i;
    }
    return a.size();
}

template <class T>
void check_on_every_set(const Example<T>& example) {
    std::vector<Wide> first;
    for (const Kernels<T>* kernels : attn::runnable_kernels<T>()) {
        INFO(kernels->instruction_set << ": " << example.name);
        const std::vector<Wide> computed = example.compute(*kernels);
        REQUIRE(computed.size() == example.plain.size());
        REQUIRE(example.bounds.size() == example.plain.size());
        CHECK(first_beyond(computed, example.plain, example.bounds, 1) == computed.size());
        if (first.empty()) first = computed;
        CHECK(first_beyond(computed, first, example.bounds, 2) == computed.size());
    }
}

// Rows that end within a register, with it, and behind the first piece of a sum.
const std::vector<std::size_t> kRowSizes{0,  1,  2,  3,  4,   7,   8,   15,
                                         16, 17, 31, 33, 100, 511, 513, 1100};

}  // namespace

TEMPLATE_TEST_CASE("every set of kernels computes what plain loops compute, and what the others do",
                   "", float, double) {
    using T = TestType;
    for (const std::size_t size : kRowSizes) {
        INFO(size << " numbers");
        for (const auto& examples :
             {comparisons<T>(size), changes_of_rows<T>(size), sums_over_weights<T>(size),
              sums_over_scores<T>(size), exponentials<T>(size), gradients_of_rows<T>(size)}) {
            for (const Example<T>& example : examples) check_on_every_set(example);
        }
    }
}

TEMPLATE_TEST_CASE("every set of kernels multiplies with panels of every width", "", float,
                   double) {
    using T = TestType;
    // Panels of the widest registers are 64 columns wide, those of the narrowest 4.
    for (const std::size_t columns : {1, 2, 4, 7, 16, 17, 33, 48, 64, 100}) {
        for (const std::size_t rows : {1, 2, 3, 4, 5, 6, 7, 11, 13}) {
            for (const std::size_t depth : {0, 1, 3, 40}) {
                INFO(rows << " rows, depth " << depth << ", " << columns << " columns");
                for (const Example<T>& example : products<T>(rows, depth, columns))
                    check_on_every_set(example);
            }
        }
    }
}

TEMPLATE_TEST_CASE("no set of kernels loses a NaN, wherever it stands", "", float, double) {
    using T = TestType;
    const T nan = std::numeric_limits<T>::quiet_NaN();
    for (const Kernels<T>* kernels : attn::runnable_kernels<T>()) {
        for (const std::size_t size : {1, 3, 16, 40}) {
            for (std::size_t place = 0; place < size; ++place) {
                INFO(kernels->instruction_set << ", NaN at " << place << " of " << size);
                std::vector<T> row = random_weights<T>(size, 11);
                const std::vector<T> sound = row;
                row[place] = nan;
                CHECK(std::isnan(kernels->largest(row.data(), size)));
                CHECK(std::isnan(kernels->sum_weights(row.data(), size, T{0}).sum));
                CHECK(std::isnan(kernels->sum_weights(row.data(), size, T{0}).largest));
                CHECK(std::isnan(kernels->sum_logs(row.data(), size)));
                const attn::ScoreSums scores = kernels->sum_scores(row.data(), size);
                CHECK(scores.count == static_cast<double>(size));
                CHECK(std::isnan(scores.sum));
                CHECK(std::isnan(scores.smallest));
                CHECK(std::isnan(scores.largest));
                attn::ScoreSums both = kernels->sum_scores(sound.data(), size);
                both.add(scores);
                both.add(kernels->sum_scores(sound.data(), size));
                CHECK(std::isnan(both.smallest));
                CHECK(std::isnan(both.largest));
                for (const bool behind : {false, true}) {
                    std::vector<T> higher = behind ? sound : row;
                    kernels->take_larger(higher.data(), behind ? row.data() : sound.data(), size);
                    CHECK(std::isnan(higher[place]));
                    CHECK(std::count_if(higher.begin(), higher.end(),
                                        [](T value) { return std::isnan(value); }) == 1);
                }
                std::vector<T> exponentials = row;
                CHECK(std::isnan(kernels->exponentiate(exponentials.data(), size, T{0}).sum));
                CHECK(std::isnan(exponentials[place]));
            }
        }
    }
}

TEST_CASE("exponentials are good to 1 ulp, and to 1.2 without fused multiplication") {
    // Every 4,099th float between -0 and -88.
    std::vector<float> arguments;
    for (std::uint32_t bits = 0x80000000U; bits < 0xC2B00000U; bits += 4099) {
        float argument = 0;
        std::memcpy(&argument, &bits, sizeof bits);
        arguments.push_back(argument);
    }
    for (const auto* kernels : attn::runnable_kernels<float>()) {
        INFO(kernels->instruction_set);
        std::vector<float> results = arguments;
        kernels->exponentiate_only(results.data(), results.size(), 0.0F);
        CHECK(results[0] == 1);
        double worst = 0;
        for (std::size_t i = 0; i < results.size(); ++i) {
            const double expected = std::exp(static_cast<double>(arguments[i]));
            const double smallest = std::numeric_limits<float>::min();
            if (expected < smallest && results[i] == 0) continue;
            int exponent = 0;
            std::frexp(expected, &exponent);
            const double ulp = std::ldexp(1.0, exponent - std::numeric_limits<float>::digits);
            worst = std::max(worst, std::abs(static_cast<double>(results[i]) - expected) / ulp);
        }
        const bool fused = std::string(kernels->instruction_set) != "sse2";
        CHECK(worst < (fused ? 1 : 1.2));
    }
}

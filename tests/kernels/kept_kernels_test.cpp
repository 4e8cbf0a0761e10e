// The kernels of kept values of every instruction set that this machine has, beside plain loops.
#include "kernels/kept_kernels.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <limits>
#include <random>
#include <vector>

#include "kernels/kernel_sets.hpp"

using namespace attn;

namespace {

template <class T>
struct Row {
    std::vector<T> values;
    std::vector<std::uint8_t> keep;
};

// A third of its values are kept.
template <class T>
Row<T> random_row(std::size_t size, unsigned seed) {
    std::mt19937 random(seed);
    std::normal_distribution<double> normal(0, 3);
    Row<T> row;
    for (std::size_t i = 0; i < size; ++i) {
        row.values.push_back(static_cast<T>(std::exp(normal(random) - 6)));
        row.keep.push_back(random() % 3 == 0);
    }
    return row;
}

// Rows that end within a register, with it, and behind the first piece of a sum.
const std::vector<std::size_t> kSizes{0, 1, 2, 3, 4, 7, 8, 15, 16, 17, 31, 33, 100, 511, 513, 1100};

// Calls test(kernels, size) for every set and size.
template <class T, class Test>
void on_every_set(const Test& test) {
    for (const Kernels<T>* kernels : runnable_kernels<T>()) {
        for (const std::size_t size : kSizes) {
            INFO(kernels->instruction_set << ", " << size << " values");
            test(kept_kernels(*kernels), size);
        }
    }
}

}  // namespace

TEMPLATE_TEST_CASE("sums of kept values are those of a plain loop", "", float, double) {
    using T = TestType;
    on_every_set<T>([](const KeptKernels<T>& kernels, std::size_t size) {
        const Row<T> row = random_row<T>(size, 1);
        double sum = 0, squares = 0, lost = 0;
        std::size_t count = 0;
        for (std::size_t i = 0; i < size; ++i) {
            const auto value = static_cast<double>(row.values[i]);
            sum += row.keep[i] ? value : 0;
            squares += row.keep[i] ? value * value : 0;
            lost += row.keep[i] ? 0 : value * value;
            count += row.keep[i];
        }
        const KeptSums sums = kernels.sum_kept(row.values.data(), row.keep.data(), size);
        const double eps = 32 * static_cast<double>(std::numeric_limits<T>::epsilon());
        CHECK(sums.sum == Approx(sum).epsilon(eps));
        CHECK(sums.squares == Approx(squares).epsilon(eps));
        CHECK(sums.lost_squares == Approx(lost).epsilon(eps));
        CHECK(sums.count == count);
    });
}

TEMPLATE_TEST_CASE("values from a least one on are marked and counted", "", float, double) {
    using T = TestType;
    on_every_set<T>([](const KeptKernels<T>& kernels, std::size_t size) {
        const Row<T> row = random_row<T>(size, 2);
        const T least = size == 0 ? T{0} : row.values[size / 2];  // one is equal to it
        std::vector<std::uint8_t> marks(size + 1, 7);
        const std::size_t found = kernels.mark_from(row.values.data(), size, least, marks.data());
        CHECK(marks[size] == 7);  // nothing behind the row is written
        std::size_t count = 0;
        for (std::size_t i = 0; i < size; ++i) {
            CHECK(marks[i] == (row.values[i] >= least ? 1 : 0));
            count += marks[i];
        }
        CHECK(found == count);
    });
}

TEMPLATE_TEST_CASE("a few numbers are sorted, whichever of them are equal", "", float, double) {
    using T = TestType;
    for (const Kernels<T>* kernels : runnable_kernels<T>()) {
        for (const std::size_t size : {0, 16, 32, 48}) {
            INFO(kernels->instruction_set << ", " << size << " numbers");
            std::vector<T> values = random_row<T>(size, 6).values;
            for (std::size_t i = 3; i < size; i += 5) values[i] = values[i - 3];
            std::vector<T> expected = values, sorted(size);
            std::sort(expected.begin(), expected.end(), std::greater<>());
            kept_kernels(*kernels).sort_few(values.data(), size, sorted.data());
            CHECK(sorted == expected);
        }
    }
}

TEMPLATE_TEST_CASE("what is not kept is copied as 0", "", float, double) {
    using T = TestType;
    on_every_set<T>([](const KeptKernels<T>& kernels, std::size_t size) {
        const Row<T> row = random_row<T>(size, 3);
        std::vector<T> copy(size + 1, T{-1});
        kernels.keep_values(row.values.data(), row.keep.data(), size, copy.data());
        CHECK(copy[size] == T{-1});
        for (std::size_t i = 0; i < size; ++i)
            CHECK(copy[i] == (row.keep[i] ? row.values[i] : T{0}));
    });
}

TEMPLATE_TEST_CASE("places of kept bytes, and of values from a least one on, are listed in order",
                   "", float, double) {
    using T = TestType;
    on_every_set<T>([](const KeptKernels<T>& kernels, std::size_t size) {
        const Row<T> row = random_row<T>(size, 7);
        const T least = size == 0 ? T{0} : row.values[size / 2];
        std::vector<std::uint32_t> kept, large, places(size + kPlacesBehind);
        for (std::uint32_t i = 0; i < size; ++i) {
            if (row.keep[i]) kept.push_back(i);
            if (row.values[i] >= least) large.push_back(i);
        }
        const auto listed = [&](std::size_t count) {
            return std::vector<std::uint32_t>(places.begin(),
                                              places.begin() + static_cast<std::ptrdiff_t>(count));
        };
        CHECK(listed(kernels.list_kept(row.keep.data(), size, places.data())) == kept);
        CHECK(listed(kernels.list_from(row.values.data(), size, least, places.data())) == large);
        const std::vector<std::uint8_t> all(size, 1);
        CHECK(kernels.list_kept(all.data(), size, places.data()) == size);
        CHECK((size == 0 || places[size - 1] == size - 1));
    });
}

TEMPLATE_TEST_CASE("values are widened and summed in double", "", float, double) {
    using T = TestType;
    on_every_set<T>([](const KeptKernels<T>& kernels, std::size_t size) {
        const Row<T> row = random_row<T>(size, 8);
        std::vector<double> wide(size + 1, -1);
        const double sum = kernels.widen(row.values.data(), size, wide.data());
        CHECK(wide[size] == -1);
        double expected = 0;
        for (std::size_t i = 0; i < size; ++i) {
            CHECK(wide[i] == static_cast<double>(row.values[i]));
            expected += wide[i];
        }
        CHECK(sum == Approx(expected).epsilon(1e-14));
    });
}

TEMPLATE_TEST_CASE("two rows are compared in double", "", float, double) {
    using T = TestType;
    on_every_set<T>([](const KeptKernels<T>& kernels, std::size_t size) {
        const std::vector<T> a = random_row<T>(size, 9).values, b = random_row<T>(size, 10).values;
        double squares = 0, others = 0, differences = 0, products = 0;
        for (std::size_t i = 0; i < size; ++i) {
            const auto x = static_cast<double>(a[i]), y = static_cast<double>(b[i]);
            squares += x * x, others += y * y, differences += (x - y) * (x - y), products += x * y;
        }
        const PairSums sums = kernels.compare(a.data(), b.data(), size);
        CHECK(sums.squares == Approx(squares).epsilon(1e-14));
        CHECK(sums.other_squares == Approx(others).epsilon(1e-14));
        CHECK(sums.differences == Approx(differences).epsilon(1e-14));
        CHECK(sums.products == Approx(products).epsilon(1e-14));
        CHECK(kernels.compare(a.data(), a.data(), size).differences == 0);
    });
}

TEMPLATE_TEST_CASE(
    "the middle of two rows has the sums of its own row, and their difference is the largest", "",
    float, double) {
    using T = TestType;
    for (const Kernels<T>* all : runnable_kernels<T>()) {
        const KeptKernels<T>& kernels = kept_kernels(*all);
        for (const std::size_t size : kSizes) {
            std::vector<T> a = random_row<T>(size, 9).values, b = random_row<T>(size, 10).values;
            std::vector<T> middle(size);
            T largest = 0;
            for (std::size_t i = 0; i < size; ++i) {
                if (i % 5 == 0) a[i] = 0;
                if (i % 10 == 0) b[i] = 0;
                middle[i] = (a[i] + b[i]) / 2;
                largest = std::max(largest, std::abs(a[i] - b[i]));
            }
            INFO(all->instruction_set << ", " << size);
            const MiddleSums sums = kernels.sum_middle(a.data(), b.data(), size);
            // To the last bit: rows that are equal are no distance apart.
            CHECK(sums.logs == all->sum_logs(middle.data(), size));
            CHECK(kernels.sum_middle(a.data(), a.data(), size).logs ==
                  all->sum_logs(a.data(), size));
            CHECK(sums.difference == static_cast<double>(largest));
            if (size == 0) continue;
            for (const T bad :
                 {std::numeric_limits<T>::quiet_NaN(), std::numeric_limits<T>::infinity()}) {
                std::vector<T> wrong = a;
                wrong[size - 1] = bad;
                CHECK(std::isnan(kernels.sum_middle(wrong.data(), b.data(), size).difference));
                CHECK(std::isnan(kernels.sum_middle(b.data(), wrong.data(), size).difference));
                wrong.resize(size + 64, T{0});  // not at the end of what is looked at
                std::vector<T> other(size + 64, T{0});
                CHECK(std::isnan(
                    kernels.sum_middle(wrong.data(), other.data(), size + 64).difference));
            }
        }
    }
}

TEMPLATE_TEST_CASE("weighed rows are added, some at a time in their own precision", "", float,
                   double) {
    using T = TestType;
    std::vector<std::uint32_t> places;  // more than are added at a time
    for (std::uint32_t place = 0; place < 90; place += 1 + place % 2) places.push_back(place);
    on_every_set<T>([&](const KeptKernels<T>& kernels, std::size_t width) {
        const std::size_t stride = width + 3;
        const std::vector<T> rows = random_row<T>(91 * stride, 4).values;
        const std::vector<T> weights = random_row<T>(91, 5).values;
        std::vector<double> sums(width + 1, 2);
        kernels.add_rows({weights.data(), places.data(), places.size(), rows.data(), stride, width},
                         sums.data());
        CHECK(sums[width] == 2);
        const double eps = 32 * static_cast<double>(std::numeric_limits<T>::epsilon());
        for (std::size_t j = 0; j < width; ++j) {
            double expected = 2;
            for (const std::uint32_t place : places)
                expected += static_cast<double>(weights[place]) *
                            static_cast<double>(rows[place * stride + j]);
            CHECK(sums[j] == Approx(expected).epsilon(eps));
        }
    });
}

TEMPLATE_TEST_CASE("rows are added up in double, and looked at on the way", "", float, double) {
    using T = TestType;
    constexpr double inf = std::numeric_limits<double>::infinity();
    on_every_set<T>([=](const KeptKernels<T>& kernels, std::size_t size) {
        const Row<T> row = random_row<T>(size, 9);
        std::vector<double> to(size + 1, 0.3), expected = to;
        double sum = 0, low = inf, high = -inf;
        for (std::size_t i = 0; i < size; ++i) {
            const auto value = static_cast<double>(row.values[i]);
            expected[i] += value;
            sum += value;
            low = std::min(low, value);
            high = std::max(high, value);
        }
        const AddedWeights added = kernels.add_weights(row.values.data(), size, to.data());
        CHECK(to == expected);
        CHECK(added.sum == Approx(sum).epsilon(16 * std::numeric_limits<T>::epsilon()));
        CHECK(added.smallest == low);
        CHECK(added.largest == high);
    });
}

TEMPLATE_TEST_CASE("no row that is added up loses what is no weight, wherever it stands", "", float,
                   double) {
    using T = TestType;
    const T nan = std::numeric_limits<T>::quiet_NaN(), inf = std::numeric_limits<T>::infinity();
    on_every_set<T>([=](const KeptKernels<T>& kernels, std::size_t size) {
        for (std::size_t place = 0; place < size; place += 1 + size / 9) {
            std::vector<T> row = random_row<T>(size, 10).values;
            std::vector<double> to(size);
            row[place] = nan;
            const AddedWeights broken = kernels.add_weights(row.data(), size, to.data());
            CHECK(std::isnan(broken.smallest));
            CHECK(std::isnan(broken.largest));
            row[place] = inf;
            CHECK(kernels.add_weights(row.data(), size, to.data()).largest == inf);
            row[place] = T{-1};
            CHECK(kernels.add_weights(row.data(), size, to.data()).smallest == -1);
        }
    });
}

#include "analysis/log_weights.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <vector>

using attn::analysis::are_log_weights;

namespace {

bool are_logs(const std::vector<double>& cells, std::size_t columns) {
    return are_log_weights<double>({cells.data(), cells.size() / columns, columns});
}

}  // namespace

TEST_CASE("logarithms of weights are known by the sums of exp, masked keys among them") {
    const double masked = -std::numeric_limits<double>::infinity();
    CHECK(are_logs({std::log(0.25), std::log(0.75), 0, masked}, 2));
    CHECK_FALSE(are_logs({std::log(0.25), std::log(0.75), -0.5, masked}, 2));
}

TEST_CASE("logarithms that were rounded to bfloat16, all to one side, are known, too") {
    // The bfloat16 that are nearest to -ln 63 and -ln 1014; their rows sum to 0.987 and 1.016.
    CHECK(are_logs(std::vector<double>(63, -4.15625), 63));
    CHECK(are_logs(std::vector<double>(1014, -6.90625), 1014));
    CHECK_FALSE(are_logs(std::vector<double>(63, -4.1), 63));
}

TEST_CASE("scores, weights and what is no number are no logarithms of weights") {
    CHECK_FALSE(are_logs({-1, 2, 0.5, -3}, 2));
    CHECK_FALSE(are_logs({0.25, 0.75, 0.5, 0.5}, 2));
    CHECK_FALSE(are_logs({std::log(0.25), std::nan("")}, 2));
}

#include "core/error.hpp"

#include <catch2/catch.hpp>
#include <cstdint>
#include <limits>
#include <string>

namespace {

template <class... Parts>
std::string message(const Parts&... parts) {
    try {
        attn::fail(parts...);
    } catch (const attn::Error& problem) {
        return problem.what();
    }
}

}  // namespace

TEST_CASE("a message is its parts, one after another") {
    const std::string file = "a.npy";
    const char* flag = "--mask";
    CHECK(message(file, ": has ", 3, " axes, ", flag, ' ', std::string("takes ") + "4") ==
          "a.npy: has 3 axes, --mask takes 4");
}

TEST_CASE("numbers of a message are whole, or have six digits") {
    CHECK(message(-1, " ", std::size_t{0}, " ", std::numeric_limits<std::uint64_t>::max(), " ",
                  std::numeric_limits<std::int64_t>::min()) ==
          "-1 0 18446744073709551615 -9223372036854775808");
    CHECK(message(0.5, " ", 1e-9, " ", 1.0f / 3, " ", 1234567.0, " ", 100.0) ==
          "0.5 1e-09 0.333333 1.23457e+06 100");
    CHECK(message(std::numeric_limits<double>::lowest()) == "-1.79769e+308");
    CHECK(message(std::numeric_limits<double>::infinity(), " ",
                  std::numeric_limits<double>::quiet_NaN()) == "inf nan");
}

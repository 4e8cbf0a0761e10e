#include "core/numbers.hpp"

#include <catch2/catch.hpp>
#include <clocale>
#include <cmath>
#include <limits>
#include <vector>

#include "core/error.hpp"

using namespace attn;

namespace {

const double kInfinity = std::numeric_limits<double>::infinity();
const double kNaN = std::numeric_limits<double>::quiet_NaN();

std::vector<RealRange> all_ranges() {
    return {RealRange::any(), RealRange::positive(), RealRange::between(-1e300, 1e300),
            RealRange::tolerance()};
}

}  // namespace

TEST_CASE("a real number is the whole text, written as in Python") {
    CHECK(real_of("0.5") == 0.5);
    CHECK(real_of("-.5") == -0.5);
    CHECK(real_of("5.") == 5);
    CHECK(real_of("1e-3") == 1e-3);
    CHECK(real_of("+2") == 2);
    CHECK(real_of("-0") == 0);
    for (const char* text :
         {"",  " ", " 1", "1 ", "1x", "0x10",  "1,5",   "1.5.2",  "++1",    "+-1",
          "+", "-", ".",  "e5", "1e", "1_000", "1e999", "-1e999", "1e-999", "٣"}) {
        INFO(text);
        CHECK_FALSE(real_of(text));
    }
}

TEST_CASE("a real number is not read by the rules of the locale") {
    const std::string before = std::setlocale(LC_NUMERIC, nullptr);
    for (const char* name : {"de_DE.UTF-8", "fr_FR.UTF-8"}) std::setlocale(LC_NUMERIC, name);
    CHECK(real_of("1.5") == 1.5);
    CHECK_FALSE(real_of("1,5"));
    std::setlocale(LC_NUMERIC, before.c_str());
}

TEST_CASE("a whole number is digits and a sign") {
    CHECK(whole_of("12") == 12);
    CHECK(whole_of("-1") == -1);
    CHECK(whole_of("+3") == 3);
    CHECK(whole_of("9223372036854775807") == std::numeric_limits<std::int64_t>::max());
    for (const char* text : {"", "1.0", "1e3", "0x10", " 1", "1 ", "9223372036854775808",
                             "18446744073709551615", "99999999999999999999", "nan"}) {
        INFO(text);
        CHECK_FALSE(whole_of(text));
    }
}

TEST_CASE("NaN and infinity are in no range") {
    for (const RealRange& range : all_ranges()) {
        INFO(range.words());
        CHECK_FALSE(range.contains(kNaN));
        CHECK_FALSE(range.contains(kInfinity));
        CHECK_FALSE(range.contains(-kInfinity));
    }
}

TEST_CASE("a number that float32 cannot hold is in no range but that of tolerances") {
    for (const double value : {1e39, 1e308, 1e-39, 1e-320}) {
        CHECK_FALSE(RealRange::any().contains(value));
        CHECK_FALSE(RealRange::any().contains(-value));
        CHECK_FALSE(RealRange::positive().contains(value));
        CHECK(RealRange::tolerance().contains(value));
    }
    CHECK(RealRange::any().contains(0));
    CHECK(RealRange::any().contains(3.4e38));
    CHECK(RealRange::any().contains(-1.2e-38));
    CHECK_FALSE(RealRange::positive().contains(0));
    CHECK_FALSE(RealRange::positive().contains(-1));
}

TEST_CASE("what is out of its range is refused with the flag, the text and the range") {
    CHECK_THROWS_WITH(parse_real("nan", RealRange::positive(), "--softcap"),
                      "--softcap nan: expected a number above 0 that float32 can hold, from "
                      "1.2e-38 to 3.4e38");
    CHECK_THROWS_WITH(parse_real("2", RealRange::between(0, 1), "--cluster-threshold"),
                      "--cluster-threshold 2: expected a number from 0 to 1");
    CHECK_THROWS_WITH(parse_real("", RealRange::tolerance(), "--atol"),
                      "--atol '': expected a finite number of 0 or more");
    CHECK_THROWS_WITH(parse_whole("0", WholeRange{1, 4096}, "--threads"),
                      "--threads 0: expected a whole number from 1 to 4096");
    CHECK(parse_real("0.1", RealRange::between(0, 1), "--cluster-threshold") == 0.1);
    CHECK(parse_whole("4096", WholeRange{1, 4096}, "--threads") == 4096);
}

TEST_CASE("a number of a file is held against the same ranges") {
    CHECK_THROWS_WITH(require_real(1e308, RealRange::any(), "config.json: \"scale\""),
                      Catch::StartsWith("config.json: \"scale\" 1e+308: expected a number"));
    CHECK(require_real(0.25, RealRange::any(), "scale") == 0.25);
    CHECK(require_whole(12, WholeRange{1, 100}, "heads") == 12);
    for (const double value : {0.0, 1.5, 101.0, 1e300, kNaN, kInfinity, 18446744073709551615.0}) {
        INFO(value);
        CHECK_THROWS_WITH(require_whole(value, WholeRange{1, 100}, "config.json: \"heads\""),
                          Catch::Contains("expected a whole number from 1 to 100"));
    }
}

TEST_CASE("a long text is quoted by its beginning, and no character is cut in two") {
    CHECK(quoted("abc") == "abc");
    CHECK(quoted(" a") == "' a'");
    const std::string cut = quoted(std::string(59, 'a') + "äöü" + std::string(1000, 'b'));
    CHECK(cut == std::string(59, 'a') + "… (1065 bytes)");
}

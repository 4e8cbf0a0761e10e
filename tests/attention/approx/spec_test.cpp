#include "attention/approx/spec.hpp"

#include <catch2/catch.hpp>

#include "core/error.hpp"

using namespace attn;
using namespace attn::approx;

namespace {

std::vector<std::string> texts_of(const std::vector<Spec>& specs) {
    std::vector<std::string> texts;
    for (const Spec& spec : specs) texts.push_back(spec.text());
    return texts;
}

void check_refused(const std::string& list, const std::string& what) {
    INFO(list);
    CHECK_THROWS_WITH(parse_specs(list), Catch::Contains(what));
}

const Sizes kSizes{40, 50, 8, 8, 10};

}  // namespace

TEST_CASE("a list of methods has their options behind colons") {
    CHECK(texts_of(parse_specs("local:window=8:sinks=2,topk")) ==
          std::vector<std::string>{"local:window=8:sinks=2", "topk"});
}

TEST_CASE("several values of a number are a method each") {
    CHECK(texts_of(parse_specs("local:sinks=0+1:window=8+16")) ==
          std::vector<std::string>{"local:window=8:sinks=0", "local:window=16:sinks=0",
                                   "local:window=8:sinks=1", "local:window=16:sinks=1"});
    CHECK(texts_of(parse_specs("global:tokens=0+9")) ==
          std::vector<std::string>{"global:tokens=0+9"});
}

TEST_CASE("masks are joined by strokes, and nothing else is") {
    CHECK(texts_of(parse_specs("local:window=4/strided:stride=8")) ==
          std::vector<std::string>{"local:window=4/strided:stride=8"});
    check_refused("local/topk", "/ joins masks");
    check_refused("local/span", "/ joins masks");
}

TEST_CASE("names that nobody knows are answered with the nearest one") {
    check_refused("locl", "did you mean local?");
    check_refused("local:windw=3", "did you mean window?");
    check_refused("nonsense-word", "known: all, must");
    check_refused("", "method has no name");
    check_refused("local,,topk", "method has no name");
    check_refused("exact:k=3", "has no options");
    check_refused("topk:kk=3", "topk has no option kk; its options: k");
}

TEST_CASE("values out of range name the range") {
    check_refused("topk:k=0", "topk: k=0: needs a whole number, 1 or more");
    check_refused("quant:kind=nf4:bits=4", "bits has no effect on kind=nf4");
    check_refused("quant-weights:bits=8+4:kind=nf4", "bits has no effect on kind=nf4");
    check_refused("topk:k=1.5", "topk: k=1.5: needs a whole number");
    check_refused("topp:p=2", "topp: p=2: needs a number, 0 to 1");
    check_refused("topp:p=nan", "topp: p=nan: needs a number, 0 to 1");
    check_refused("global:tokens=-1", "global: tokens=-1: needs whole numbers");
    check_refused("topk:k", "expected option=value");
    check_refused("topk:k=1:k=2", "k is given twice");
}

TEST_CASE("every method takes its own defaults") {
    for (const MethodRow& method : methods()) {
        INFO(method.name);
        const Options options = resolve({&method, {}}, kSizes, 7, nullptr);
        for (const OptionRow& option : method.options) {
            INFO(option.name);
            CHECK((options.has(option.name) || !option.required));
            if (option.name == "seed") CHECK(options.seed() == 7);
        }
    }
}

TEST_CASE("a budget is a share of the top, at least 1") {
    const auto with = [&](const std::string& list, std::vector<double> shares) {
        return texts_of(with_budgets(parse_specs(list), shares, kSizes));
    };
    CHECK(with("local", {0.1, 0.5}) ==
          std::vector<std::string>{"local:window=5", "local:window=25"});
    CHECK(with("topk", {0}) == std::vector<std::string>{"topk:k=1"});
    CHECK(with("oracle-global", {0.25}) == std::vector<std::string>{"oracle-global:share=0.25"});
    CHECK(with("h2o", {0.5}) == std::vector<std::string>{"h2o:heavy=12:recent=13"});
    CHECK(with("local:window=7,topp", {0.5}) == std::vector<std::string>{"local:window=7", "topp"});
    CHECK(with("topk", {}) == std::vector<std::string>{"topk"});
}

TEST_CASE("a value above the top is cut, and said so where it was written") {
    std::string said;
    const Warn warn = [&](const std::string& text) { said = text; };
    const Spec spec = parse_specs("topk:k=900").front();
    CHECK(resolve(spec.parts.front(), kSizes, 0, warn).whole("k") == 50);
    CHECK_THAT(said, Catch::Contains("topk: k=900 is cut to 50"));
    said.clear();
    CHECK(resolve({find_method("local"), {}}, {4, 4, 8, 8, 0}, 0, warn).whole("window") == 4);
    CHECK(said.empty());
}

TEST_CASE("both budgets of a method have its top, and masks that no window makes have their own") {
    std::string said;
    const Warn warn = [&](const std::string& text) { said += text + "\n"; };
    const auto resolved = [&](const char* text) {
        return resolve(parse_specs(text).front().parts.front(), kSizes, 0, warn);
    };
    const Options h2o = resolved("h2o:heavy=3:recent=900");
    CHECK(h2o.whole("heavy") == 3);
    CHECK(h2o.whole("recent") == 50);
    CHECK(resolved("vertical-slash:verticals=60:slashes=70").whole("slashes") == 50);
    CHECK(resolved("fixed:stride=7:columns=40").whole("columns") == 7);
    CHECK(resolved("bigbird:block=10:random=40").whole("random") == 5);
    CHECK_THAT(said, Catch::Contains("h2o: recent=900 is cut to 50") &&
                         Catch::Contains("bigbird: random=40 is cut to 5"));
}

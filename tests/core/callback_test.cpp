#include "core/callback.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "core/progress.hpp"
#include "core/warn.hpp"

using attn::Progress;
using attn::Warn;

TEST_CASE("an empty callback does nothing, however it came to be empty") {
    const std::function<void(const std::string&)> no_function;
    for (const Warn& warn : {Warn(), Warn(nullptr), Warn(no_function), Warn(Warn())})
        CHECK_NOTHROW(warn("nobody listens"));
    CHECK_NOTHROW(Progress()(1, 2));
    CHECK_NOTHROW(Progress(nullptr)(1, 2));
}

TEST_CASE("a callback passes on what it is called with") {
    std::vector<std::string> lines;
    const Warn warn = [&](const std::string& text) { lines.push_back(text); };
    warn("first");
    const Warn copy = warn;
    copy("second");
    CHECK(lines == std::vector<std::string>{"first", "second"});

    std::size_t sum = 0;
    const Progress progress = [&](std::size_t done, std::size_t total) { sum += done * total; };
    progress(2, 3);
    CHECK(sum == 6);
}

TEST_CASE("a callback made of another kind of callback that is empty is empty") {
    const Warn silent;
    const attn::Callback<std::string> same = silent;
    CHECK_NOTHROW(same("x"));
}

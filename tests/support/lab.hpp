// approx as a user runs it, for tests of what it is made of.
#pragma once

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "support/arrays.hpp"
#include "support/commands.hpp"
#include "support/program.hpp"
#include "support/temp_folder.hpp"

namespace attn::test {

inline nlohmann::json lab_of(Arguments words) {
    words.insert(words.begin(), "approx");
    words.insert(words.end(), {"--json", "--per-head", "--precision", "f64"});
    const ProgramResult result = run_program(words);
    INFO(result.err);
    REQUIRE(result.exit_code == 0);
    return nlohmann::json::parse(result.out);
}

inline void check_lab_refuses(Arguments words, const std::string& text) {
    words.insert(words.begin(), "approx");
    const ProgramResult result = run_program(words);
    CHECK(result.exit_code == 2);
    CHECK_THAT(result.err, Catch::Contains(text));
}

// A run of the sample that left q, k and v in float64.
inline std::string run_with_heads(const TempFolder& folder, const Arguments& more = {}) {
    const std::string out = folder / "heads";
    const ProgramResult result =
        run_program(join(join(Arguments{"run"}, kSampleModel),
                         join({"--save", "q,k,v", "--precision", "f64", "-o", out}, more)));
    INFO(result.err);
    REQUIRE(result.exit_code == 0);
    return out;
}

// One layer of the sample as -q, -k and -v.
inline Arguments heads_of(const std::string& run, const std::string& layer) {
    return {"-q", run + "/" + layer + "/q.npy", "-k", run + "/" + layer + "/k.npy",
            "-v", run + "/" + layer + "/v.npy"};
}

inline double error_of(const nlohmann::json& json, std::size_t method, std::size_t layer) {
    return json["methods"][method]["layers"][layer]["context_error"];
}

}  // namespace attn::test

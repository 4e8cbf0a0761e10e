// The main of all test programs.
#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>
#include <iostream>

#include "support/reason_to_skip.hpp"

int main(int argc, char** argv) {
    Catch::Session session;
    const int problem = session.applyCommandLine(argc, argv);
    if (problem != 0) return problem;
    const auto& config = session.configData();
#if CATCH_VERSION_MAJOR < 3
    const bool lists = config.listTests || config.listTestNamesOnly || config.listTags;
#else
    const bool lists = config.listTests || config.listTags;
#endif
    constexpr int kSkipped = 77;
    const std::string reason = attn::test::reason_to_skip();
    if (!lists && !reason.empty()) {
        std::cout << "skipped: " << reason << "\n";
        return kSkipped;
    }
    return session.run();
}

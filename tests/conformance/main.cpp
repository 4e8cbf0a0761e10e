// Runs the conformance tests, or says that the cases are not there: CTest then reports each test as
// skipped.
#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>
#include <filesystem>
#include <iostream>

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
    if (!lists && !std::filesystem::is_directory(ATTN_CASES_DIR)) {
        std::cout << "skipped: no reference cases in " ATTN_CASES_DIR " (ATTN_CASES_DIR)\n";
        return kSkipped;
    }
    return session.run();
}

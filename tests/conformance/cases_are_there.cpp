#include <filesystem>

#include "support/reason_to_skip.hpp"

std::string attn::test::reason_to_skip() {
    if (std::filesystem::is_directory(ATTN_CASES_DIR)) return "";
    return "no reference cases in " ATTN_CASES_DIR " (ATTN_CASES_DIR)";
}

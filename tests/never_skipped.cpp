#include "support/reason_to_skip.hpp"

std::string attn::test::reason_to_skip() {
    return "";
}

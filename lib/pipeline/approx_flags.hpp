// Flags of approx that only some methods or results use: a row each, which says who that is. A flag
// that nobody on the line uses is refused by name.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "pipeline/approx.hpp"
#include "pipeline/approx_methods.hpp"

namespace attn::pipeline {

struct ApproxFlagUse {
    const char* flag;
    std::function<bool(const ApproxRequest&)> given;
    std::function<bool(const ApproxRequest&, const ChosenMethods&)> used;
    const char* users;  // who would use it, for the message
};

const std::vector<ApproxFlagUse>& approx_flag_uses();

// Throws Error for a flag of the table that was given and that no method which runs, and nothing
// that is shown, uses, and for limits of the colours that are no range.
void require_used_flags(const ApproxRequest& request, const ChosenMethods& chosen);

}  // namespace attn::pipeline

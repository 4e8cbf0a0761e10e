// What a first look at a file says, and the JSON that goes with it.
#pragma once

#include <string>
#include <vector>

#include "analysis/head_stats.hpp"
#include "results/check_report.hpp"

namespace attn::results {

struct LookResult {
    enum class Kind { attention, checkpoint, arrays } kind = Kind::arrays;
    std::string what;                   // one line
    std::string more;                   // another, or empty
    std::vector<std::string> problems;  // of files that are no attention: "W_Q: 3 NaN"
    bool batch = false;
    CheckResult check;                       // of attention
    std::vector<analysis::HeadStats> heads;  // of attention; none where it cannot be measured
    std::vector<std::string> next;           // commands to paste

    bool failed() const { return !problems.empty() || check.failed(); }
};

// One of the files; without a result it cannot be read, and `error` says why.
struct LookedAt {
    std::string source;
    LookResult result;
    std::string error;
};

// {"passed", "files"}: a file has source, kind, what, more, passed, checks (how many are ok, failed
// or to look at), problems, roles, entropy (of each layer, and of its heads) and next; what cannot
// be read has source and error.
std::string look_json(const std::vector<LookedAt>& files);

}  // namespace attn::results

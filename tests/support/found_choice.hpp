// What diagnose finds where mistakes were committed on purpose.
#pragma once

#include <string>

#include "analysis/diagnosis.hpp"
#include "support/planted.hpp"
#include "support/worlds.hpp"

namespace attn::test {

// Each explanation on a line: its mistakes, each followed by "; ", then what was told with them.
inline std::string found_choice(const World& world, const Mistakes& mistakes, Observed kind) {
    const analysis::Observation seen{kind,
                                     part(analysis::compute_dense(world.inputs(), mistakes), kind)};
    const analysis::Diagnosis diagnosis = analysis::diagnose(world.inputs(), seen, {});
    std::string text;
    for (const analysis::Explanation& explanation : diagnosis.explanations) {
        if (!explanation.fits()) continue;
        for (const Hypothesis* mistake : explanation.mistakes)
            text += mistake->name + std::string("; ");
        text += explanation.detail + "\n";
    }
    return text;
}

}  // namespace attn::test

#include "pipeline/save_choice.hpp"

#include "core/error.hpp"
#include "core/nearest.hpp"
#include "core/numbers.hpp"
#include "core/word_list.hpp"
#include "pipeline/whole_numbers.hpp"

namespace attn::pipeline {
namespace {

struct Name {
    const char* name;
    bool SaveChoice::*chosen;
};

constexpr Name kNames[] = {
    {"scores", &SaveChoice::scores},
    {"weights", &SaveChoice::weights},
    {"context", &SaveChoice::context},
    {"output", &SaveChoice::output},
    {"present", &SaveChoice::present},
    {"q", &SaveChoice::q},
    {"k", &SaveChoice::k},
    {"v", &SaveChoice::v},
    {"logsumexp", &SaveChoice::logsumexp},
    {"received", &SaveChoice::received},
    {"heatmaps", &SaveChoice::heatmaps},
    {"stats", &SaveChoice::stats},
    {"hidden", &SaveChoice::hidden},
    {"logits", &SaveChoice::logits},
    {"probs", &SaveChoice::probs},
};

const Name& find(const std::string& item) {
    for (const Name& known : kNames) {
        if (known.name == item) return known;
    }
    const std::string close = nearest(item, save_names());
    fail("--save ", quoted(item), ": expected a list of ", joined(save_names()),
         close.empty() ? "" : "; did you mean " + close + "?");
}

}  // namespace

std::vector<std::string> save_names() {
    std::vector<std::string> names;
    for (const Name& known : kNames) names.emplace_back(known.name);
    return names;
}

SaveChoice parse_save(const std::string& list) {
    if (list.empty()) fail("--save: names nothing to save");
    SaveChoice choice;
    for (const Name& known : kNames) choice.*known.chosen = false;
    for (const std::string& item : split_at_commas(list)) {
        if (item.empty()) fail("--save ", quoted(list), ": has an empty item");
        choice.*find(item).chosen = true;
    }
    return choice;
}

}  // namespace attn::pipeline

#include "results/gradient_outputs.hpp"

#include "core/error.hpp"
#include "core/nearest.hpp"
#include "core/numbers.hpp"
#include "core/word_list.hpp"

namespace attn::results {

const std::vector<GradientOutput>& gradient_outputs() {
    static const std::vector<GradientOutput> all = {
        {"x", &GradientChoice::x},
        {"q", &GradientChoice::q},
        {"k", &GradientChoice::k},
        {"v", &GradientChoice::v},
        {"context", &GradientChoice::context},
        {"scores", &GradientChoice::scores},
        {"weights", &GradientChoice::weights},
        {"projections", &GradientChoice::projections},
        {"bias", &GradientChoice::bias},
        {"sink", &GradientChoice::sink},
        {"relative_bias", &GradientChoice::relative_bias},
    };
    return all;
}

std::vector<std::string> gradient_save_names() {
    std::vector<std::string> names;
    for (const GradientOutput& output : gradient_outputs()) names.emplace_back(output.name);
    names.emplace_back("all");
    return names;
}

GradientChoice parse_gradient_save(const std::string& list) {
    if (list.empty()) fail("--save: names nothing to save");
    GradientChoice choice;
    for (const std::string& item : split_at(list, ',')) {
        if (item.empty()) fail("--save ", quoted(list), ": has an empty item");
        bool known = item == "all";
        choice.all = choice.all || known;
        for (const GradientOutput& output : gradient_outputs()) {
            if (item != output.name && item != "all") continue;
            choice.*output.chosen = true;
            known = true;
        }
        if (known) continue;
        fail("--save ", quoted(item), ": expected a list of ", joined(gradient_save_names()),
             did_you_mean(item, gradient_save_names()));
    }
    return choice;
}

GradientChoice usual_gradients(bool of_heads) {
    GradientChoice choice;
    choice.x = !of_heads;
    choice.q = choice.k = choice.v = of_heads;
    return choice;
}

}  // namespace attn::results

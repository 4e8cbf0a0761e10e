#include "flag_rules.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "bracketed_words.hpp"
#include "core/error.hpp"
#include "flags.hpp"
#include "heatmap_flags.hpp"
#include "source/saved_heads.hpp"

namespace attn::app {
namespace {

struct Pair {
    const char* flag;
    const char* other;
};

constexpr Pair kContradictions[] = {
    {"--causal", "--no-causal"},  {"--values", "--no-values"},     {"--only", "--skip"},
    {"--json", "--csv"},          {"--columns", "--json"},         {"--columns", "--csv"},
    {"--similarity", "--csv"},    {"--output", "--terminal"},      {"--sheet", "--terminal"},
    {"--image", "--terminal"},    {"--image", "--sheet"},          {"--image", "--plain"},
    {"--image", "--drop-first"},  {"--image", "--shared-scale"},   {"--image", "--queries"},
    {"--image", "--keys"},        {"--image", "--pool"},           {"--image", "--max-size"},
    {"--image", "--tokens"},      {"--image", "--key-tokens"},     {"--plain", "--terminal"},
    {"--cell", "--terminal"},     {"--font", "--terminal"},        {"--keys", "--json"},
    {"--keys", "--values"},       {"--keys", "--no-values"},       {"--plain", "--cell"},
    {"--title", "--terminal"},    {"--no-title", "--terminal"},    {"--annotate", "--terminal"},
    {"--dpi", "--terminal"},      {"--transparent", "--terminal"}, {"--format", "--terminal"},
    {"--plain", "--title"},       {"--plain", "--no-title"},       {"--plain", "--annotate"},
    {"--plain", "--transparent"}, {"--title", "--no-title"},       {"--image", "--annotate"},
    {"--list", "--json"},         {"--list", "--terminal"},        {"--all", "--json"},
    {"--plain", "--sheet"},       {"--plain", "--font"},           {"--plain", "--clean-tokens"},
    {"--sha256", "--terminal"},   {"--force", "--terminal"},       {"--durable", "--terminal"},
    {"--max-size", "--terminal"}, {"--targets", "--sources"},      {"--residual", "--no-residual"},
    {"--list", "--csv"},
};

// The first does nothing without the second.
constexpr Pair kNeeds[] = {
    {"--mask-true", "--mask"}, {"--targets", "--image"},  {"--mean-heads", "--image"},
    {"--layout", "--weights"}, {"--force", "--output"},   {"--durable", "--output"},
    {"--io", "--output"},      {"--force", "--received"}, {"--durable", "--received"},
    {"--save", "--output"},    {"--axes-b", "--against"}, {"--no-pictures", "--output"},
    {"--sha256", "--output"},
};

// What does nothing where standard output holds an array instead of the table.
constexpr const char* kOfTheTable[] = {"--columns",       "--sort",   "--top",
                                       "--similarity",    "--grid",   "--exclude-first-key",
                                       "--exclude-self",  "--tokens", "--key-tokens",
                                       "--pattern-score", "--force",  "--durable"};

const CLI::Option* find(const CLI::App& command, const std::string& flag) {
    return command.get_option_no_throw(flag);
}

bool given(const CLI::App& command, const std::string& flag) {
    const CLI::Option* option = find(command, flag);
    return option != nullptr && option->count() > 0;
}

// Beside a photograph rollout draws its matrix all the same, and its targets are those of both.
bool is_of_photo_alone(const CLI::App& command, const std::string& flag, const std::string& other) {
    const bool of_photo = flag == "--image" || other == "--image";
    return of_photo && find(command, "--mean-heads") == nullptr;
}

void require_no_contradiction(const CLI::App& command) {
    for (const auto& [flag, other] : kContradictions) {
        if (is_of_photo_alone(command, flag, other)) continue;
        if (given(command, flag) && given(command, other))
            fail(flag, " and ", other, " exclude each other");
    }
    for (const auto& [flag, other] : kNeeds) {
        if (is_of_photo_alone(command, flag, other)) continue;
        // A probe is a folder, too, whose manifest lists no inputs.
        const bool of_inputs = flag == std::string("--sha256");
        if (other == std::string("--output") && given(command, "--probe") && !of_inputs) continue;
        if (given(command, flag) && find(command, other) != nullptr && !given(command, other))
            fail(flag, ": has no effect without ", other);
    }
}

// Empty is what a variable of a script expands to that was never set.
void require_values(const CLI::App& command) {
    for (const CLI::Option* option : command.get_options()) {
        const auto& values = option->results();
        if (std::find(values.begin(), values.end(), "") != values.end())
            fail(option->get_name(), " '': is empty, leave it out or give a value");
    }
}

std::string value_of(const CLI::App& command, const std::string& flag) {
    return unguarded(find(command, flag)->results().front());
}

// Flags of pictures that other flags leave nothing to do.
void require_pictures(const CLI::App& command) {
    if (given(command, "--drop-first") && given(command, "--keys")) {
        const std::string keys = value_of(command, "--keys");
        const std::string first = keys.substr(0, keys.find(':'));
        if (first.find_first_not_of('0') != std::string::npos)
            fail("--drop-first: has no effect, --keys ", keys, " leaves key 0 out");
        const std::size_t colon = keys.find(':');
        if (colon != std::string::npos && keys.substr(colon + 1) == "1")
            fail("--drop-first: has no effect, --keys ", keys, " leaves no other key");
    }
    const auto fixed = [&](const char* flag) {
        return given(command, flag) && value_of(command, flag).find('p') == std::string::npos;
    };
    if (given(command, "--shared-scale") && fixed("--vmin") && fixed("--vmax"))
        fail("--shared-scale: has no effect, --vmin and --vmax are the range of all pictures");
}

// What is exact has no entries that are more so than others.
void require_compact(const CLI::App& command) {
    if (find(command, "--budget") == nullptr || !given(command, "--values")) return;
    if (given(command, "--top") && value_of(command, "--values") == "exact")
        fail("--top: has no effect, with --values exact every weight is exact");
}

// A tolerance that no check asks for.
void require_tolerance(const CLI::App& command) {
    if (find(command, "--only") == nullptr || !given(command, "--atol")) return;
    const auto lists = [&](const char* flag, const std::string& check) {
        const auto names = split_list(value_of(command, flag));
        return std::find(names.begin(), names.end(), check) != names.end();
    };
    const auto checked = [&](const std::string& check) {
        if (given(command, "--only")) return lists("--only", check);
        return !given(command, "--skip") || !lists("--skip", check);
    };
    if (!checked("range") && !checked("row_sum"))
        fail("--atol: has no effect, neither range nor row_sum is checked");
}

void require_table(const CLI::App& command) {
    if (find(command, "--received") == nullptr || !given(command, "--received") ||
        value_of(command, "--received") != "-")
        return;
    for (const char* flag : kOfTheTable) {
        if (given(command, flag)) fail(flag, ": has no effect on the array of --received -");
    }
}

// The names that --save lists, or its default.
class Saved {
  public:
    explicit Saved(const CLI::App& command) {
        if (given(command, "--save"))
            names_ = split_list(find(command, "--save")->results().front());
    }

    bool any_of(const std::vector<std::string>& names) const {
        return std::find_first_of(names_.begin(), names_.end(), names.begin(), names.end()) !=
               names_.end();
    }
    bool any_but(const std::vector<std::string>& names) const {
        return std::any_of(names_.begin(), names_.end(), [&](const std::string& name) {
            return std::find(names.begin(), names.end(), name) == names.end();
        });
    }

  private:
    std::vector<std::string> names_{"scores", "weights", "output", "heatmaps"};
};

// Flags for pictures, where no picture is saved.
void require_heatmaps(const CLI::App& command, const std::string& without) {
    for (const CLI::Option* option : command.get_options()) {
        if (option->count() > 0 && option->get_group() == kPictures)
            fail(option->get_name(), ": has no effect without ", without);
    }
}

// A rule of `rollout`, which prints and writes only where a folder is given.
void require_folder(const CLI::App& command) {
    if (given(command, "--output")) return;
    for (const char* flag : {"--save", "--baseline", "--grid", "--image", "--force", "--durable"}) {
        if (given(command, flag)) fail(flag, ": has no effect without --output");
    }
    require_heatmaps(command, "--output");
}

// Flags of commands that write a folder which shape what is not saved.
void require_saved(const CLI::App& command) {
    if (find(command, "--mean-heads") != nullptr && given(command, "--grid") &&
        !given(command, "--image"))
        fail("--grid: has no effect without --image");
    if (find(command, "--save") == nullptr) return;
    const Saved saved(command);
    if (find(command, "--residual") != nullptr) {
        require_folder(command);
        if (!saved.any_of({"heatmaps"}) && !given(command, "--image"))
            require_heatmaps(command, "heatmaps in --save");
        return;
    }
    if (given(command, "--grid") && !saved.any_of({"stats"}))
        fail("--grid: has no effect without stats in --save");
    if (given(command, "--scores-at") && !saved.any_of({"scores", "stats"}))
        fail("--scores-at: has no effect without scores or stats in --save");
    if (given(command, "--format") && !saved.any_but({"heatmaps", "stats", "check"}))
        fail("--format: has no effect, --save lists no array");
    if (!saved.any_of({"heatmaps"})) require_heatmaps(command, "heatmaps in --save");
}

// Flags that say how attention is computed have no say in what was saved. `masks`: nor have those
// that say who may attend.
void refuse_computing(const CLI::App& command, const std::string& only,
                      const std::vector<std::string>& but = {}, bool masks = false) {
    for (const CLI::Option* option : command.get_options()) {
        const std::string& group = option->get_group();
        const bool of_computing = group == "Input" || group == "Heads" || group == "Scores" ||
                                  group == "Positions" || (group == "Who may attend" && masks);
        const bool counts = std::find(but.begin(), but.end(), option->get_name()) != but.end();
        if (option->count() > 0 && of_computing && !counts)
            fail(option->get_name(), ": has no effect on saved attention, only ", only);
    }
}

// monitor looks at saved attention, or computes it from checkpoints; what says how it is computed
// has no say in the former.
void require_steps(const CLI::App& command) {
    if (find(command, "--residual") != nullptr) {
        if (given(command, "source")) refuse_computing(command, "without SOURCE");
        return;
    }
    if (find(command, "--against") != nullptr) {
        // Beside saved attention they are what its scores were made of.
        if (given(command, "source"))
            refuse_computing(command, "without SOURCE", {"--query", "--key"});
        else if (given(command, "--axes"))
            fail("--axes: has no effect on attention that is computed");
        return;
    }
    if (find(command, "--checkpoints") == nullptr) return;
    for (const char* flag : {"--plots", "--list"})
        if (given(command, flag) && !given(command, "--output"))
            fail(flag, ": has no effect without --output");
    if (given(command, "--steps-axis") && !given(command, "--steps"))
        fail("--steps-axis: needs --steps, which names the steps of the first axis");
    if (given(command, "--checkpoints")) {
        if (given(command, "source")) fail("SOURCE and --checkpoints exclude each other");
        for (const char* flag : {"--steps-axis", "--axes"})
            if (given(command, flag)) fail(flag, ": has no effect with --checkpoints");
        return;
    }
    for (const char* flag : {"--mask", "--mask-true", "--grad"})
        if (given(command, flag))
            fail(flag, ": has no effect on saved attention, only with --checkpoints");
    refuse_computing(command, "with --checkpoints");
}

// compare takes two results, or one and what the other is computed from.
void require_sides(const CLI::App& command) {
    if (find(command, "--rtol") == nullptr) return;
    if (given(command, "b")) return refuse_computing(command, "without B", {}, true);
    if (given(command, "--axes-b")) fail("--axes-b: has no effect on attention that is computed");
}

// The methods that there are do not depend on anything.
void require_list_alone(const CLI::App& command) {
    if (!given(command, "--list")) return;
    for (const CLI::Option* option : command.get_options()) {
        if (option->count() == 0 || option->get_name() == "--list") continue;
        fail("--list: prints the methods and no more, ",
             option->get_positional() ? "SOURCE" : option->get_name(), " has no effect on it");
    }
}

// What is told of methods, where none is asked for. `written`: exact attention is, all the same.
void require_methods(const CLI::App& command, bool written) {
    const bool growth = given(command, "--growth");
    const bool needs = given(command, "--needs") || given(command, "--target-error");
    const auto refuse = [&](const char* flag, const char* only) {
        if (given(command, flag))
            fail(flag, ": has no effect with --needs or --growth alone, only with ", only);
    };
    for (const char* flag : {"--budget", "--seed", "--top-keys", "--element-bytes", "--columns",
                             "--sort", "--top", "--max-error"})
        refuse(flag, "--method");
    for (const CLI::Option* option : command.get_options())
        if (option->get_group() == kPictures) refuse(option->get_name().c_str(), "--method");
    if (!growth) refuse("--time", "--method or --growth");
    if (written) return;
    refuse("--per-head", "--method or --json");
    if (needs) return;
    for (const char* flag : {"--layer", "--head", "--seq"}) refuse(flag, "--method or --json");
}

// What a run saved was projected, rotated and cached before.
void refuse_projecting(const CLI::App& command) {
    for (const CLI::Option* option : command.get_options()) {
        const std::string& group = option->get_group();
        const bool done = group == "Input" || group == "Heads" || group == "Positions";
        if (option->count() > 0 && done && option->get_name() != "--allow-nonfinite")
            fail(option->get_name(), ": has no effect on q, k and v that a run saved");
    }
}

bool is_run_with_heads(const std::string& source) {
    io::Inputs inputs;
    return source::find_saved_heads(inputs, source).has_value();
}

// approx looks at what is computed, or at saved attention, whose values are all that can be given.
void require_lab(const CLI::App& command) {
    if (find(command, "--element-bytes") == nullptr) return;
    require_list_alone(command);
    const bool needs = given(command, "--needs") || given(command, "--target-error");
    const bool growth = given(command, "--growth");
    if (given(command, "--target") && !given(command, "--max-error") && !needs &&
        !(given(command, "--method") && (growth || given(command, "--output"))))
        fail("--target: has no effect without --needs or --max-error");
    if ((needs || growth) && !given(command, "--method"))
        require_methods(command, given(command, "--json") || given(command, "--output"));
    if (given(command, "--save") && !given(command, "--output"))
        fail("--save: has no effect without --output");
    if (!given(command, "--output")) require_heatmaps(command, "--output");
    if (given(command, "--no-pictures")) require_heatmaps(command, "pictures (--no-pictures)");
    for (const char* flag : {"--sort", "--top"}) {
        for (const char* other : {"--json", "--csv"}) {
            if (given(command, flag) && given(command, other))
                fail(flag, ": has no effect on ", other, ", it orders the table");
        }
    }
    if (!given(command, "source")) {
        if (given(command, "--axes")) fail("--axes: has no effect without SOURCE");
        return;
    }
    if (is_run_with_heads(find(command, "source")->as<std::string>())) {
        refuse_projecting(command);
        return;
    }
    if (given(command, "--element-bytes"))
        fail("--element-bytes: has no effect on saved attention, whose costs are not known");
    if (given(command, "--time"))
        fail("--time: has no effect on saved attention, which holds no queries and keys to run on");
    for (const char* flag : {"--mask", "--mask-true"})
        if (given(command, flag)) fail(flag, ": has no effect on saved attention");
    refuse_computing(command, "without SOURCE", {"--value"});
}

}  // namespace

void let_switches_stand_alone(CLI::App& app) {
    for (CLI::Option* option : app.get_options()) {
        if (option->get_expected_min() == 0) option->disable_flag_override();
    }
    for (CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
        let_switches_stand_alone(*command);
}

void require_effect(const CLI::App& app) {
    require_values(app);
    for (const CLI::App* command : app.get_subcommands()) {
        require_values(*command);
        require_no_contradiction(*command);
        require_pictures(*command);
        require_tolerance(*command);
        require_compact(*command);
        require_table(*command);
        require_saved(*command);
        require_steps(*command);
        require_lab(*command);
        require_sides(*command);
    }
}

}  // namespace attn::app

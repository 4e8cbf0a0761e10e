#include "flags.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <utility>

#include "bracketed_words.hpp"
#include "commands.hpp"
#include "core/error.hpp"
#include "core/index_list.hpp"
#include "core/nearest.hpp"

namespace attn::app {
namespace {

// The name that errors call a flag by: its first long one.
std::string spoken(const std::string& names) {
    for (const std::string& name : split_list(names)) {
        if (name.size() > 2 && name.compare(0, 2, "--") == 0) return name;
    }
    return names;
}

std::string alternatives(const std::vector<std::string>& choices) {
    std::string text;
    for (std::size_t i = 0; i < choices.size(); ++i) {
        if (i > 0) text += i + 1 == choices.size() ? " or " : ", ";
        text += choices[i];
    }
    return text;
}

void require_choice(const std::string& word, const std::vector<std::string>& choices,
                    const std::string& flag) {
    if (std::find(choices.begin(), choices.end(), word) != choices.end()) return;
    fail(flag, " ", quoted(word), ": expected ", alternatives(choices),
         did_you_mean(word, choices));
}

using Words = std::vector<std::string>;

std::function<void(const Words&)> words_into(Words& target) {
    return [&target](const Words& all) {
        target.clear();
        for (const std::string& word : all) target.push_back(unguarded(word));
    };
}

// FILE, FILE.npy, FILE|DIR, DIR, ARRAY, SOURCE, FILE[:KEY] …
Completion completion_of(const std::string& takes) {
    const auto has = [&](const char* word) { return takes.find(word) != std::string::npos; };
    if (has("ARRAY") || has("SOURCE") || has("KEY")) return Completion::array;
    if (has("FILE")) return Completion::file;
    return has("DIR") ? Completion::folder : Completion::nothing;
}

}  // namespace

Flag Flag::required() const {
    option_->required();
    entry_->required = true;
    return *this;
}

Flag Flag::takes(const std::string& what) const {
    option_->type_name(what);
    entry_->takes = what;
    return *this;
}

Flag Flag::completes(Completion completion) const {
    entry_->completion = completion;
    return *this;
}

Flag Flag::completes(std::vector<std::string> words) const {
    entry_->words = std::move(words);
    return completes(Completion::words);
}

Flag Flag::completes_list(std::vector<std::string> words) const {
    entry_->list = true;
    return completes(std::move(words));
}

Flag Flag::needs(const Flag& other) const {
    option_->needs(other.option_);
    return *this;
}

Command::Command(CLI::App& program, CommandLine& line, const std::string& name,
                 const std::string& description)
    : command_(program.add_subcommand(name, description)), line_(&line) {
    entry_ = &line.catalogue.commands.emplace_back();
    entry_->name = name;
    entry_->description = description;
}

void Command::footer(const std::string& text) {
    entry_->footer = text;
}

void Command::usual(std::vector<std::string> flags, const std::string& example) {
    entry_->usual = std::move(flags);
    entry_->example = example;
}

void Command::action(std::function<int()> execute) {
    divided_action([line = line_, name = command_->get_name(), execute = std::move(execute)] {
        return on_rank_0(*line, name, execute);
    });
}

void Command::divided_action(std::function<int()> execute) {
    command_->callback([line = line_, execute = std::move(execute)] { line->action = execute; });
}

Flag Command::placed(CLI::Option* option, const std::string& names, const std::string& takes,
                     const std::string& help) const {
    FlagEntry& entry = entry_->flags.emplace_back();
    entry.names = split_list(names);
    entry.takes = takes;
    entry.help = help;
    entry.heading = heading_;
    entry.completion = completion_of(takes);
    if (!takes.empty()) option->type_name(takes);
    return Flag(option->group(heading_), &entry);
}

Flag Command::parsed(const std::string& names, const std::string& takes,
                     std::function<void(const std::string&)> take, const std::string& help) {
    const auto take_as_given = [take = std::move(take)](const std::string& word) {
        take(unguarded(word));
    };
    return placed(command_->add_option_function<std::string>(names, take_as_given, help), names,
                  takes, help);
}

Flag Command::text(const std::string& names, const std::string& takes, std::string& target,
                   const std::string& help) {
    return parsed(
        names, takes, [&target](const std::string& text) { target = text; }, help);
}

Flag Command::text(const std::string& names, const std::string& takes,
                   std::optional<std::string>& target, const std::string& help) {
    return parsed(
        names, takes, [&target](const std::string& text) { target = text; }, help);
}

Flag Command::texts(const std::string& names, const std::string& takes,
                    std::vector<std::string>& target, const std::string& help) {
    return placed(command_->add_option_function<Words>(names, words_into(target), help), names,
                  takes, help);
}

Flag Command::repeated(const std::string& names, const std::string& takes,
                       std::vector<std::string>& target, const std::string& help) {
    CLI::Option* const option =
        command_->add_option_function<Words>(names, words_into(target), help);
    return placed(option->allow_extra_args(false), names, takes, help);
}

// `Target` is the number, or an optional one.
template <class Target>
Flag Command::real_into(const std::string& names, Target& target, const RealRange& range,
                        const std::string& help) {
    return parsed(
        names, "X",
        [&target, range, flag = spoken(names)](const std::string& text) {
            target = parse_real(text, range, flag);
        },
        help);
}

template <class Target>
Flag Command::whole_into(const std::string& names, Target& target, const WholeRange& range,
                         const std::string& help) {
    return parsed(
        names, "N",
        [&target, range, flag = spoken(names)](const std::string& text) {
            target = static_cast<std::size_t>(parse_whole(text, range, flag));
        },
        help);
}

Flag Command::real(const std::string& names, double& target, const RealRange& range,
                   const std::string& help) {
    return real_into(names, target, range, help);
}

Flag Command::real(const std::string& names, std::optional<double>& target, const RealRange& range,
                   const std::string& help) {
    return real_into(names, target, range, help);
}

Flag Command::whole(const std::string& names, std::size_t& target, const WholeRange& range,
                    const std::string& help) {
    return whole_into(names, target, range, help);
}

Flag Command::whole(const std::string& names, std::optional<std::size_t>& target,
                    const WholeRange& range, const std::string& help) {
    return whole_into(names, target, range, help);
}

Flag Command::indices(const std::string& names, std::optional<std::vector<std::size_t>>& target,
                      const std::string& help) {
    return parsed(
        names, "LIST",
        [&target, flag = spoken(names)](const std::string& list) {
            target = parse_index_list(list, flag);
        },
        help);
}

Flag Command::words(const std::string& names, std::vector<std::string>& target,
                    const std::string& help) {
    return parsed(
        names, "LIST", [&target](const std::string& list) { target = split_list(list); }, help);
}

Flag Command::choice(const std::string& names, const std::vector<std::string>& choices,
                     std::function<void(const std::string&)> take, const std::string& help) {
    std::string takes;
    for (const std::string& choice : choices) takes += (takes.empty() ? "" : "|") + choice;
    return parsed(
               names, takes,
               [choices, take = std::move(take), flag = spoken(names)](const std::string& word) {
                   require_choice(word, choices, flag);
                   take(word);
               },
               help)
        .completes(choices);
}

Flag Command::on(const std::string& names, bool& target, const std::string& help) {
    return placed(command_->add_flag(names, target, help), names, "", help);
}

Flag Command::on(const std::string& names, std::function<void()> act, const std::string& help) {
    return placed(command_->add_flag_callback(names, std::move(act), help), names, "", help);
}

std::vector<std::string> split_list(const std::string& list) {
    return CLI::detail::split(list, ',');
}

}  // namespace attn::app

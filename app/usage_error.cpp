#include "usage_error.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "bracketed_words.hpp"
#include "core/error.hpp"
#include "core/nearest.hpp"
#include "core/numbers.hpp"

namespace attn::app {
namespace {

// The subcommand that was being parsed, or the program itself.
const CLI::App& chosen(const CLI::App& app) {
    const auto subcommands = app.get_subcommands();
    return subcommands.empty() ? app : *subcommands.front();
}

std::vector<std::string> known_words(const CLI::App& app) {
    std::vector<std::string> words;
    for (const CLI::App* level : {&app, &chosen(app)}) {
        for (const CLI::Option* option : level->get_options()) {
            for (const std::string& name : option->get_lnames()) words.push_back("--" + name);
        }
    }
    if (app.get_subcommands().empty()) {
        for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
            words.push_back(command->get_name());
        }
    }
    return words;
}

// The first word that the parser could not place.
std::string stray_word(const CLI::App& app) {
    const std::vector<std::string> words = app.remaining(/*recurse=*/true);
    return words.empty() ? "" : unguarded(words.front());
}

// What the parser says, as we would say it.
std::string as_sentence(const std::string& text) {
    const auto before = [&](const std::string& part) -> std::optional<std::string> {
        const std::size_t at = text.find(part);
        return at == std::string::npos ? std::nullopt : std::optional(text.substr(0, at));
    };
    const auto after = [&](const std::string& part) {
        return text.substr(text.find(part) + part.size());
    };
    const std::string twice = ": At Most 1 required but received ";
    if (const auto flag = before(twice)) return *flag + ": is given " + after(twice) + " times";
    if (const auto flag = before(" was given a disallowed flag override"))
        return "--" + *flag + ": is a switch, it takes no value";
    const std::string value = ": 1 required ";
    if (const auto flag = before(value)) {
        const std::string rest = after(value);  // "FILE|DIR missing"
        return *flag + ": is given without a value; expected " + rest.substr(0, rest.rfind(' '));
    }
    const std::string other = " requires ";
    if (const auto flag = before(other)) return *flag + ": has no effect without " + after(other);
    if (before("A subcommand is required")) return "neither a command nor a file was given";
    if (const auto flag = before(" is required"))
        return *flag + (text[0] == '-' ? ": is required" : ": is missing");
    return text;
}

}  // namespace

void fail_unknown_command(const Catalogue& catalogue, const std::string& name) {
    std::vector<std::string> names;
    for (const CommandEntry& command : catalogue.commands) names.push_back(command.name);
    fail("unknown command ", quoted(name), did_you_mean(name, names), " (see attn-inspect help)");
}

std::string explain(const CLI::App& app, const CLI::ParseError& error) {
    const CLI::App& command = chosen(app);
    const std::string help =
        "attn-inspect " + (&command == &app ? "" : command.get_name() + " ") + "--help";
    const std::string stray = stray_word(app);
    std::string text = error.what();
    if (!stray.empty()) {
        const std::string bare = stray.substr(0, stray.find('='));
        const bool first = app.get_subcommands().empty();
        text = (stray[0] == '-' ? "unknown option "
                : first         ? "neither a command nor a file: "
                                : "unknown argument ") +
               bare;
        text += did_you_mean(bare, known_words(app));
    }
    text = as_sentence(text);
    std::replace(text.begin(), text.end(), '\n', ' ');
    return text + " (see " + help + ")";
}

}  // namespace attn::app

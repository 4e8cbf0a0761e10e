// Flags that take a number. A number comes in here and nowhere else, so that none is without a
// range; see core/numbers.hpp.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "core/numbers.hpp"

namespace attn::app {

// `Target` is double or std::optional<double>. Parsing throws Error that names the flag.
template <class Target>
CLI::Option* add_real(CLI::App& command, const std::string& flag, Target& target,
                      const RealRange& range, const std::string& help) {
    return command
        .add_option_function<std::string>(
            flag,
            [&target, range, flag](const std::string& text) {
                target = parse_real(text, range, flag);
            },
            help)
        ->type_name("X");
}

// `Target` is std::size_t or std::optional<std::size_t>; the range begins at 0 or above.
template <class Target>
CLI::Option* add_whole(CLI::App& command, const std::string& flag, Target& target,
                       const WholeRange& range, const std::string& help) {
    return command
        .add_option_function<std::string>(
            flag,
            [&target, range, flag](const std::string& text) {
                target = static_cast<std::size_t>(parse_whole(text, range, flag));
            },
            help)
        ->type_name("N");
}

}  // namespace attn::app

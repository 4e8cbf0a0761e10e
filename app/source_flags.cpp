#include "source_flags.hpp"

#include "core/index_list.hpp"

namespace attn::app {
namespace {

void add_list(CLI::App& command, const std::string& flag,
              std::optional<std::vector<std::size_t>>& target, const std::string& help) {
    command
        .add_option_function<std::string>(
            flag,
            [&target, flag](const std::string& list) { target = parse_index_list(list, flag); },
            help)
        ->type_name("LIST");
}

}  // namespace

void add_source_flags(CLI::App& command, pipeline::SourceRequest& request) {
    command
        .add_option(
            "source", request.source,
            "A folder that run wrote, or an array [q, k], [heads, q, k], [layers, heads, q, k] or "
            "[layers, batch, heads, q, k]")
        ->type_name("SOURCE")
        ->required();
    add_list(command, "--layer", request.layers, "Only these layers, such as 0,3-5");
    add_list(command, "--head", request.heads, "Only these heads");
    add_list(command, "--seq", request.sequences, "Only these sequences of the batch");
}

void add_token_flags(CLI::App& command, pipeline::SourceRequest& request) {
    command.add_option("--tokens", request.tokens, "Tokens: a JSON array, or one token a line")
        ->type_name("FILE");
    command
        .add_option("--key-tokens", request.key_tokens,
                    "Tokens of the keys where they are not the queries")
        ->type_name("FILE");
}

}  // namespace attn::app

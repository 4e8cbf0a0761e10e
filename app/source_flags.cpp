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
            "A folder that run wrote; an array [q, k], [heads, q, k], [layers, heads, q, k] or "
            "[layers, batch, heads, q, k]; or the arrays of many layers, such as "
            "attn.npz:layers/*/attn")
        ->type_name("SOURCE")
        ->required();
    add_axes_flag(command, "--axes", request.axes, "Axes of the array");
    add_list(command, "--layer", request.layers, "Only these layers, such as 0,3-5");
    add_list(command, "--head", request.heads, "Only these heads");
    add_list(command, "--seq", request.sequences, "Only these sequences of the batch");
    add_precision_flag(command, request.precision);
}

CLI::Option* add_axes_flag(CLI::App& command, const std::string& flag, std::string& axes,
                           const std::string& what) {
    return command
        .add_option(flag, axes,
                    what +
                        " in its order: layers, batch, heads, q, k, those it has; of arrays that "
                        "are stacked the new axis first. Epochs and steps are layers, examples "
                        "are batch (default: by their number)")
        ->check([](const std::string& names) {
            return names.empty() ? "expected names such as batch,heads,q,k" : "";
        })
        ->type_name("NAMES");
}

void add_precision_flag(CLI::App& command, std::optional<DType>& precision) {
    command
        .add_option_function<std::string>(
            "--precision",
            [&precision](const std::string& name) {
                precision = name == "f64" ? DType::float64 : DType::float32;
            },
            "Type of the numbers: f32 or f64 (default: f64 for float64 and JSON, else f32)")
        ->check(CLI::IsMember({"f32", "f64"}))
        ->type_name("f32|f64");
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

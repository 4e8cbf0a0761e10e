#include "source_flags.hpp"

namespace attn::app {
namespace {

const std::string kSource =
    "A folder that run wrote; an array [q, k], [heads, q, k], [layers, heads, q, k] or "
    "[layers, batch, heads, q, k]; or the arrays of many layers, such as attn.npz:layers/*/attn";

}  // namespace

void add_source_flags(Command& command, source::SourceRequest& request,
                      std::vector<std::string>& sources) {
    command
        .texts("source", "SOURCE…", sources,
               kSource + ". Of several, lines and JSON entries name theirs")
        .completes(Completion::array)
        .required();
    add_axes_flag(command, "--axes", request.axes, "Axes of the array");
    command.indices("--layer,--layers", request.layers, "Only these layers, such as 0,3-5");
    command.indices("--head,--select-heads,--heads", request.heads, "Only these heads");
    command.indices("--seq", request.sequences, "Only these sequences of the batch");
    add_precision_flag(command, request.precision);
}

Flag add_axes_flag(Command& command, const std::string& flag, std::string& axes,
                   const std::string& what) {
    return command.text(
        flag, "NAMES", axes,
        what +
            " in its order: layers, batch, heads, q, k, those it has; of arrays that "
            "are stacked the new axis first. Epochs and steps are layers, examples "
            "are batch (default: by their number)");
}

void add_precision_flag(Command& command, std::optional<DType>& precision) {
    command.choice(
        "--precision", {"f32", "f64"},
        [&precision](const std::string& name) {
            precision = name == "f64" ? DType::float64 : DType::float32;
        },
        "Type of the numbers: f32 or f64 (default: f64 for float64 and JSON, else f32)");
}

void add_precision_flag(Command& command, std::optional<DType>& stored, source::Precision& computed,
                        const std::string& meaning) {
    command.choice(
        "--precision", {"f32", "f64"},
        [&stored, &computed](const std::string& name) {
            const bool wide = name == "f64";
            stored = wide ? DType::float64 : DType::float32;
            computed = wide ? source::Precision::f64 : source::Precision::f32;
        },
        meaning);
}

void add_token_flags(Command& command, source::SourceRequest& request) {
    command.text("--tokens", "FILE", request.tokens,
                 "Tokens: a JSON array, or one token a line (default: texts beside the attention)");
    command.text("--key-tokens", "FILE", request.key_tokens,
                 "Tokens of the keys where they are not the queries");
}

}  // namespace attn::app

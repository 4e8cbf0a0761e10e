// config.json of every family: read, measured against arrays, and turned into what the attention
// computes with.
#include "attention/rotary_frequencies.hpp"
#include "fuzz/fuzz.hpp"
#include "io/config.hpp"
#include "model/config_agreement.hpp"
#include "model/config_value.hpp"

using namespace attn;

namespace {

model::NamedArrays square_layer() {
    model::NamedArrays arrays;
    for (const char* name : {"W_Q", "W_K", "W_V", "W_O", "W_in", "relative_bias"}) {
        arrays[name].name = name;
        arrays[name].shape = {8, 8};
    }
    return arrays;
}

void read_as(const model::Layout& layout, const io::Container& container) {
    try {
        model::WeightBundle bundle;
        bundle.layout = &layout;
        bundle.layers = {square_layer(), square_layer()};
        bundle.config = model::read_model_config(container, layout);
        model::require_agreement(container, bundle);
        const model::AttentionDefaults defaults = model::attention_defaults(bundle);
        for (std::size_t layer = 0; layer < 2; ++layer) model::window_left(bundle, layer);
        rotary_frequencies(8, defaults.rope_theta, defaults.rope_scaling, 100);
        model::describe_layer(bundle, 1);
    } catch (const Error&) {
        // Refused for this family.
    }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return attn::test::fuzz(data, size, [](const io::FileBytes& file) {
        io::Container container;
        io::parse_config(file, "config.json", container);
        model::model_type(container);
        for (const model::Layout& layout : model::layouts()) read_as(layout, container);
    });
}

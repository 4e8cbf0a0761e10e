#include "source/stored_mask.hpp"

#include "source/mask_options.hpp"

namespace attn::source {

template <class T>
MaskOptions<T> load_stored_mask(const AttentionRequest& request, StoredAttention<T>& attention,
                                io::Inputs& inputs, const Warn& warn) {
    if (!request.window.empty()) {
        for (StoredLayer<T>& layer : attention.layers) layer.window_left = std::nullopt;
    }
    const Shape& shape = attention.shape();
    return load_mask_options<T>(request, {shape[0], shape[1], shape[2], shape[3]},
                                attention.structure, inputs, warn);
}

template MaskOptions<float> load_stored_mask(const AttentionRequest&, StoredAttention<float>&,
                                             io::Inputs&, const Warn&);
template MaskOptions<double> load_stored_mask(const AttentionRequest&, StoredAttention<double>&,
                                              io::Inputs&, const Warn&);

}  // namespace attn::source

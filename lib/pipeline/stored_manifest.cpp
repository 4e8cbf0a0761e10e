#include "pipeline/stored_manifest.hpp"

namespace attn::pipeline {

template <class T>
results::RunManifest stored_manifest(const source::StoredAttention<T>& attention,
                                     const std::vector<std::size_t>& places) {
    results::RunManifest manifest;
    manifest.layers = attention.layer_numbers();
    for (const source::StoredLayer<T>& layer : attention.layers) {
        if (layer.window_left) manifest.window_left[layer.layer] = *layer.window_left;
    }
    for (const std::size_t place : places) manifest.heads.push_back(attention.heads[place]);
    manifest.structure = attention.structure;
    return manifest;
}

template results::RunManifest stored_manifest(const source::StoredAttention<float>&,
                                              const std::vector<std::size_t>&);
template results::RunManifest stored_manifest(const source::StoredAttention<double>&,
                                              const std::vector<std::size_t>&);

}  // namespace attn::pipeline

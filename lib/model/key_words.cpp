#include "model/key_words.hpp"

#include <algorithm>

namespace attn::model {
namespace {

// The words of "rope_scaling/lowFreq": rope, scaling, low, freq.
std::vector<std::string> words_of(const std::string& name) {
    std::vector<std::string> words(1);
    bool small = false;
    for (const char c : name) {
        const bool upper = c >= 'A' && c <= 'Z';
        const bool letter = upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!letter || (upper && small)) words.emplace_back();
        if (letter) words.back() += upper ? static_cast<char>(c - 'A' + 'a') : c;
        small = letter && !upper;
    }
    return words;
}

}  // namespace

bool has_word(const std::string& name, const std::vector<const char*>& list) {
    const std::vector<std::string> words = words_of(name);
    return std::any_of(words.begin(), words.end(), [&](const std::string& word) {
        return std::find(list.begin(), list.end(), word) != list.end();
    });
}

bool sounds_like_attention(const std::string& name) {
    static const std::vector<const char*> words{"attn",
                                                "attention",
                                                "attentive",
                                                "causal",
                                                "mask",
                                                "masked",
                                                "position",
                                                "positions",
                                                "positional",
                                                "pos",
                                                "rope",
                                                "rotary",
                                                "alibi",
                                                "norm",
                                                "norms",
                                                "layerscale",
                                                "layernorm",
                                                "rmsnorm",
                                                "normalize",
                                                "normalization",
                                                "ln",
                                                "rms",
                                                "eps",
                                                "epsilon",
                                                "act",
                                                "activation",
                                                "residual",
                                                "residuals",
                                                "resid",
                                                "head",
                                                "heads",
                                                "window",
                                                "windows",
                                                "sliding",
                                                "local",
                                                "sparse",
                                                "multiplier",
                                                "scale",
                                                "scales",
                                                "scaled",
                                                "scaling",
                                                "softcap",
                                                "softcapping",
                                                "cap",
                                                "expert",
                                                "experts",
                                                "moe",
                                                "router",
                                                "gate",
                                                "gated",
                                                "mlp",
                                                "ffn",
                                                "qk",
                                                "qkv",
                                                "kv",
                                                "q",
                                                "k",
                                                "v",
                                                "query",
                                                "sink",
                                                "sinks",
                                                "parallel",
                                                "bidirectional",
                                                "relative",
                                                "buckets",
                                                "chunk",
                                                "latent",
                                                "lora",
                                                "mla",
                                                "cross",
                                                "conv",
                                                "ssm",
                                                "mamba",
                                                "theta",
                                                "freq",
                                                "ntk",
                                                "yarn",
                                                "nope",
                                                "clip",
                                                "softmax",
                                                "decoder",
                                                "temperature",
                                                "multimodal",
                                                "alpha"};
    return has_word(name, words);
}

}  // namespace attn::model

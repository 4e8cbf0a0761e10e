#include "model/layout_names.hpp"

#include <string_view>
#include <utility>

#include "core/affix.hpp"

namespace attn::model {

Names linear(const std::string& ours, const std::string& theirs) {
    return {{"W_" + ours, theirs + ".weight"}, {"b_" + ours, theirs + ".bias", true}};
}

Names norm(const std::string& ours, const std::string& theirs) {
    return {{ours + ".weight", theirs + ".weight"}, {ours + ".bias", theirs + ".bias", true}};
}

std::string name_of_today(const std::string& name) {
    for (const auto& [old, today] : {std::pair("LayerNorm.gamma", "LayerNorm.weight"),
                                     std::pair("LayerNorm.beta", "LayerNorm.bias")}) {
        if (ends_with(name, old))
            return name.substr(0, name.size() - std::string_view(old).size()) + today;
    }
    return name;
}

Names join(const std::vector<Names>& parts) {
    Names all;
    for (const Names& part : parts) all.insert(all.end(), part.begin(), part.end());
    return all;
}

Names optional(Names names) {
    for (TensorName& name : names) name.optional = true;
    return names;
}

Names separate(const std::string& q, const std::string& k, const std::string& v,
               const std::string& o) {
    return join({linear("Q", q), linear("K", k), linear("V", v), linear("O", o)});
}

Names fused(const std::string& qkv, const std::string& o) {
    return join({linear("QKV", qkv), linear("O", o)});
}

Names feed_forward(const std::string& in, const std::string& out) {
    return join({linear("in", in), linear("out", out)});
}

Names gated(const std::string& gate, const std::string& in, const std::string& out) {
    return join({linear("gate", gate), linear("in", in), linear("out", out)});
}

Names pre_norms(const std::string& attention, const std::string& feed_forward) {
    return join({norm("before_attention", attention), norm("before_feed_forward", feed_forward)});
}

Names post_norms(const std::string& attention, const std::string& feed_forward) {
    return join(
        {norm("after_attention_sum", attention), norm("after_feed_forward_sum", feed_forward)});
}

}  // namespace attn::model

#include "model/layout_reading.hpp"

#include <algorithm>
#include <optional>

#include "core/affix.hpp"
#include "core/error.hpp"
#include "model/dotted_name.hpp"
#include "model/layout_names.hpp"
#include "model/left_over.hpp"

namespace attn::model {
namespace {

// Whether the attention, or what it reads, needs the array that we call so.
bool is_of_attention(const Layout& layout, const std::string& ours) {
    static const std::set<std::string> names{
        "W_Q", "W_K",   "W_V", "W_QKV",         "W_O",           "b_Q",           "b_K",
        "b_V", "b_QKV", "b_O", "q_norm.weight", "k_norm.weight", "relative_bias", "sinks"};
    return names.count(ours) != 0 || starts_with(ours, "before_attention.") ||
           (layout.norms_move && starts_with(ours, "after_attention_sum."));
}

bool is_floating(DType dtype) {
    return dtype == DType::float16 || dtype == DType::bfloat16 || dtype == DType::float32 ||
           dtype == DType::float64;
}

}  // namespace

LayoutReading::LayoutReading(const io::Container& container, const std::set<std::string>& names,
                             const Layout& layout, const Place& place)
    : container_(container), layout_(layout), names_(names), place_(place) {
    const std::string prefix = place.prefix();
    for (const std::string& name : names_) {
        if (!starts_with(name, prefix)) continue;
        if (layout.layer.empty()) {
            layers_[0][name_of_today(name.substr(prefix.size()))] = name;
            continue;
        }
        for (const NameInLayer& reading : readings_in_layer(name, layout.layer)) {
            if (reading.before == prefix)
                layers_[reading.layer][name_of_today(reading.name)] = name;
        }
    }
}

bool LayoutReading::fits() const {
    if (layers_.empty()) return false;
    const Keys& first = layers_.begin()->second;
    const auto in_first = [&](const std::string& name) { return first.count(name) != 0; };
    return has_attention(first) &&
           std::all_of(layout_.marks.begin(), layout_.marks.end(), in_first) &&
           std::none_of(layout_.foreign.begin(), layout_.foreign.end(), in_first);
}

bool LayoutReading::is_whole() const {
    std::size_t expected = 0;
    for (const auto& [layer, keys] : layers_) {
        if (layer != expected++ || !has_attention(keys)) return false;
        std::set<std::string> have;
        for (const TensorName& tensor : layout_.in_layer) {
            if (keys.count(tensor.theirs) != 0) have.insert(tensor.ours);
        }
        for (const TensorName& tensor : layout_.in_layer) {
            const bool wanted = !tensor.optional && (!tensor.only_first || layer == 0);
            if (wanted && is_of_attention(layout_, tensor.ours) && have.count(tensor.ours) == 0)
                return false;
        }
    }
    return !layers_.empty();
}

// W_Q, W_K and W_V, or W_QKV in the order that the family has: Conv1D is wider than high.
bool LayoutReading::has_attention(const Keys& keys) const {
    std::set<std::string> have;
    for (const TensorName& tensor : layout_.in_layer) {
        const auto found = keys.find(tensor.theirs);
        if (found == keys.end()) continue;
        have.insert(tensor.ours);
        const auto array = container_.arrays.find(found->second);
        if (tensor.ours != "W_QKV" || array == container_.arrays.end()) continue;
        const Shape& shape = array->second.shape;
        if (shape.size() != 2 || (shape[1] > shape[0]) != (layout_.order == MatrixOrder::in_out))
            return false;
    }
    return have.count("W_QKV") != 0 ||
           (have.count("W_Q") != 0 && have.count("W_K") != 0 && have.count("W_V") != 0);
}

LayoutMatch LayoutReading::match() const {
    LayoutMatch match;
    match.layout = &layout_;
    match.prefix = place_.outer;
    std::set<std::string> used;
    for (const auto& [layer, keys] : layers_) {
        if (layer != match.layers.size())
            fail(container_.path, ": layer ", match.layers.size(), " is missing");
        if (!has_attention(keys)) {
            fail(container_.path, ": layer ", layer, " lacks matrices of ", layout_.title,
                 "'s attention, which layer ", layers_.begin()->first, " has");
        }
        refuse_unknown_parts(layer, keys);
        match.layers.push_back(take(layout_.in_layer, keys, layer, used));
    }
    match.model = take(layout_.in_model, keys_of_model(), 0, used);
    sort_the_rest(used, match);
    find_missing(match);
    find_missing_in_model(match);
    return match;
}

// Names that the family fixes ("/lm_head.weight") stand beside the base.
LayoutReading::Keys LayoutReading::keys_of_model() const {
    Keys keys, old;
    for (const std::string& name : names_) {
        const std::string today = name_of_today(name);
        if (today != name) old[today] = name;
    }
    for (const TensorName& tensor : layout_.in_model) {
        const bool fixed = tensor.theirs[0] == '/';
        const std::string name =
            fixed ? place_.outer + tensor.theirs.substr(1) : place_.prefix() + tensor.theirs;
        if (names_.count(name) != 0)
            keys[tensor.theirs] = name;
        else if (old.count(name) != 0)
            keys[tensor.theirs] = old[name];
        else if (fixed && names_.count(tensor.theirs.substr(1)) != 0)
            keys[tensor.theirs] = tensor.theirs.substr(1);
    }
    return keys;
}

void LayoutReading::require_readable(const std::string& ours, const std::string& key) const {
    const auto reason = container_.unreadable.find(key);
    if (reason != container_.unreadable.end())
        fail(container_.path, ":", key, ": ", reason->second, unusual_contents(container_));
    const io::StoredArray& array = container_.arrays.at(key);
    if (starts_with(ours, "W_") && !is_floating(array.dtype)) {
        fail(array.name, ": holds ", to_string(array.dtype),
             "; quantised weights are not read: save them as float16, bfloat16 or float32");
    }
}

void LayoutReading::refuse_unknown_parts(std::size_t layer, const Keys& keys) const {
    for (const auto& [name, what] : layout_.refused) {
        const auto found = keys.find(name);
        if (found == keys.end()) continue;
        fail(container_.path, ":", found->second, ": is ", what, " of layer ", layer,
             ", which is not computed for ", layout_.title);
    }
}

NamedArrays LayoutReading::take(const std::vector<TensorName>& wanted, const Keys& keys,
                                std::size_t layer, std::set<std::string>& used) const {
    NamedArrays arrays;
    for (const TensorName& tensor : wanted) {
        const auto found = keys.find(tensor.theirs);
        if (found == keys.end() || (tensor.only_first && layer > 0)) continue;
        require_readable(tensor.ours, found->second);
        arrays.emplace(tensor.ours, container_.arrays.at(found->second));
        used.insert(found->second);
    }
    return arrays;
}

void LayoutReading::find_missing(LayoutMatch& match) const {
    const auto miss = [&](const TensorName& tensor, const std::string& text) {
        match.missing.push_back(text);
        if (is_of_attention(layout_, tensor.ours)) match.missing_attention.push_back(text);
    };
    std::set<std::string> somewhere;
    for (const NamedArrays& arrays : match.layers) {
        for (const auto& [ours, array] : arrays) somewhere.insert(ours);
    }
    for (std::size_t layer = 0; layer < match.layers.size(); ++layer) {
        std::set<std::string> told;
        for (const TensorName& tensor : layout_.in_layer) {
            if (match.layers[layer].count(tensor.ours) != 0 || (tensor.only_first && layer > 0))
                continue;
            const bool elsewhere = tensor.optional && somewhere.count(tensor.ours) != 0;
            if ((tensor.optional && !elsewhere) || !told.insert(tensor.ours).second) continue;
            miss(tensor, "layer " + std::to_string(layer) + ": " + tensor.theirs +
                             (elsewhere ? ", which other layers have" : ""));
        }
        for (const TensorName& tensor : layout_.in_layer) {
            if (lacks_bias_of_norm(tensor, match.layers[layer]) && told.insert(tensor.ours).second)
                miss(tensor, "layer " + std::to_string(layer) + ": " + tensor.theirs);
        }
    }
}

void LayoutReading::find_missing_in_model(LayoutMatch& match) const {
    const bool has_embeddings =
        match.model.count("token_table") != 0 ||
        std::any_of(match.left_over.begin(), match.left_over.end(),
                    [](const LeftOver& array) { return array.part == LeftOver::Part::embedding; });
    for (const TensorName& tensor : layout_.in_model) {
        if (tensor.optional || match.model.count(tensor.ours) != 0) continue;
        match.missing.push_back(tensor.theirs);
        // Embeddings without the family's positions: the model has others, maybe in its attention.
        if (tensor.ours == "position_table" && has_embeddings)
            match.missing_attention.push_back(tensor.theirs);
    }
}

// A LayerNorm beside projections with biases has one as well; one that has none is another norm
// (RMSNorm), which names alone do not tell.
bool LayoutReading::lacks_bias_of_norm(const TensorName& tensor, const NamedArrays& layer) const {
    static const std::string kBias = ".bias";
    if (layout_.norm != NormKind::layer || layout_.norms_may_be_bare) return false;
    if (!ends_with(tensor.ours, kBias) || layer.count(tensor.ours) != 0) return false;
    const std::string norm = tensor.ours.substr(0, tensor.ours.size() - kBias.size());
    const bool has_biases = layer.count("b_QKV") != 0 || layer.count("b_Q") != 0;
    return has_biases && layer.count(norm + ".weight") != 0;
}

void LayoutReading::sort_the_rest(const std::set<std::string>& used, LayoutMatch& match) const {
    const std::string prefix = place_.prefix();
    std::map<std::string, std::string> in_layer;  // key -> name inside of its layer
    for (const auto& [layer, keys] : layers_) {
        for (const auto& [name, key] : keys) in_layer[key] = name;
    }
    for (const std::string& key : names_) {
        const auto array = container_.arrays.find(key);
        const Shape shape = array == container_.arrays.end() ? Shape{} : array->second.shape;
        if (used.count(key) != 0 || is_harmless(layout_, key, shape)) continue;
        std::optional<LeftOver::Part> part;
        const auto inside = in_layer.find(key);
        if (inside != in_layer.end()) {
            part = part_of_layer(layout_, inside->second);
        } else if (makes_logits(key)) {
            part = LeftOver::Part::logits;
        } else if (starts_with(key, prefix)) {
            part = part_of_model(layout_, key.substr(prefix.size()));
        }
        if (part)
            match.left_over.push_back({key, *part});
        else
            match.unused.push_back(key);
    }
}

// Whether a key stands in the module of the matrix that makes logits.
bool LayoutReading::makes_logits(const std::string& key) const {
    return std::any_of(
        layout_.in_model.begin(), layout_.in_model.end(), [&](const TensorName& tensor) {
            if (tensor.ours != "W_logits" || tensor.theirs[0] != '/') return false;
            const std::string name = tensor.theirs.substr(1);
            const std::string module = name.substr(0, name.rfind('.') + 1);
            return starts_with(key, module) || starts_with(key, place_.outer + module);
        });
}

LayoutReading::Gap LayoutReading::gap() const {
    Gap gap;
    if (layers_.empty()) return gap;
    const Keys& first = layers_.begin()->second;
    std::set<std::string> have, known;
    for (const TensorName& tensor : layout_.in_layer) {
        known.insert(tensor.theirs);
        if (first.count(tensor.theirs) != 0) have.insert(tensor.ours);
    }
    std::set<std::string> told;
    for (const TensorName& tensor : layout_.in_layer) {
        if (tensor.optional || !told.insert(tensor.ours).second) continue;
        if (have.count(tensor.ours) != 0)
            ++gap.present;
        else
            gap.missing.push_back(tensor.theirs);
    }
    for (const std::string& mark : layout_.marks) {
        const auto told_mark =
            std::find(gap.missing.begin(), gap.missing.end(), mark) != gap.missing.end();
        if (first.count(mark) == 0 && !told_mark) gap.missing.push_back(mark);
    }
    for (const auto& [name, key] : first) {
        const auto array = container_.arrays.find(key);
        const Shape shape = array == container_.arrays.end() ? Shape{} : array->second.shape;
        if (known.count(name) == 0 && !is_harmless(layout_, key, shape))
            gap.besides.push_back(name);
    }
    return gap;
}

}  // namespace attn::model

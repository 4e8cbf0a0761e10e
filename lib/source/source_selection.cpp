#include "source/source_selection.hpp"

#include <algorithm>
#include <numeric>
#include <sstream>

#include "core/error.hpp"
#include "core/index_list.hpp"
#include "core/word_list.hpp"
#include "io/tokens.hpp"

namespace attn::source {
namespace {

using LabelLists = std::vector<std::vector<std::string>>;

void require_label_counts(const LabelLists& lists, std::size_t batch, std::size_t count,
                          const std::string& file, const std::string& what) {
    if (lists.empty()) return;
    if (lists.size() != 1 && lists.size() != batch) {
        fail(file, ": has tokens for ", counted(lists.size(), "sequence"), ", the attention has ",
             batch);
    }
    for (const auto& list : lists) {
        if (list.size() != count) {
            fail(file, ": has ", counted(list.size(), "token"), ", the attention has ", count, " ",
                 what);
        }
    }
}

std::string text_of_leak(const CausalLeak& leak, std::size_t layer,
                         const std::vector<std::size_t>& heads) {
    std::ostringstream text;
    text << "layer " << layer << " only " << counted(leak.cells, "cell")
         << " right of the diagonal " << (leak.cells == 1 ? "is" : "are")
         << " not zero (the first: sequence " << leak.sequence << ", head " << heads[leak.head]
         << ", query " << leak.query << ", key " << leak.key << "); see attn-inspect check";
    return text.str();
}

}  // namespace

template <class T>
void warn_of_causal_leak(const StoredAttention<T>& attention, const std::string& source,
                         const Warn& warn) {
    if (!warn || attention.structure.causal || attention.run) return;
    for (const StoredLayer<T>& layer : attention.layers) {
        const std::optional<CausalLeak> leak = find_causal_leak(layer.weights);
        layer.forget();
        if (!leak) continue;
        return warn(source + ": is taken as not causal, though of " +
                    text_of_leak(*leak, layer.layer, attention.heads));
    }
}

template <class T>
bool take_leak_as_causal(StoredAttention<T>& attention, const std::string& source,
                         const Warn& warn) {
    if (attention.structure.causal || attention.run) return false;
    std::string first;
    for (const StoredLayer<T>& layer : attention.layers) {
        const std::optional<CausalLeak> leak = find_causal_leak(layer.weights);
        if (!leak && !looks_causal(layer.weights)) return false;
        if (leak && first.empty()) first = text_of_leak(*leak, layer.layer, attention.heads);
    }
    if (first.empty()) return false;
    attention.structure.causal = true;
    if (warn) warn(source + ": is taken as causal, though of " + first);
    return true;
}

template <class T>
std::vector<std::size_t> places_of_layers(const StoredAttention<T>& attention,
                                          const SourceRequest& request) {
    if (!request.layers) return count_up(attention.layers.size());
    std::vector<std::size_t> wanted = *request.layers, places;
    std::sort(wanted.begin(), wanted.end());
    for (const std::size_t number : wanted) {
        const auto found =
            std::find_if(attention.layers.begin(), attention.layers.end(),
                         [&](const StoredLayer<T>& layer) { return layer.layer == number; });
        if (found == attention.layers.end())
            fail("--layer ", number, ": ", request.source, " has no such layer");
        places.push_back(static_cast<std::size_t>(found - attention.layers.begin()));
    }
    return places;
}

template <class T>
void select_layers(StoredAttention<T>& attention, const SourceRequest& request) {
    if (request.layers) {
        std::vector<StoredLayer<T>> chosen;
        for (const std::size_t place : places_of_layers(attention, request))
            chosen.push_back(attention.layers[place]);
        attention.layers = std::move(chosen);
    }
    if (request.layers || request.heads || request.sequences) look_at_chosen(attention, request);
}

template <class T>
void look_at_chosen(StoredAttention<T>& attention, const SourceRequest& request) {
    if (attention.run || attention.structure.causal) return;
    const Share share = choose_share(attention, request);
    const auto sequences = share.sequences.value_or(count_up(attention.shape()[0]));
    const auto heads = share.heads.value_or(count_up(attention.shape()[1]));
    attention.structure.causal = std::all_of(
        attention.layers.begin(), attention.layers.end(),
        [&](const auto& layer) { return looks_causal(layer.weights.chosen(sequences, heads)); });
}

template <class T>
std::vector<std::size_t> select_heads(const StoredAttention<T>& attention,
                                      const SourceRequest& request) {
    std::vector<std::size_t> places(attention.heads.size());
    std::iota(places.begin(), places.end(), std::size_t{0});
    if (!request.heads) return places;
    places.clear();
    for (std::size_t wanted : *request.heads) {
        const auto found = std::find(attention.heads.begin(), attention.heads.end(), wanted);
        if (found == attention.heads.end())
            fail("--head ", wanted, ": ", request.source, " has no such head");
        places.push_back(static_cast<std::size_t>(found - attention.heads.begin()));
    }
    std::sort(places.begin(), places.end());
    return places;
}

template <class T>
Share choose_share(const StoredAttention<T>& attention, const SourceRequest& request) {
    Share share;
    if (request.heads) share.heads = select_heads(attention, request);
    if (request.sequences) {
        require_indices_below(*request.sequences, attention.shape()[0], "--seq", "sequence");
        share.sequences = *request.sequences;
        std::sort(share.sequences->begin(), share.sequences->end());
    }
    return share;
}

template <class T>
AxisLabels choose_labels(const StoredAttention<T>& attention, const SourceRequest& request) {
    const Shape& shape = attention.shape();
    const std::string file = request.tokens.empty() ? request.source : request.tokens;
    const LabelLists tokens =
        request.tokens.empty() ? attention.tokens : io::load_tokens(request.tokens);
    AxisLabels labels;
    if (request.tokens.empty() && request.key_tokens.empty()) {
        labels = {attention.tokens, attention.key_tokens};
    } else if (!request.key_tokens.empty()) {
        labels.keys = io::load_tokens(request.key_tokens);
        require_label_counts(labels.keys, shape[0], shape[3], request.key_tokens, "keys");
        labels.queries = tokens;
    } else if (shape[2] == shape[3]) {
        labels = {tokens, tokens};
    } else if (!tokens.empty() && tokens.front().size() == shape[3]) {
        labels.keys = tokens;
    } else {
        labels.queries = tokens;
    }
    require_label_counts(labels.queries, shape[0], shape[2], file, "queries");
    require_label_counts(labels.keys, shape[0], shape[3], file, "keys");
    return labels;
}

template void warn_of_causal_leak(const StoredAttention<float>&, const std::string&, const Warn&);
template void warn_of_causal_leak(const StoredAttention<double>&, const std::string&, const Warn&);
template bool take_leak_as_causal(StoredAttention<float>&, const std::string&, const Warn&);
template bool take_leak_as_causal(StoredAttention<double>&, const std::string&, const Warn&);
template std::vector<std::size_t> places_of_layers(const StoredAttention<float>&,
                                                   const SourceRequest&);
template std::vector<std::size_t> places_of_layers(const StoredAttention<double>&,
                                                   const SourceRequest&);
template void select_layers(StoredAttention<float>&, const SourceRequest&);
template void select_layers(StoredAttention<double>&, const SourceRequest&);
template void look_at_chosen(StoredAttention<float>&, const SourceRequest&);
template void look_at_chosen(StoredAttention<double>&, const SourceRequest&);
template std::vector<std::size_t> select_heads(const StoredAttention<float>&, const SourceRequest&);
template std::vector<std::size_t> select_heads(const StoredAttention<double>&,
                                               const SourceRequest&);
template Share choose_share(const StoredAttention<float>&, const SourceRequest&);
template Share choose_share(const StoredAttention<double>&, const SourceRequest&);
template AxisLabels choose_labels(const StoredAttention<float>&, const SourceRequest&);
template AxisLabels choose_labels(const StoredAttention<double>&, const SourceRequest&);

}  // namespace attn::source

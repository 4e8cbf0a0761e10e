#include "source/labels_beside.hpp"

#include <algorithm>

#include "core/word_list.hpp"
#include "io/array_name.hpp"
#include "io/tokens.hpp"
#include "source/stored_parts.hpp"

namespace attn::source {
namespace {

using LabelLists = std::vector<std::vector<std::string>>;

struct Labels {
    std::string name;        // FILE:KEY
    std::size_t shared = 0;  // how much of its path is that of the attention
    LabelLists lists;
};

// "examples", "3" of "examples/3/attn".
std::vector<std::string> folders_of(const std::string& key) {
    std::vector<std::string> parts;
    std::size_t begin = 0;
    for (std::size_t end = 0; (end = key.find_first_of("/.", begin)) != std::string::npos;
         begin = end + 1)
        parts.push_back(key.substr(begin, end - begin));
    return parts;
}

std::size_t count_shared(const std::string& a, const std::string& b) {
    const std::vector<std::string> x = folders_of(a), y = folders_of(b);
    const std::size_t shorter = std::min(x.size(), y.size());
    const auto last = x.begin() + static_cast<std::ptrdiff_t>(shorter);
    return static_cast<std::size_t>(std::mismatch(x.begin(), last, y.begin()).first - x.begin());
}

std::vector<Labels> find_labels(io::Inputs& inputs, const std::string& source) {
    const io::ArrayName name = io::parse_array_name(find_stored_parts(inputs, source).name);
    std::vector<Labels> found;
    for (auto& [key, lists] : io::labels_in(inputs.open(name.path)))
        found.push_back(
            {full_name(io::ArrayName{name.path, key}), count_shared(name.key, key), lists});
    return found;
}

bool fits(const LabelLists& lists, std::size_t batch, std::size_t count) {
    return (lists.size() == 1 || lists.size() == batch) &&
           std::all_of(lists.begin(), lists.end(),
                       [&](const auto& list) { return list.size() == count; });
}

// Those of so many positions that stand nearest to the attention.
std::vector<Labels> nearest_fitting(const std::vector<Labels>& all, std::size_t batch,
                                    std::size_t count) {
    std::vector<Labels> chosen;
    for (const Labels& labels : all) {
        if (!fits(labels.lists, batch, count)) continue;
        if (!chosen.empty() && labels.shared < chosen.front().shared) continue;
        if (!chosen.empty() && labels.shared > chosen.front().shared) chosen.clear();
        const bool known = std::any_of(chosen.begin(), chosen.end(), [&](const Labels& other) {
            return other.lists == labels.lists;
        });
        if (!known) chosen.push_back(labels);
    }
    return chosen;
}

// Labels of one axis, or of both where they are the same, and the flag that names them.
struct AxisChoice {
    std::string axis;
    std::string flag;
    std::vector<Labels> fitting;
};

void tell(const std::string& source, const AxisChoice& choice, const Warn& warn) {
    if (!warn || choice.fitting.empty()) return;
    const std::string first = choice.fitting.front().name;
    if (choice.fitting.size() == 1) {
        warn(source + ": its " + choice.axis + " are labelled with " + first +
             ", which stands beside it; " + choice.flag + " names others");
        return;
    }
    std::string flags;
    for (const Labels& labels : choice.fitting)
        flags += (flags.empty() ? "" : " or ") + choice.flag + " " + labels.name;
    warn(source + ": its " + choice.axis + " have no labels, as several lists beside it fit; " +
         "choose one with " + flags);
}

// Of what is called tokens, and labels no axis.
void tell_of_misfits(const std::vector<Labels>& all, const Shape& shape, const Warn& warn) {
    if (!warn) return;
    for (const Labels& labels : all) {
        const std::string key = io::parse_array_name(labels.name).key;
        const std::string last = key.substr(key.find_last_of("/.") + 1);
        if (last != "tokens" && last != "key_tokens" && last != "labels") continue;
        const LabelLists& lists = labels.lists;
        if (fits(lists, shape[0], shape[2]) || fits(lists, shape[0], shape[3])) continue;
        const bool several = lists.size() != 1 && lists.size() != shape[0];
        warn(labels.name + ": labels nothing, it holds " +
             (several ? counted(lists.size(), "list") : counted(lists.front().size(), "token")) +
             ", the attention has " +
             (several ? counted(shape[0], "sequence")
                      : counted(shape[2], "query") + " and " + counted(shape[3], "key")));
    }
}

}  // namespace

template <class T>
void add_labels_beside(io::Inputs& inputs, const SourceRequest& request,
                       StoredAttention<T>& attention, const Warn& warn) {
    if (!request.tokens.empty() || attention.run) return;
    const std::vector<Labels> all = find_labels(inputs, request.source);
    const Shape& shape = attention.shape();
    tell_of_misfits(all, shape, warn);
    const bool keys_given = !request.key_tokens.empty();
    const bool square = shape[2] == shape[3];
    const AxisChoice queries{square && !keys_given ? "tokens" : "queries", "--tokens",
                             nearest_fitting(all, shape[0], shape[2])};
    tell(request.source, queries, warn);
    if (queries.fitting.size() == 1) attention.tokens = queries.fitting.front().lists;
    if (keys_given) return;
    if (square) {
        attention.key_tokens = attention.tokens;
        return;
    }
    const AxisChoice keys{"keys", "--key-tokens", nearest_fitting(all, shape[0], shape[3])};
    tell(request.source, keys, warn);
    if (keys.fitting.size() == 1) attention.key_tokens = keys.fitting.front().lists;
}

template void add_labels_beside(io::Inputs&, const SourceRequest&, StoredAttention<float>&,
                                const Warn&);
template void add_labels_beside(io::Inputs&, const SourceRequest&, StoredAttention<double>&,
                                const Warn&);

}  // namespace attn::source

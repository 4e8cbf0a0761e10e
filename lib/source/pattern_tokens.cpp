#include "source/pattern_tokens.hpp"

#include <algorithm>

#include "attention/query_offset.hpp"
#include "core/error.hpp"
#include "io/sequence_labels.hpp"

namespace attn::source {
namespace {

using LabelLists = std::vector<std::vector<std::string>>;
using Offsets = std::vector<std::ptrdiff_t>;

// Whether each query's token is that of the key at which it stands.
bool stand_at(const AxisLabels& labels, const Offsets& offsets, std::size_t batch) {
    for (std::size_t sequence = 0; sequence < batch; ++sequence) {
        const auto& queries = io::labels_of(labels.queries, sequence);
        const auto& keys = io::labels_of(labels.keys, sequence);
        const std::ptrdiff_t offset = offset_of(offsets, sequence);
        if (offset < 0 || static_cast<std::size_t>(offset) + queries.size() > keys.size())
            return false;
        if (!std::equal(queries.begin(), queries.end(), keys.begin() + offset)) return false;
    }
    return true;
}

[[noreturn]] void refuse_one_axis(const SourceRequest& request, const AxisLabels& labels,
                                  const Shape& shape) {
    const std::string flag = request.tokens.empty() ? "--key-tokens" : "--tokens";
    fail(flag,
         ": token patterns need as many keys as queries, or tokens of both, and the attention is ",
         to_string(shape), "; ",
         labels.queries.empty() ? "give --tokens of the queries and --key-tokens of the keys"
                                : "give those of the keys as --key-tokens");
}

}  // namespace

template <class T>
PatternTokens choose_pattern_tokens(const StoredAttention<T>& attention,
                                    const SourceRequest& request, const Warn& warn) {
    const AxisLabels labels = choose_labels(attention, request);
    const Offsets& known = attention.structure.offsets;
    const Shape& shape = attention.shape();
    const bool given = !request.tokens.empty() || !request.key_tokens.empty();
    PatternTokens none{{}, known};
    const bool assumed = !attention.run;
    if (labels.queries.empty() && !labels.keys.empty() && !assumed) return {labels.keys, known};
    if (labels.queries.empty() || labels.keys.empty()) {
        if (given) refuse_one_axis(request, labels, shape);
        return none;
    }
    if (stand_at(labels, known, shape[0])) return {labels.keys, known};
    const bool one_list = given && request.key_tokens.empty() && labels.queries == labels.keys;
    if (one_list && !start_at_first_key(known))
        fail("--tokens: token patterns need query 0 at key 0; in ", request.source,
             " it stands elsewhere");
    const Offsets end = end_offsets(shape[2], shape[3], {});
    if (assumed && stand_at(labels, end, shape[0])) {
        warn(request.source +
             ": the tokens of the queries are those of the last keys; positions are "
             "counted from there");
        return {labels.keys, end};
    }
    if (given && warn)
        warn(request.source +
             ": the tokens of the queries are not those of the keys at which they "
             "stand; there are no token patterns between different sequences");
    return none;
}

template PatternTokens choose_pattern_tokens(const StoredAttention<float>&, const SourceRequest&,
                                             const Warn&);
template PatternTokens choose_pattern_tokens(const StoredAttention<double>&, const SourceRequest&,
                                             const Warn&);

}  // namespace attn::source

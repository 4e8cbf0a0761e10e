#include "analysis/dealt_contexts.hpp"

#include <cassert>

#include "core/byte_text.hpp"

namespace attn::analysis {

template <class T>
void deal_contexts(const Division& division, const LayerShape& shape, const ProductOwners& owners,
                   bool exact_to_all, std::vector<T>& exact,
                   std::vector<std::vector<T>>& differences) {
    if (exact.empty() || division.is_whole()) return;
    const Communicator& ranks = division.ranks;
    const std::size_t width = exact.size() / (shape.sequences * shape.queries * shape.heads);
    // Calls visit(row) for what one rank streamed and another one wants, in an order that both
    // know.
    const auto for_rows = [&](std::size_t from, std::size_t to, const auto& visit) {
        const auto for_rows_of_head = [&](std::vector<T>& values, std::size_t sequence,
                                          std::size_t head) {
            for (std::size_t query = 0; query < shape.queries && !values.empty(); ++query)
                visit(&values[((sequence * shape.queries + query) * shape.heads + head) * width]);
        };
        for (std::size_t item = 0; item < shape.sequences * shape.heads; ++item) {
            const std::size_t sequence = item / shape.heads, head = item % shape.heads;
            if (division.owner(sequence, head) != from) continue;
            if (exact_to_all || owners.exact == to) for_rows_of_head(exact, sequence, head);
            for (std::size_t method = 0; method < differences.size(); ++method) {
                if (owners.methods[method] == to || owners.heads[head] == to)
                    for_rows_of_head(differences[method], sequence, head);
            }
        }
    };
    std::vector<std::string> for_ranks;
    for (std::size_t to = 0; to < ranks.size(); ++to) {
        ByteWriter own;
        if (to != ranks.rank())
            for_rows(ranks.rank(), to, [&](const T* row) { own.put_values(row, width); });
        for_ranks.push_back(own.bytes());
    }
    const std::vector<std::string> all = ranks.deal(std::move(for_ranks));
    for (std::size_t from = 0; from < ranks.size(); ++from) {
        if (from == ranks.rank()) continue;
        ByteReader theirs(all[from]);
        for_rows(from, ranks.rank(), [&](T* row) { theirs.take_values(row, width); });
        assert(theirs.at_end());
    }
}

template void deal_contexts(const Division&, const LayerShape&, const ProductOwners&, bool,
                            std::vector<float>&, std::vector<std::vector<float>>&);
template void deal_contexts(const Division&, const LayerShape&, const ProductOwners&, bool,
                            std::vector<double>&, std::vector<std::vector<double>>&);

}  // namespace attn::analysis

#include "analysis/token_patterns.hpp"

#include <unordered_map>

namespace attn::analysis {

TokenPatterns::TokenPatterns(const std::vector<std::string>& tokens) {
    std::unordered_map<std::string, std::size_t> numbers;
    for (std::size_t position = 0; position < tokens.size(); ++position) {
        const std::size_t token = numbers.emplace(tokens[position], numbers.size()).first->second;
        copies_.resize(numbers.size());
        places_.push_back({token, copies_[token].size()});
        copies_[token].push_back(position);
    }
}

Span<const std::size_t> TokenPatterns::duplicates(std::size_t query) const {
    const Place place = places_[query];
    return {copies_[place.token].data(), place.earlier};
}

}  // namespace attn::analysis

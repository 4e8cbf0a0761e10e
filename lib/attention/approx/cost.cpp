#include "attention/approx/cost.hpp"

#include <algorithm>

namespace attn::approx {
namespace {

std::uint64_t width(const CostInputs& inputs) {
    return inputs.sizes.d_head + inputs.sizes.d_value;
}

}  // namespace

Cost exact_cost(const CostInputs& inputs) {
    const std::uint64_t key = inputs.element_bytes * width(inputs);
    return {2 * inputs.cells * width(inputs), key * inputs.sizes.keys, key * inputs.allowed_last};
}

IoBytes exact_io(const CostInputs& inputs, const std::vector<std::uint64_t>& tile_keys) {
    const std::uint64_t n = inputs.sizes.queries, m = inputs.sizes.keys;
    const std::uint64_t d = inputs.sizes.d_head, dv = inputs.sizes.d_value;
    IoBytes bytes;
    bytes.standard = inputs.element_bytes * (n * d + m * d + m * dv + n * dv + 4 * inputs.cells);
    std::uint64_t read = 0;
    for (const std::uint64_t keys : tile_keys) read += keys * (d + dv);
    bytes.tiled = inputs.element_bytes * (n * d + n * dv + read);
    return bytes;
}

Cost sparse_cost(const CostInputs& inputs) {
    const std::uint64_t key = inputs.element_bytes * width(inputs);
    return {2 * inputs.kept_cells * width(inputs), key * inputs.sizes.keys, key * inputs.kept_last};
}

Cost bounded_cost(const CostInputs& inputs, std::uint64_t keys) {
    Cost cost = sparse_cost(inputs);
    cost.kept_bytes =
        inputs.element_bytes * width(inputs) * std::min<std::uint64_t>(inputs.sizes.keys, keys);
    return cost;
}

Cost scored_cost(const CostInputs& inputs) {
    const std::uint64_t d = inputs.sizes.d_head, dv = inputs.sizes.d_value;
    Cost cost = exact_cost(inputs);
    cost.flops = 2 * inputs.cells * d + 2 * inputs.kept_cells * dv;
    cost.read_bytes = inputs.element_bytes * (inputs.sizes.keys * d + inputs.kept_last * dv);
    return cost;
}

}  // namespace attn::approx

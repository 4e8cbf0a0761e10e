// From weights and values to what the layer gives, with mistakes.
#include <algorithm>

#include "analysis/dense_block.hpp"
#include "attention/blas.hpp"
#include "core/index_list.hpp"
#include "core/parallel.hpp"

namespace attn::analysis {

// Without the values of keys that are masked: zero times what is not finite is not zero.
void DenseComputation::multiply_attended(const DenseBlock& block, std::size_t first,
                                         MatrixView<const double> values,
                                         MatrixView<double> contexts) const {
    std::size_t cell = first;
    for (std::size_t query = 0; query < contexts.rows; ++query) {
        for (std::size_t key = 0; key < values.rows; ++key, ++cell) {
            if (!block.allowed[cell] && block.weights[cell] == 0) continue;
            for (std::size_t i = 0; i < values.columns; ++i)
                contexts.row(query)[i] += block.weights[cell] * values.row(key)[i];
        }
    }
}

std::vector<double> DenseComputation::contexts(std::size_t sequence,
                                               const std::vector<std::size_t>& queries) const {
    const auto taken = take({});
    const std::size_t width = taken->v.view.width, row = heads() * width;
    // Softmax over the queries needs all of them.
    const bool columns = mistakes_.axis == SoftmaxAxis::queries;
    const std::vector<std::size_t> computed = columns ? count_up(this->queries()) : queries;
    std::vector<double> contexts(computed.size() * row);
    const auto multiply_heads = [&](const std::vector<std::size_t>& heads) {
        const DenseBlock part = attend({sequence, heads, computed, count_up(keys())});
        parallel_for(heads.size(), [&](std::size_t i) {
            const std::size_t first = i * computed.size() * keys();
            const MatrixView<const double> values =
                taken->value_head(sequence, value_head(computed_head(heads[i])));
            const MatrixView<double> to(contexts.data() + heads[i] * width, computed.size(), width,
                                        row);
            if (taken->finite_values) {
                multiply<double>({part.weights.data() + first, computed.size(), keys()}, values,
                                 to);
            } else {
                multiply_attended(part, first, values, to);
            }
        });
    };
    constexpr std::size_t kMostCells = std::size_t{1} << 21;
    const std::size_t fit = std::max<std::size_t>(1, kMostCells / (computed.size() * keys()));
    const std::size_t at_once = mistakes_.axis == SoftmaxAxis::heads ? heads() : fit;
    const std::vector<std::size_t> all = count_up(heads());
    for (std::size_t first = 0; first < heads(); first += at_once) {
        const auto begin = all.begin() + static_cast<std::ptrdiff_t>(first);
        multiply_heads(
            {begin, begin + static_cast<std::ptrdiff_t>(std::min(at_once, heads() - first))});
    }
    if (late_factor_ != 1) {
        for (double& value : contexts) value *= late_factor_;
    }
    if (columns) {
        std::vector<double> chosen;
        for (const std::size_t query : queries) {
            const auto begin = contexts.begin() + static_cast<std::ptrdiff_t>(query * row);
            chosen.insert(chosen.end(), begin, begin + static_cast<std::ptrdiff_t>(row));
        }
        contexts = std::move(chosen);
    }
    return contexts;
}

// The heads' contexts as one vector for each of the queries.
std::vector<double> DenseComputation::merged(std::size_t sequence,
                                             const std::vector<std::size_t>& queries) const {
    const std::size_t width = take({})->v.view.width, row = heads() * width;
    if (mistakes_.merge == Merge::side_by_side) return contexts(sequence, queries);
    std::vector<double> values;
    values.reserve(queries.size() * row);
    if (mistakes_.merge == Merge::dimensions_outside) {
        const std::vector<double> right = contexts(sequence, queries);
        for (std::size_t i = 0; i < right.size(); ++i) {
            const std::size_t place = i % row;
            values.push_back(right[i - place + place % heads() * width + place / heads()]);
        }
        return values;
    }
    // Number f of [heads, queries, d] lies in row f / (heads * d).
    const std::vector<double> right = contexts(sequence, count_up(this->queries()));
    const std::size_t of_head = this->queries() * width;
    for (const std::size_t query : queries) {
        for (std::size_t f = query * row; f < (query + 1) * row; ++f)
            values.push_back(right[f % of_head / width * row + f / of_head * width + f % width]);
    }
    return values;
}

void DenseComputation::add_residual(std::size_t sequence, const std::vector<std::size_t>& queries,
                                    std::vector<double>& output) const {
    const Array<double>& x = in_.x_before_norm != nullptr ? *in_.x_before_norm : *in_.x;
    const std::size_t width = x.extent(2);
    for (std::size_t i = 0; i < output.size(); ++i) {
        const std::size_t token = token_in_place(queries[i / width], x.extent(1), mistakes_);
        output[i] += x.data()[(sequence * x.extent(1) + token) * width + i % width];
    }
}

std::vector<double> DenseComputation::output(std::size_t sequence,
                                             const std::vector<std::size_t>& queries) const {
    std::vector<double> contexts = merged(sequence, queries);
    const std::size_t row = contexts.size() / queries.size();
    const Rounding of_contexts = mistakes_.rounding_at(stage::contexts);
    for (double& value : contexts) value = round_to(of_contexts, value);
    const Array<double> W_O = output_matrix(in_, mistakes_);
    if (!W_O.empty()) {
        const Array<double> projected =
            project(Array<double>({1, queries.size(), row}, std::move(contexts)), W_O,
                    output_bias(in_, mistakes_), in_.weights->order);
        contexts.assign(projected.data(), projected.data() + projected.size());
    }
    if (mistakes_.added_residual) add_residual(sequence, queries, contexts);
    const Rounding of_output = mistakes_.rounding_at(stage::output);
    for (double& value : contexts) value = round_to(of_output, value);
    return contexts;
}

}  // namespace attn::analysis

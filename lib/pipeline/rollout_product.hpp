// The layers of a stack multiplied: rows of the product for targets, columns for sources.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "core/communicator.hpp"
#include "core/matrix.hpp"
#include "pipeline/rollout_stack.hpp"

namespace attn::pipeline {

template <class T>
class StreamedRollout;

// What a rollout reads. `cross` and `encoder` are there or not.
template <class T>
struct RolloutParts {
    RolloutStack<T> decoder;
    std::optional<RolloutStack<T>> cross;
    std::optional<RolloutStack<T>> encoder;
    // Where attention is computed block by block; then the decoder has no weights.
    std::shared_ptr<StreamedRollout<T>> streamed;
};

// The rows of one sequence.
template <class T>
struct RolloutRows {
    std::vector<Matrix<T>> heads;  // [targets, tokens]: one, or one a head of the last
                                   // layer
    Matrix<T> cross;               // [targets, keys of the encoder], with --cross
};

// What each rank gives goes to all of them, in their order.
template <class T>
std::vector<RolloutRows<T>> rows_of_all(const Communicator& ranks, RolloutRows<T> own);

// Every so many of the sequences, which this rank rolls out.
std::vector<std::size_t> dealt_to(const Communicator& ranks,
                                  const std::vector<std::size_t>& sequences);

// The rows of a matrix at these places, in their order.
template <class T>
Matrix<T> chosen_rows(const Matrix<T>& all, const std::vector<std::size_t>& rows);

// From the top layer down, O(tokens) memory a target.
template <class T>
RolloutRows<T> roll_targets(const RolloutParts<T>& parts, const analysis::RolloutOptions& options,
                            const std::vector<std::size_t>& targets, std::size_t sequence);

// Relevance of a decoder to itself and to its encoder, from the bottom up; whole matrices, of which
// `targets` are the rows that are kept. `parts` has cross-attention.
template <class T>
RolloutRows<T> roll_crossed_relevance(const RolloutParts<T>& parts,
                                      const std::vector<std::size_t>& targets,
                                      std::size_t sequence);

// Told of the product up to each layer, by its place.
template <class T>
using EachProduct = std::function<void(std::size_t place, const Matrix<T>& product)>;

// [tokens, sources] from the bottom layer up, O(tokens) memory a source; one, or one a head of the
// last layer.
template <class T>
std::vector<Matrix<T>> roll_sources(const RolloutStack<T>& stack,
                                    const analysis::RolloutOptions& options,
                                    const std::vector<std::size_t>& sources, std::size_t sequence,
                                    const EachProduct<T>& each = nullptr);

// The same of attention that is uniform over all that may be attended.
template <class T>
Matrix<double> uniform_targets(const RolloutStack<T>& stack,
                               const analysis::RolloutOptions& options,
                               const std::vector<std::size_t>& targets, std::size_t sequence);
template <class T>
Matrix<double> uniform_sources(const RolloutStack<T>& stack,
                               const analysis::RolloutOptions& options,
                               const std::vector<std::size_t>& sources, std::size_t sequence);

}  // namespace attn::pipeline

#include "pipeline/rollout_product.hpp"

#include <algorithm>
#include <utility>

#include "analysis/relevance.hpp"
#include "analysis/uniform_rollout.hpp"
#include "attention/blas_threads.hpp"
#include "attention/query_offset.hpp"
#include "core/byte_text.hpp"
#include "core/index_list.hpp"
#include "core/parallel.hpp"

namespace attn::pipeline {
namespace {

using analysis::FusedLayer;
using analysis::RolloutOptions;

// Below the last layer heads that are kept apart count as their mean.
RolloutOptions below_last(RolloutOptions options) {
    if (options.fuse == analysis::Fuse::per_head) options.fuse = analysis::Fuse::mean;
    return options;
}

// Cross-attention is fused, its rows are divided by their sums, and that is all.
RolloutOptions of_cross(const RolloutOptions& all) {
    RolloutOptions options;
    options.fuse = all.fuse;
    options.residual = 0;
    return options;
}

// Moves what the rows read of the encoder from x to `read`.
template <class T>
void read_encoder(const RolloutStack<T>& cross, std::size_t place, std::size_t sequence,
                  const RolloutOptions& options, Matrix<T>& x, Matrix<T>& read) {
    const FusedLayer<T> layer(cross.layer(place, sequence), of_cross(options));
    std::vector<std::uint8_t> has_weight;
    const Matrix<T> now = analysis::times_layer(x, layer, &has_weight);
    cross.forget(place);
    for (std::size_t i = 0; i < read.values.size(); ++i)
        read.values[i] += static_cast<T>(1 - options.residual) * now.values[i];
    for (std::size_t target = 0; target < x.rows; ++target) {
        const Span<T> row = x.row(target);
        for (std::size_t query = 0; query < x.columns; ++query) {
            if (has_weight[query] != 0) row[query] *= static_cast<T>(options.residual);
        }
    }
}

// x times the layers below `end`, from the top down.
template <class T>
void multiply_down(const RolloutStack<T>& stack, const RolloutOptions& options, std::size_t end,
                   std::size_t sequence, Matrix<T>& x) {
    for (std::size_t place = end; place-- > 0;) {
        x = analysis::times_layer(x, FusedLayer<T>(stack.layer(place, sequence), options));
        stack.forget(place);
    }
}

// The last layer, one matrix a head behind one another.
template <class T>
Matrix<T> last_of_heads(const RolloutStack<T>& stack, const RolloutOptions& options,
                        std::size_t sequence, const Matrix<T>& x) {
    const std::size_t last = stack.layers() - 1, heads = stack.heads.size();
    Matrix<T> all(heads * x.rows, x.columns);
    for (std::size_t head = 0; head < heads; ++head) {
        const FusedLayer<T> layer(stack.layer(last, sequence, head), options);
        const Matrix<T> one = analysis::times_layer(x, layer);
        std::copy(one.values.begin(), one.values.end(), all.row(head * x.rows).begin());
    }
    stack.forget(last);
    return all;
}

template <class T>
std::vector<Matrix<T>> split(const Matrix<T>& all, std::size_t parts) {
    std::vector<Matrix<T>> result;
    const std::size_t rows = all.rows / parts;
    for (std::size_t part = 0; part < parts; ++part) {
        Matrix<T> one(rows, all.columns);
        std::copy_n(all.row(part * rows).begin(), one.values.size(), one.values.begin());
        result.push_back(std::move(one));
    }
    return result;
}

// A causal product keeps the triangle, where all columns are there in their order.
template <class T>
bool stays_lower(const RolloutStack<T>& stack, const std::vector<std::size_t>& sources) {
    if (!stack.structure.causal || !start_at_first_key(stack.structure.offsets)) return false;
    if (sources.size() != stack.keys()) return false;
    for (std::size_t i = 0; i < sources.size(); ++i) {
        if (sources[i] != i) return false;
    }
    return true;
}

template <class T>
std::vector<analysis::UniformLayer> uniform_layers(const RolloutStack<T>& stack,
                                                   const RolloutOptions& options,
                                                   std::size_t sequence) {
    std::vector<analysis::UniformLayer> layers;
    for (std::size_t place = 0; place < stack.layers(); ++place) {
        layers.emplace_back(stack.layer(place, sequence), options);
        stack.forget(place);
    }
    return layers;
}

template <class T>
void put_matrix(const Matrix<T>& matrix, ByteWriter& to) {
    to.put(matrix.rows);
    to.put(matrix.columns);
    to.put_values(matrix.values.data(), matrix.values.size());
}

template <class T>
Matrix<T> matrix_from(ByteReader& from) {
    std::size_t rows = 0, columns = 0;
    from.take(rows);
    from.take(columns);
    Matrix<T> matrix(rows, columns);
    from.take_values(matrix.values.data(), matrix.values.size());
    return matrix;
}

template <class T>
void put_rows(const RolloutRows<T>& rows, ByteWriter& to) {
    to.put(rows.heads.size());
    for (const Matrix<T>& head : rows.heads) put_matrix(head, to);
    put_matrix(rows.cross, to);
}

template <class T>
RolloutRows<T> rows_from(const std::string& bytes) {
    ByteReader from(bytes);
    std::size_t heads = 0;
    from.take(heads);
    RolloutRows<T> rows;
    while (rows.heads.size() < heads) rows.heads.push_back(matrix_from<T>(from));
    rows.cross = matrix_from<T>(from);
    return rows;
}

}  // namespace

template <class T>
Matrix<T> chosen_rows(const Matrix<T>& all, const std::vector<std::size_t>& rows) {
    Matrix<T> chosen(rows.size(), all.columns);
    for (std::size_t i = 0; i < rows.size(); ++i)
        std::copy_n(all.row(rows[i]).begin(), all.columns, chosen.row(i).begin());
    return chosen;
}

template <class T>
RolloutRows<T> roll_targets(const RolloutParts<T>& parts, const RolloutOptions& options,
                            const std::vector<std::size_t>& targets, std::size_t sequence) {
    const SingleThreadedBlas blas;
    const RolloutStack<T>& stack = parts.decoder;
    RolloutRows<T> rows;
    Matrix<T> x = analysis::unit_rows<T>(targets, stack.keys());
    if (options.fuse == analysis::Fuse::per_head) {
        x = last_of_heads(stack, options, sequence, x);
        multiply_down(stack, below_last(options), stack.layers() - 1, sequence, x);
        rows.heads = split(x, stack.heads.size());
        return rows;
    }
    if (parts.cross) rows.cross = Matrix<T>(targets.size(), parts.cross->keys());
    for (std::size_t place = stack.layers(); place-- > 0;) {
        if (parts.cross) read_encoder(*parts.cross, place, sequence, options, x, rows.cross);
        x = analysis::times_layer(x, FusedLayer<T>(stack.layer(place, sequence), options));
        stack.forget(place);
    }
    if (parts.encoder)
        multiply_down(*parts.encoder, options, parts.encoder->layers(), sequence, rows.cross);
    rows.heads.push_back(std::move(x));
    return rows;
}

template <class T>
RolloutRows<T> roll_crossed_relevance(const RolloutParts<T>& parts,
                                      const std::vector<std::size_t>& targets,
                                      std::size_t sequence) {
    const SingleThreadedBlas blas;
    const RolloutStack<T>& stack = parts.decoder;
    const RolloutStack<T>& cross = *parts.cross;
    RolloutOptions of_self, of_crossed;
    of_self.fused = analysis::Fused::relevance;
    of_crossed.fused = analysis::Fused::crossed_relevance;
    const std::vector<std::size_t> inputs = count_up(cross.keys());
    Matrix<T> encoder =
        parts.encoder
            ? std::move(roll_sources<T>(*parts.encoder, of_self, inputs, sequence).front())
            : analysis::unit_columns<T>(inputs, cross.keys());
    encoder = analysis::normalised_relevance(encoder);
    const std::vector<std::size_t> tokens = count_up(stack.keys());
    const bool lower = stays_lower(stack, tokens);
    Matrix<T> own = analysis::unit_columns<T>(tokens, stack.keys());
    Matrix<T> crossed(stack.queries(), cross.keys());
    for (std::size_t place = 0; place < stack.layers(); ++place) {
        const FusedLayer<T> layer(stack.layer(place, sequence), of_self);
        crossed = analysis::layer_times(layer, std::move(crossed), false);
        own = analysis::layer_times(layer, std::move(own), lower);
        const FusedLayer<T> reading(cross.layer(place, sequence), of_crossed);
        analysis::add_crossed_relevance(own, reading, encoder, crossed);
        stack.forget(place);
        cross.forget(place);
    }
    RolloutRows<T> rows;
    rows.heads.push_back(chosen_rows(own, targets));
    rows.cross = chosen_rows(crossed, targets);
    return rows;
}

template <class T>
std::vector<Matrix<T>> roll_sources(const RolloutStack<T>& stack, const RolloutOptions& options,
                                    const std::vector<std::size_t>& sources, std::size_t sequence,
                                    const EachProduct<T>& each) {
    const bool lower = stays_lower(stack, sources);
    const bool per_head = options.fuse == analysis::Fuse::per_head;
    const std::size_t last = stack.layers() - 1;
    Matrix<T> x;
    if (per_head && last == 0) x = analysis::unit_columns<T>(sources, stack.keys());
    for (std::size_t place = 0; place < stack.layers() - (per_head ? 1 : 0); ++place) {
        const FusedLayer<T> layer(stack.layer(place, sequence), below_last(options));
        x = place == 0 ? analysis::layer_columns(layer, sources)
                       : analysis::layer_times(layer, std::move(x), lower);
        stack.forget(place);
        if (each) each(place, x);
    }
    std::vector<Matrix<T>> heads;
    if (!per_head) {
        heads.push_back(std::move(x));
        return heads;
    }
    for (std::size_t head = 0; head < stack.heads.size(); ++head) {
        const FusedLayer<T> layer(stack.layer(last, sequence, head), options);
        heads.push_back(analysis::layer_times(layer, x, lower));
    }
    stack.forget(last);
    return heads;
}

template <class T>
Matrix<double> uniform_targets(const RolloutStack<T>& stack, const RolloutOptions& options,
                               const std::vector<std::size_t>& targets, std::size_t sequence) {
    const auto layers = uniform_layers(stack, options, sequence);
    Matrix<double> rows(targets.size(), stack.keys());
    parallel_for(targets.size(), [&](std::size_t i) {
        std::vector<double> row(stack.keys());
        row[targets[i]] = 1;
        for (std::size_t place = layers.size(); place-- > 0;) row = layers[place].times_layer(row);
        std::copy(row.begin(), row.end(), rows.row(i).begin());
    });
    return rows;
}

template <class T>
Matrix<double> uniform_sources(const RolloutStack<T>& stack, const RolloutOptions& options,
                               const std::vector<std::size_t>& sources, std::size_t sequence) {
    const auto layers = uniform_layers(stack, options, sequence);
    Matrix<double> columns(stack.queries(), sources.size());
    parallel_for(sources.size(), [&](std::size_t i) {
        std::vector<double> column(stack.keys());
        column[sources[i]] = 1;
        for (const analysis::UniformLayer& layer : layers) column = layer.layer_times(column);
        for (std::size_t query = 0; query < column.size(); ++query)
            columns.row(query)[i] = column[query];
    });
    return columns;
}

template <class T>
std::vector<RolloutRows<T>> rows_of_all(const Communicator& ranks, RolloutRows<T> own) {
    std::vector<RolloutRows<T>> all;
    if (ranks.is_alone()) {
        all.push_back(std::move(own));
        return all;
    }
    ByteWriter bytes;
    put_rows(own, bytes);
    for (const std::string& of_rank : ranks.gather_all(bytes.bytes()))
        all.push_back(rows_from<T>(of_rank));
    return all;
}

std::vector<std::size_t> dealt_to(const Communicator& ranks,
                                  const std::vector<std::size_t>& sequences) {
    std::vector<std::size_t> own;
    for (std::size_t i = ranks.rank(); i < sequences.size(); i += ranks.size())
        own.push_back(sequences[i]);
    return own;
}

template Matrix<float> chosen_rows(const Matrix<float>&, const std::vector<std::size_t>&);
template Matrix<double> chosen_rows(const Matrix<double>&, const std::vector<std::size_t>&);
template RolloutRows<float> roll_targets(const RolloutParts<float>&, const RolloutOptions&,
                                         const std::vector<std::size_t>&, std::size_t);
template RolloutRows<double> roll_targets(const RolloutParts<double>&, const RolloutOptions&,
                                          const std::vector<std::size_t>&, std::size_t);
template RolloutRows<float> roll_crossed_relevance(const RolloutParts<float>&,
                                                   const std::vector<std::size_t>&, std::size_t);
template RolloutRows<double> roll_crossed_relevance(const RolloutParts<double>&,
                                                    const std::vector<std::size_t>&, std::size_t);
template std::vector<Matrix<float>> roll_sources(const RolloutStack<float>&, const RolloutOptions&,
                                                 const std::vector<std::size_t>&, std::size_t,
                                                 const EachProduct<float>&);
template std::vector<Matrix<double>> roll_sources(const RolloutStack<double>&,
                                                  const RolloutOptions&,
                                                  const std::vector<std::size_t>&, std::size_t,
                                                  const EachProduct<double>&);
template Matrix<double> uniform_targets(const RolloutStack<float>&, const RolloutOptions&,
                                        const std::vector<std::size_t>&, std::size_t);
template Matrix<double> uniform_targets(const RolloutStack<double>&, const RolloutOptions&,
                                        const std::vector<std::size_t>&, std::size_t);
template Matrix<double> uniform_sources(const RolloutStack<float>&, const RolloutOptions&,
                                        const std::vector<std::size_t>&, std::size_t);
template Matrix<double> uniform_sources(const RolloutStack<double>&, const RolloutOptions&,
                                        const std::vector<std::size_t>&, std::size_t);
template std::vector<RolloutRows<float>> rows_of_all(const Communicator&, RolloutRows<float>);
template std::vector<RolloutRows<double>> rows_of_all(const Communicator&, RolloutRows<double>);

}  // namespace attn::pipeline

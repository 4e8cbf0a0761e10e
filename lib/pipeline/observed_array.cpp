#include "pipeline/observed_array.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "core/error.hpp"
#include "core/index_list.hpp"
#include "source/observed_axes.hpp"

namespace attn::pipeline {
namespace {

using analysis::Observation;
using analysis::Observed;

// A single sequence may come without the axis of the batch, a single head without that of the
// heads.
template <class T>
std::optional<Array<T>> as_shape(const Array<T>& values, const Shape& wanted) {
    Shape shape = values.shape();
    while (shape.size() < wanted.size()) shape.insert(shape.begin(), 1);
    if (shape != wanted) return std::nullopt;
    return values.reshaped(shape);
}

// [batch, heads, queries, d] as [batch, queries, heads * d].
template <class T>
Array<T> join_heads(const Array<T>& values) {
    const HeadsView<T> view = separate_heads(values);
    std::vector<T> joined;
    joined.reserve(values.size());
    for (std::size_t sequence = 0; sequence < view.batch; ++sequence) {
        for (std::size_t token = 0; token < view.tokens; ++token) {
            for (std::size_t head = 0; head < view.heads; ++head) {
                const auto row = view.head(sequence, head).row(token);
                joined.insert(joined.end(), row.begin(), row.end());
            }
        }
    }
    return {{view.batch, view.tokens, view.heads * view.width}, std::move(joined)};
}

// Which heads and queries were observed; empty: all.
struct Part {
    std::vector<std::size_t> heads, queries;

    bool is_all() const { return heads.empty() && queries.empty(); }
    // The shape of the observed part of cells [batch, heads, queries, keys].
    Shape of(Shape cells) const {
        if (!heads.empty()) cells[1] = heads.size();
        if (!queries.empty()) cells[2] = queries.size();
        return cells;
    }
};

Part part_of(const DiagnoseRequest& request, const source::ComputedInputs<double>& loaded) {
    Part part;
    const auto require_rising = [](const auto& numbers, const char* flag) {
        if (numbers && !std::is_sorted(numbers->begin(), numbers->end()))
            fail(flag, ": expected numbers that rise, as what was observed has them");
    };
    require_rising(request.heads, "--head");
    require_rising(request.rows, "--rows");
    if (request.heads) part.heads = sorted_indices(request.heads, loaded.heads, "--head", "head");
    if (request.rows) part.queries = sorted_indices(request.rows, loaded.queries, "--rows", "row");
    return part;
}

// Those of the rows that the part holds; all of [batch, heads, queries, d] where no heads are
// named.
template <class T>
Array<T> take(const Array<T>& values, const Part& part) {
    const std::size_t heads = values.extent(1), queries = values.extent(2);
    const Shape shape = part.of(values.shape());
    const std::size_t width = shape[3];
    std::vector<T> taken;
    taken.reserve(element_count(shape, "observed"));
    for (std::size_t sequence = 0; sequence < shape[0]; ++sequence) {
        for (std::size_t h = 0; h < shape[1]; ++h) {
            const std::size_t head = part.heads.empty() ? h : part.heads[h];
            for (std::size_t q = 0; q < shape[2]; ++q) {
                const std::size_t query = part.queries.empty() ? q : part.queries[q];
                const T* const row =
                    values.data() + ((sequence * heads + head) * queries + query) * width;
                taken.insert(taken.end(), row, row + width);
            }
        }
    }
    return {shape, std::move(taken)};
}

// Matrices or outputs of the shape [batch, heads, queries, d], or that part of them.
template <class T>
std::optional<Array<T>> as_part(const Array<T>& values, const Shape& all, const Part& part) {
    auto whole = as_shape(values, all);
    if (part.is_all()) return whole;
    if (whole) return take(*whole, part);
    return as_shape(values, part.of(all));
}

// The output as it is, or, where no W_O mixes the heads, each by itself as
// scaled_dot_product_attention returns them.
template <class T>
std::optional<Array<T>> as_output(const Array<T>& values,
                                  const source::ComputedInputs<double>& loaded,
                                  std::size_t d_output, const Part& part) {
    const Part rows{{}, part.queries};
    const Shape shape{loaded.batch, loaded.queries, d_output};
    if (auto output = as_shape(values, shape)) {
        if (rows.is_all()) return output;
        const Array<T> taken = take(output->reshaped({shape[0], 1, shape[1], shape[2]}), rows);
        return taken.reshaped({shape[0], rows.queries.size(), shape[2]});
    }
    if (!rows.is_all()) return as_shape(values, {shape[0], rows.queries.size(), shape[2]});
    if (loaded.has_weights()) return std::nullopt;
    const auto heads =
        as_shape(values, {loaded.batch, loaded.heads, loaded.queries, d_output / loaded.heads});
    if (!heads) return std::nullopt;
    return join_heads(*heads);
}

// The mean of the heads in the place of each, where it stands for all of them.
template <class T>
std::optional<Array<T>> as_mean(const Array<T>& values,
                                const source::ComputedInputs<double>& loaded, const Part& part) {
    if (!part.heads.empty() || loaded.heads < 2) return std::nullopt;
    const Shape all{loaded.batch, 1, loaded.queries, loaded.keys};
    const Shape some = part.of(all);
    auto mean = as_shape(values, {all[0], all[2], all[3]});
    if (mean && !part.is_all()) {
        mean = take(mean->reshaped(all), part);
    } else if (!mean) {
        mean = as_shape(values, {some[0], some[2], some[3]});
    }
    if (!mean) return std::nullopt;
    const std::size_t cells = mean->size() / loaded.batch;
    std::vector<T> repeated;
    repeated.reserve(mean->size() * loaded.heads);
    for (std::size_t i = 0; i < loaded.batch * loaded.heads; ++i) {
        const T* const first = mean->data() + i / loaded.heads * cells;
        repeated.insert(repeated.end(), first, first + cells);
    }
    return Array<T>({loaded.batch, loaded.heads, some[2], loaded.keys}, std::move(repeated));
}

// The largest numbers of each row in falling order, as topk gives them, filled up with `nothing`.
template <class T>
std::optional<Array<T>> as_largest(const Array<T>& values, Shape cells, T nothing) {
    const std::size_t keys = cells.back(),
                      width = values.shape().empty() ? 0 : values.shape().back();
    if (width == 0 || width >= keys) return std::nullopt;
    cells.back() = width;
    if (!as_shape(values, cells)) return std::nullopt;
    cells.back() = keys;
    std::vector<T> filled;
    filled.reserve(element_count(cells, "observed"));
    for (const T* row = values.data(); row != values.data() + values.size(); row += width) {
        if (!std::is_sorted(row, row + width, std::greater<>())) return std::nullopt;
        filled.insert(filled.end(), row, row + width);
        filled.insert(filled.end(), keys - width, nothing);
    }
    return Array<T>(cells, std::move(filled));
}

// Scores have values below zero; so have weights with noise, but those add up to one.
template <class T>
bool are_scores(const Array<T>& values) {
    double least = 0, sum = 0;
    for (const T value : values.values()) {
        if (value < static_cast<T>(least)) least = static_cast<double>(value);
        sum += std::isfinite(value) ? static_cast<double>(value) : 0;
    }
    if (!(least < -1e-3)) return false;
    if (least < -0.5) return true;
    const double mean = sum * static_cast<double>(values.shape().back()) /
                        static_cast<double>(values.size());  // of the rows' sums
    return !(std::abs(mean - 1) < 0.1);
}

// Weights to which the sinks were added: those of each head add up to so much more in each row.
template <class T>
bool hold_sinks(const Array<T>& values, const std::vector<double>& sinks) {
    const std::size_t heads = values.extent(1), rows = values.extent(2), keys = values.extent(3);
    if (sinks.size() != heads) return false;
    for (std::size_t head = 0; head < heads; ++head) {
        const T* const first = values.data() + head * rows * keys;
        double sum = 0;
        for (std::size_t i = 0; i < rows * keys; ++i) sum += static_cast<double>(first[i]);
        const double right = 1 + static_cast<double>(keys) * sinks[head];
        if (!(std::abs(sum / static_cast<double>(rows) - right) < 0.01 * (1 + std::abs(right))))
            return false;
    }
    return true;
}

Shape cells_of(const source::ComputedInputs<double>& loaded) {
    return {loaded.batch, loaded.heads, loaded.queries, loaded.keys};
}

// [layers, (batch,) queries, d_model]
template <class T>
bool are_outputs_of_all(const Array<T>& values, const source::ComputedInputs<double>& loaded) {
    const std::size_t d_output = loaded.layers.front().d_output;
    const Shape shape{loaded.layers.size(), loaded.batch, loaded.queries, d_output};
    const Shape one{loaded.layers.size(), loaded.queries, d_output};
    return values.shape() == shape ||
           (loaded.batch == 1 && loaded.layers.size() > 1 && values.shape() == one);
}

// The cells that the arrays hold: all, or the part that was named.
Shape cells_held(const DiagnoseRequest& request, const source::ComputedInputs<double>& loaded,
                 io::Inputs& inputs) {
    const Shape all = cells_of(loaded), some = part_of(request, loaded).of(all);
    const source::ArraySource source{request.observed, request.axes};
    const bool holds_all = some != all && !source::fits_observed(inputs, source, some) &&
                           source::fits_observed(inputs, source, all);
    return holds_all ? all : some;
}

template <class T>
Observation observe_as(const DiagnoseRequest& request, const source::ComputedInputs<double>& loaded,
                       std::size_t layer, io::Inputs& inputs, const Warn& warn) {
    const Shape cells = cells_of(loaded);
    const std::size_t d_output = loaded.layers[layer].d_output;
    const bool wants_output = request.kind == Observed::output;
    const Part part = part_of(request, loaded);
    const std::vector<double> sinks = loaded.options_of(layer).sinks;
    if (wants_output && !request.axes.empty())
        fail("--axes ", request.axes,
             ": names the axes of weights and scores; an output has none of them");
    Array<T> values =
        wants_output ? inputs.load<T>(request.observed, io::NonFinite::allow)
                     : source::load_observed<T>(inputs, {request.observed, request.axes}, layer,
                                                cells_held(request, loaded, inputs), warn);
    if (are_outputs_of_all(values, loaded)) values = values.slice(layer);
    if (const auto matrices = as_part(values, cells, part); matrices && !wants_output) {
        const bool scores = are_scores(values) && !hold_sinks(*matrices, sinks);
        const Observed kind = scores ? Observed::scores : Observed::weights;
        return {request.kind.value_or(kind), *matrices, part.heads, part.queries,
                source::is_in_file(inputs, request.observed, *matrices)};
    }
    const auto outputs = as_output(values, loaded, d_output, part);
    if (outputs && (!request.kind || wants_output)) {
        if (request.heads) fail("--head: an output is of all heads (--observed)");
        return {Observed::output, *outputs, {}, part.queries};
    }
    if (const auto mean = as_mean(values, loaded, part); mean && !wants_output) {
        warn(request.observed + " " + to_string(values.shape()) + ": read as the mean of " +
             std::to_string(loaded.heads) +
             " heads, as nn.MultiheadAttention gives it; of one head --head says which "
             "(--observed)");
        return {request.kind.value_or(are_scores(*mean) ? Observed::scores : Observed::weights),
                *mean,
                {},
                part.queries};
    }
    const Observed kind =
        request.kind.value_or(are_scores(values) ? Observed::scores : Observed::weights);
    const T nothing = kind == Observed::scores ? -std::numeric_limits<T>::infinity() : T{0};
    if (const auto largest = as_largest(values, part.of(cells), nothing);
        largest && !wants_output) {
        warn(request.observed + " " + to_string(values.shape()) + ": read as the " +
             std::to_string(values.shape().back()) + " largest of the " +
             std::to_string(loaded.keys) + " numbers of each row, as topk gives them (--observed)");
        return {kind, *largest, part.heads, part.queries};
    }
    const std::size_t rows = part.of(cells)[2];
    fail(request.observed, " ", to_string(values.shape()), ": expected weights or scores ",
         to_string(part.of(cells)), " or the output ", to_string({loaded.batch, rows, d_output}),
         " of layer ", layer, " (--observed)");
}

}  // namespace

Observation observe(const DiagnoseRequest& request, const source::ComputedInputs<double>& loaded,
                    std::size_t layer, io::Inputs& inputs, const Warn& warn) {
    const bool single = source::is_single_precision(inputs, request.observed);
    return single ? observe_as<float>(request, loaded, layer, inputs, warn)
                  : observe_as<double>(request, loaded, layer, inputs, warn);
}

bool holds_all_layers(const DiagnoseRequest& request, const source::ComputedInputs<double>& loaded,
                      io::Inputs& inputs) {
    if (loaded.layers.size() < 2) return false;
    const std::size_t layers =
        request.kind == Observed::output
            ? 0
            : source::layers_observed(inputs, {request.observed, request.axes},
                                      cells_held(request, loaded, inputs));
    if (layers > 0) return layers == loaded.layers.size();
    return are_outputs_of_all(inputs.load<float>(request.observed, io::NonFinite::allow), loaded);
}

}  // namespace attn::pipeline

#include "analysis/approx_layer.hpp"

#include <algorithm>
#include <array>

#include "analysis/exact_rows.hpp"
#include "attention/approx/masks.hpp"
#include "attention/project_heads.hpp"
#include "attention/query_offset.hpp"
#include "attention/restricts.hpp"
#include "core/byte_text.hpp"
#include "core/parallel.hpp"

namespace attn::analysis {
namespace {

// [tokens, width] in float64.
template <class T>
Matrix<double> widened(MatrixView<const T> from) {
    Matrix<double> matrix(from.rows, from.columns);
    for (std::size_t row = 0; row < from.rows; ++row) {
        const Span<const T> values = from.row(row);
        std::copy(values.begin(), values.end(), matrix.row(row).begin());
    }
    return matrix;
}

// Whether scores are scale * q k and nothing else, where they are not masked.
template <class T>
bool has_plain_scores(const LayerTask<T>& task, const MaskOptions<T>& options) {
    return !task.inputs.softcap && options.bias.empty() && options.added.empty() &&
           options.alibi.empty() && options.relative.empty();
}

// The largest size that any rank has: a rank without heads has nothing.
std::array<std::size_t, 2> largest(const Communicator& ranks, std::array<std::size_t, 2> size) {
    ByteWriter own;
    own.put(size);
    for (const std::string& bytes : ranks.gather_all(own.bytes())) {
        std::array<std::size_t, 2> other{};
        ByteReader(bytes).take(other);
        for (std::size_t i = 0; i < size.size(); ++i) size[i] = std::max(size[i], other[i]);
    }
    return size;
}

}  // namespace

approx::Options ApproxMethod::options_of(std::size_t layer, std::size_t sequence,
                                         std::size_t head) const {
    approx::Options own = options();
    if (!budgets) return own;
    const auto found = budgets->find({layer, sequence, head});
    if (found != budgets->end()) own.set(row().budget, found->second);
    return own;
}

template <class T>
ApproxLayer<T>::ApproxLayer(const std::vector<ApproxMethod>& methods, const LayerShape& shape,
                            const LayerInputs<T>& inputs, const AttentionOptions<T>& options,
                            const ProjectionInputs<T>* projections, const Division& division)
    : methods_(methods),
      shape_(shape),
      inputs_(inputs),
      options_(options),
      projections_(projections),
      division_(division),
      ready_(shape.slots() * methods.size()),
      changed_(methods.size()) {
    for (std::size_t sequence = 0; sequence < shape.sequences; ++sequence) {
        for (std::size_t head = 0; head < shape.heads; ++head)
            rows_.push_back(
                inputs.task ? computed_rows(*inputs.task, sequence, head)
                            : stored_rows(inputs.stored(sequence, head), *inputs.mask, sequence));
    }
    parallel_for(shape.sequences * shape.heads, [&](std::size_t item) {
        const std::size_t sequence = item / shape_.heads, head = item % shape_.heads;
        if (is_ready_here(sequence, head)) make_ready(sequence, head);
    });
    for (std::size_t method = 0; method < methods.size(); ++method) {
        if (methods[method].row().inputs) put_together(method);
        if (methods[method].row().projection) project_anew(method);
    }
}

template <class T>
ApproxLayer<T>::~ApproxLayer() = default;

template <class T>
approx::Sizes ApproxLayer<T>::sizes(std::size_t sequence) const {
    approx::Sizes sizes;
    sizes.queries = shape_.queries;
    sizes.keys = shape_.keys;
    sizes.offset = offset_of(options_.mask.structure.offsets, sequence);
    if (inputs_.task) {
        sizes.d_head = inputs_.task->inputs.q.width;
        sizes.d_value = inputs_.task->inputs.v.width;
    }
    return sizes;
}

template <class T>
std::unique_ptr<HeldHead> ApproxLayer<T>::hold(std::size_t sequence, std::size_t head) const {
    auto held = std::make_unique<HeldHead>();
    approx::HeadInput& input = held->input;
    input.layer = shape_.layer;
    input.head = shape_.number_of(head);
    input.sizes = sizes(sequence);
    input.causal = causal();
    input.masked = restricts(options_.mask.structure) || inputs_.mask->blocks_cells();
    const auto row_of = [&](std::size_t other) {
        return rows_[sequence * shape_.heads + other].get();
    };
    input.exact = row_of(head);
    input.group = {input.exact};
    if (!inputs_.task) return held;
    const AttentionInputs<T>& from = inputs_.task->inputs;
    const auto kv = [&](std::size_t query_head) {
        return kv_head_of(query_head, from.q.heads, from.k.heads, from.kv_order);
    };
    input.scale = static_cast<double>(from.scale);
    input.plain_scores = has_plain_scores(*inputs_.task, options_.mask);
    held->q = widened(from.q.head(sequence, head));
    held->k = widened(from.k.head(sequence, kv(head)));
    held->v = widened(from.v.head(sequence, kv(head)));
    input.q = held->q.view();
    input.k = held->k.view();
    input.v = held->v.view();
    input.group.clear();
    for (std::size_t other = 0; other < shape_.heads; ++other) {
        if (kv(other) == kv(head)) input.group.push_back(row_of(other));
    }
    return held;
}

template <class T>
std::unique_ptr<approx::ExactRows> ApproxLayer<T>::recompute(
    std::size_t sequence, std::size_t head, const HeldHead& held,
    const approx::ChangedInputs& changed) const {
    if (!inputs_.task) return nullptr;
    const auto narrowed = [](const Matrix<double>& own, const Matrix<double>& other) {
        const Matrix<double>& from = other.empty() ? own : other;
        std::vector<T> values(from.values.size());
        for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<T>(from.values[i]);
        return Array<T>({from.rows, from.columns}, std::move(values));
    };
    return changed_rows(*inputs_.task, sequence, head, narrowed(held.q, changed.q),
                        narrowed(held.k, changed.k), narrowed(held.v, changed.v));
}

template <class T>
void ApproxLayer<T>::make_ready(std::size_t sequence, std::size_t head) {
    const std::unique_ptr<HeldHead> held = hold(sequence, head);
    const approx::HeadInput& input = held->input;
    for (std::size_t i = 0; i < methods_.size(); ++i) {
        ReadyMethod& ready = ready_[shape_.slot(sequence, head) * methods_.size() + i];
        const ApproxMethod& method = methods_[i];
        const approx::MethodRow& row = method.row();
        const approx::Options options = method.options_of(input.layer, sequence, input.head);
        if (row.kept_keys && method.parts.size() > 1) {
            std::vector<std::unique_ptr<approx::KeptKeys>> masks;
            for (const ApproxMethod::Part& part : method.parts)
                masks.push_back(part.row->kept_keys(part.options, input));
            ready.kept = approx::either_of(std::move(masks));
        } else if (row.kept_keys) {
            ready.kept = row.kept_keys(options, input);
        } else if (row.factors) {
            ready.factors = row.factors(options, input);
        } else if (row.inputs) {
            ready.changed = row.inputs(options, input);
            if (ready.changed->q.empty()) ready.changed->q = held->q;
            if (ready.changed->k.empty()) ready.changed->k = held->k;
            if (ready.changed->v.empty()) ready.changed->v = held->v;
        }
    }
}

// The inputs of all query heads side by side; heads that are not made ready here are 0.
template <class T>
Heads<T> ApproxLayer<T>::joined(std::size_t method,
                                Matrix<double> approx::ChangedInputs::*matrix) const {
    const auto one_of = [&](std::size_t sequence, std::size_t head) -> const Matrix<double>& {
        return *ready(shape_.slot(sequence, head), method).changed.*matrix;
    };
    const std::size_t items = shape_.sequences * shape_.heads;
    const auto for_ready = [&](const auto& visit) {
        for (std::size_t item = 0; item < items; ++item) {
            const std::size_t sequence = item / shape_.heads, head = item % shape_.heads;
            if (is_ready_here(sequence, head)) visit(item, one_of(sequence, head));
        }
    };
    std::array<std::size_t, 2> size{};  // rows, columns
    for_ready([&](std::size_t, const Matrix<double>& one) {
        size = {one.rows, std::max(size[1], one.columns)};
    });
    size = largest(division_.ranks, size);
    const auto [rows, columns] = size;
    std::vector<T> values(items * rows * columns);
    for_ready([&](std::size_t item, const Matrix<double>& one) {
        for (std::size_t row = 0; row < one.rows; ++row) {
            T* const to = values.data() + (item * size[0] + row) * size[1];
            for (std::size_t column = 0; column < one.columns; ++column)
                to[column] = static_cast<T>(one.at(row, column));
        }
    });
    return make_separate_heads(
        Array<T>({shape_.sequences, shape_.heads, rows, columns}, std::move(values)));
}

template <class T>
void ApproxLayer<T>::put_together(std::size_t method) {
    auto layer = std::make_unique<ChangedLayer<T>>();
    layer->heads = {joined(method, &approx::ChangedInputs::q),
                    joined(method, &approx::ChangedInputs::k),
                    joined(method, &approx::ChangedInputs::v), Array<T>()};
    for (std::size_t slot = 0; slot < shape_.slots(); ++slot)
        ready_[slot * methods_.size() + method].changed.reset();
    start(*layer);
    changed_[method] = std::move(layer);
}

template <class T>
void ApproxLayer<T>::project_anew(std::size_t method) {
    auto layer = std::make_unique<ChangedLayer<T>>();
    ProjectionWeights<T> weights = *projections_->weights;
    for (Array<T> ProjectionWeights<T>::*matrix :
         {&ProjectionWeights<T>::W_Q, &ProjectionWeights<T>::W_K, &ProjectionWeights<T>::W_V}) {
        const bool turned = weights.order == MatrixOrder::out_in;
        const Array<T> own = turned ? transposed(weights.*matrix) : weights.*matrix;
        Matrix<double> changed = widened(own.matrix());
        methods_[method].row().projection(methods_[method].options(), changed);
        std::vector<T> values(changed.values.size());
        for (std::size_t i = 0; i < values.size(); ++i)
            values[i] = static_cast<T>(changed.values[i]);
        const Array<T> array(own.shape(), std::move(values));
        weights.*matrix = turned ? transposed(array) : array;
    }
    const LayerResult<T> projected =
        project_heads(*projections_->x, *projections_->context, weights, division_.ranks);
    layer->heads = place_heads(projected.q, projected.k, projected.v, options_);
    start(*layer);
    changed_[method] = std::move(layer);
}

template <class T>
void ApproxLayer<T>::start(ChangedLayer<T>& layer) const {
    layer.inputs = inputs_.task->inputs;
    layer.inputs.q = layer.heads.q.view;
    layer.inputs.k = layer.heads.k.view;
    layer.inputs.v = layer.heads.v.view;
    layer.packed = std::make_unique<PackedHeads<T>>(layer.inputs.k, layer.inputs.v);
    layer.task = std::make_unique<LayerTask<T>>(LayerTask<T>{
        layer.inputs, *layer.packed, inputs_.task->mask, inputs_.task->shape, false, false});
}

template class ApproxLayer<float>;
template class ApproxLayer<double>;

}  // namespace attn::analysis

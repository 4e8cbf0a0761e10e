#include "analysis/implied_sink.hpp"

#include <algorithm>

#include "analysis/exact_rows.hpp"
#include "attention/approx/decompositions.hpp"

namespace attn::analysis {

template <class T>
struct ImpliedSink<T>::Matrices {
    Matrix<double> exact, implied;
    std::vector<std::uint8_t> allowed, kept;
};

template <class T>
ImpliedSink<T>::ImpliedSink(std::vector<ApproxMethod> methods,
                            std::function<void(const ImpliedHead&)> take, Array<T> values)
    : methods_(std::move(methods)), take_(std::move(take)), values_(std::move(values)) {}

template <class T>
ImpliedSink<T>::~ImpliedSink() = default;

template <class T>
void ImpliedSink<T>::begin_projections(const ProjectionInputs<T>& projections) {
    projections_ = projections;
}

template <class T>
void ImpliedSink<T>::begin_layer(const LayerShape& shape) {
    shape_ = shape;
    layer_ = std::make_unique<ApproxLayer<T>>(methods_, shape_, inputs_, options_,
                                              projections_ ? &*projections_ : nullptr, division_);
}

template <class T>
void ImpliedSink<T>::end_head(std::size_t sequence, std::size_t head) {
    const std::unique_ptr<HeldHead> held = layer_->hold(sequence, head);
    Matrices matrices;
    matrices.exact = Matrix<double>(shape_.queries, shape_.keys);
    matrices.allowed.assign(shape_.queries * shape_.keys, 0);
    held->input.exact->visit(0, shape_.queries, [&](const approx::ExactRows::Row& row) {
        std::copy(row.weights.begin(), row.weights.end(), matrices.exact.row(row.query).begin());
        for (std::size_t key = row.allowed.begin; key < row.allowed.end; ++key)
            matrices.allowed[row.query * shape_.keys + key] = row.may_attend(key);
    });
    for (std::size_t method = 0; method < methods_.size(); ++method) {
        matrices.implied = Matrix<double>(shape_.queries, shape_.keys);
        matrices.kept = matrices.allowed;
        if (!imply(sequence, head, method, held->input, matrices)) continue;
        const Matrix<double> context = context_of(sequence, head, method, matrices.implied, *held);
        take_({shape_.layer, sequence, shape_.number_of(head), method, matrices.exact.view(),
               matrices.implied.view(), context.view(), methods_[method].row().kept_keys != nullptr,
               matrices.allowed, matrices.kept});
    }
}

// The implied weights times the values, which are the method's own where it changes them.
template <class T>
Matrix<double> ImpliedSink<T>::context_of(std::size_t sequence, std::size_t head,
                                          std::size_t method, const Matrix<double>& implied,
                                          const HeldHead& held) const {
    const auto times = [&](MatrixView<const T> values) {
        Matrix<double> wide(values.rows, values.columns);
        for (std::size_t row = 0; row < values.rows; ++row)
            std::copy(values.row(row).begin(), values.row(row).end(), wide.row(row).begin());
        return approx::product(implied.view(), wide.view());
    };
    if (const ChangedLayer<T>* const changed = layer_->changed(method)) {
        const AttentionInputs<T>& from = changed->inputs;
        return times(
            from.v.head(sequence, kv_head_of(head, from.q.heads, from.v.heads, from.kv_order)));
    }
    if (!values_.empty()) return times(values_.slice(sequence).slice(head).matrix());
    return held.v.empty() ? Matrix<double>() : approx::product(implied.view(), held.v.view());
}

// Whether there is something to see.
template <class T>
bool ImpliedSink<T>::imply(std::size_t sequence, std::size_t head, std::size_t method,
                           const approx::HeadInput& input, Matrices& to) const {
    if (!methods_[method].row().implies_weights()) return false;
    const ReadyMethod& ready = layer_->ready(shape_.slot(sequence, head), method);
    if (ready.kept) {
        std::fill(to.kept.begin(), to.kept.end(), std::uint8_t{0});
        input.exact->visit(0, shape_.queries, [&](const approx::ExactRows::Row& row) {
            if (row.query < ready.kept->first_measured()) return;
            const KeyRange range = ready.kept->range(row.query, row.allowed);
            std::uint8_t* const keep = to.kept.data() + row.query * shape_.keys + range.begin;
            ready.kept->keep(row, range, keep);
            double sum = row.missing;
            const Span<double> implied = to.implied.row(row.query);
            for (std::size_t key = range.begin; key < range.end; ++key) {
                std::uint8_t& own = keep[key - range.begin];
                if (!row.may_attend(key)) own = 0;
                if (!own) continue;
                implied[key] = row.weights[key];
                if (ready.kept->is_soft()) implied[key] *= ready.kept->factor(row.query, key);
                sum += implied[key];
            }
            for (double& weight : implied) weight = sum > 0 ? weight / sum : 0;
        });
        return true;
    }
    if (ready.factors) {
        to.implied = approx::product(ready.factors->left.view(), ready.factors->right.view());
        for (std::size_t query = 0; query < shape_.queries; ++query) {
            const Span<double> row = to.implied.row(query);
            double sum = 0;
            for (std::size_t key = 0; key < row.size(); ++key) {
                if (ready.factors->masked && !to.allowed[query * shape_.keys + key]) row[key] = 0;
                sum += row[key];
            }
            if (!ready.factors->normalised) continue;
            for (double& weight : row) weight = sum != 0 ? weight / sum : 0;
        }
        return true;
    }
    const ChangedLayer<T>* const changed = layer_->changed(method);
    if (!changed) return false;
    computed_rows(*changed->task, sequence, head)
        ->visit(0, shape_.queries, [&](const approx::ExactRows::Row& row) {
            std::copy(row.weights.begin(), row.weights.end(), to.implied.row(row.query).begin());
        });
    return true;
}

template <class T>
void ImpliedSink<T>::end_layer(const LayerOutputs<T>&) {
    layer_.reset();
    projections_.reset();
}

template class ImpliedSink<float>;
template class ImpliedSink<double>;

}  // namespace attn::analysis

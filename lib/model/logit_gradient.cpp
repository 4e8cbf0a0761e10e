#include "model/logit_gradient.hpp"

#include <algorithm>

#include "attention/normalisation_backward.hpp"
#include "core/error.hpp"
#include "core/word_list.hpp"
#include "model/embedding.hpp"
#include "model/layer_weights.hpp"

namespace attn::model {
namespace {

// Token `token` of every sequence, [batch, 1, d_model].
template <class T>
Array<T> rows_of_token(const Array<T>& x, std::size_t token) {
    const std::size_t width = x.extent(2);
    std::vector<T> rows;
    for (std::size_t sequence = 0; sequence < x.extent(0); ++sequence) {
        const T* from = x.data() + (sequence * x.extent(1) + token) * width;
        rows.insert(rows.end(), from, from + width);
    }
    return Array<T>({x.extent(0), 1, width}, std::move(rows));
}

}  // namespace

template <class T>
Array<T> logit_gradient(io::Inputs& inputs, const WeightBundle& bundle, const Array<T>& x,
                        const LogitPlace& place, io::NonFinite non_finite) {
    const std::size_t width = x.extent(2);
    const LogitMatrix<T> head = load_logit_matrix<T>(inputs, bundle, width, non_finite);
    const std::size_t vocabulary = output_width(head.W, head.order);
    if (place.entry >= vocabulary)
        fail(place.flag, ": the vocabulary has ", counted(vocabulary, "entry"), ", counted from 0");
    const Norm<T> norm =
        load_norm<T>(inputs, bundle, bundle.model, "final_norm", width, non_finite);
    const Array<T> rows = rows_of_token(x, place.token);
    std::vector<T> d(rows.size());
    const Array<T> logits = logits_of(head, normalise(rows, norm));
    for (std::size_t sequence = 0; sequence < rows.extent(0); ++sequence) {
        T slope{1};
        if (head.softcap) {
            const T share = logits.data()[sequence * vocabulary + place.entry] / *head.softcap;
            slope = (T{1} - share) * (T{1} + share);
        }
        for (std::size_t i = 0; i < width; ++i) {
            d[sequence * width + i] =
                slope *
                head.W.data()[head.order == MatrixOrder::out_in ? place.entry * width + i
                                                                : i * vocabulary + place.entry];
        }
    }
    const Array<T> d_rows = normalise_backward(rows, norm, Array<T>(rows.shape(), std::move(d))).x;
    std::vector<T> all(x.size());
    for (std::size_t sequence = 0; sequence < x.extent(0); ++sequence)
        std::copy_n(d_rows.data() + sequence * width, width,
                    all.data() + (sequence * x.extent(1) + place.token) * width);
    return Array<T>(x.shape(), std::move(all));
}

template Array<float> logit_gradient(io::Inputs&, const WeightBundle&, const Array<float>&,
                                     const LogitPlace&, io::NonFinite);
template Array<double> logit_gradient(io::Inputs&, const WeightBundle&, const Array<double>&,
                                      const LogitPlace&, io::NonFinite);

}  // namespace attn::model

#include "attention/project_heads.hpp"

#include "attention/divided_rows.hpp"

namespace attn {

template <class T>
LayerResult<T> project_heads(const Array<T>& x, const Array<T>& context, ProjectionWeights<T> w,
                             const Communicator& ranks) {
    const auto make = [&](const Array<T>& from, const Array<T>& W, const Array<T>& b,
                          std::size_t heads, const Norm<T>& norm) {
        const std::size_t rows = from.extent(0) * from.extent(1);
        const Array<T> all = divide_rows<T>(ranks, rows, [&](std::size_t first, std::size_t count) {
            return normalise_heads(project(some_rows_of(from, first, count), W, b, w.order), heads,
                                   norm);
        });
        return make_packed_heads(all.reshaped({from.extent(0), from.extent(1), all.extent(1)}),
                                 heads);
    };
    LayerResult<T> result;
    result.q = make(x, w.W_Q, w.b_Q, w.heads, w.q_norm);
    w.W_Q = {};
    result.k = make(context, w.W_K, w.b_K, w.kv_heads, w.k_norm);
    w.W_K = {};
    result.v = make(context, w.W_V, w.b_V, w.kv_heads, {});
    return result;
}

template LayerResult<float> project_heads(const Array<float>&, const Array<float>&,
                                          ProjectionWeights<float>, const Communicator&);
template LayerResult<double> project_heads(const Array<double>&, const Array<double>&,
                                           ProjectionWeights<double>, const Communicator&);

}  // namespace attn

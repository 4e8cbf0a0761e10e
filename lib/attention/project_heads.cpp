#include "attention/project_heads.hpp"

namespace attn {

template <class T>
LayerResult<T> project_heads(const Array<T>& x, const Array<T>& context,
                             const ProjectionWeights<T>& w) {
    return {make_packed_heads(normalise_heads(project(x, w.W_Q, w.b_Q, w.order), w.heads, w.q_norm),
                              w.heads),
            make_packed_heads(
                normalise_heads(project(context, w.W_K, w.b_K, w.order), w.kv_heads, w.k_norm),
                w.kv_heads),
            make_packed_heads(project(context, w.W_V, w.b_V, w.order), w.kv_heads),
            {}};
}

template LayerResult<float> project_heads(const Array<float>&, const Array<float>&,
                                          const ProjectionWeights<float>&);
template LayerResult<double> project_heads(const Array<double>&, const Array<double>&,
                                           const ProjectionWeights<double>&);

}  // namespace attn

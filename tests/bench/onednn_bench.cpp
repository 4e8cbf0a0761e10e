// Times attention as oneDNN computes it, a product, softmax and a product with the weights kept, on
// all threads. Its contexts must be ours before any time counts.
// usage: attn-bench-onednn HEADS TOKENS D_HEAD ROUNDS      prints the seconds of each round
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <oneapi/dnnl/dnnl.hpp>
#include <vector>

#include "attention/engine.hpp"
#include "support/arrays.hpp"

namespace {

using Tensor = dnnl::memory;
using Layout = dnnl::memory::desc;

constexpr float kScale = 0.125F;

// [heads, tokens, d_head] of [1, tokens, heads * d_head]: each head for itself, as oneDNN likes it.
std::vector<float> head_by_head(const attn::Array<float>& packed, std::size_t heads) {
    const attn::HeadsView<float> view = attn::packed_heads(packed, heads);
    std::vector<float> values;
    values.reserve(packed.size());
    for (std::size_t head = 0; head < heads; ++head) {
        const auto matrix = view.head(0, head);
        for (std::size_t row = 0; row < matrix.rows; ++row)
            values.insert(values.end(), matrix.row(row).begin(), matrix.row(row).end());
    }
    return values;
}

class ByOneDnn {
  public:
    ByOneDnn(std::vector<float> q, std::vector<float> k, std::vector<float> v, std::size_t heads,
             std::size_t tokens, std::size_t width)
        : q_(std::move(q)), k_(std::move(k)), v_(std::move(v)) {
        const auto h = static_cast<dnnl::memory::dim>(heads);
        const auto n = static_cast<dnnl::memory::dim>(tokens);
        const auto d = static_cast<dnnl::memory::dim>(width);
        weights_.resize(heads * tokens * tokens);
        contexts_.resize(heads * tokens * width);
        const auto kind = Tensor::data_type::f32;
        const Layout rows({h, n, d}, kind, Tensor::format_tag::abc);
        const Layout turned({h, d, n}, kind, Tensor::format_tag::acb);
        const Layout square({h, n, n}, kind, Tensor::format_tag::abc);
        dnnl::primitive_attr scaled;
        scaled.set_output_scales(0, {kScale});
        scores_ = dnnl::matmul({{rows, turned, square}, scaled, engine_});
        softmax_ =
            dnnl::softmax_forward({{dnnl::prop_kind::forward_inference, square, 2}, engine_});
        product_ = dnnl::matmul({{square, rows, rows}, engine_});
        q_at_ = Tensor(rows, engine_, q_.data());
        k_at_ = Tensor(turned, engine_, k_.data());
        v_at_ = Tensor(rows, engine_, v_.data());
        weights_at_ = Tensor(square, engine_, weights_.data());
        contexts_at_ = Tensor(rows, engine_, contexts_.data());
    }

    void compute() {
        scores_.execute(
            stream_,
            {{DNNL_ARG_SRC, q_at_}, {DNNL_ARG_WEIGHTS, k_at_}, {DNNL_ARG_DST, weights_at_}});
        softmax_.execute(stream_, {{DNNL_ARG_SRC, weights_at_}, {DNNL_ARG_DST, weights_at_}});
        product_.execute(
            stream_,
            {{DNNL_ARG_SRC, weights_at_}, {DNNL_ARG_WEIGHTS, v_at_}, {DNNL_ARG_DST, contexts_at_}});
        stream_.wait();
    }

    const std::vector<float>& contexts() const { return contexts_; }

  private:
    std::vector<float> q_, k_, v_, weights_, contexts_;
    dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
    dnnl::stream stream_{engine_};
    dnnl::matmul scores_, product_;
    dnnl::softmax_forward softmax_;
    Tensor q_at_, k_at_, v_at_, weights_at_, contexts_at_;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc != 5) return 2;
    const auto argument = [&](int i) { return static_cast<std::size_t>(std::atol(argv[i])); };
    const std::size_t heads = argument(1), tokens = argument(2), width = argument(3);
    const auto q = attn::test::random_array<float>({1, tokens, heads * width}, 1);
    const auto k = attn::test::random_array<float>({1, tokens, heads * width}, 2);
    const auto v = attn::test::random_array<float>({1, tokens, heads * width}, 3);
    attn::AttentionInputs<float> inputs;
    inputs.q = attn::packed_heads(q, heads);
    inputs.k = attn::packed_heads(k, heads);
    inputs.v = attn::packed_heads(v, heads);
    inputs.scale = kScale;
    const attn::Array<float> ours = attn::attend(inputs, attn::Mask<float>({}, tokens), {});

    ByOneDnn peer(head_by_head(q, heads), head_by_head(k, heads), head_by_head(v, heads), heads,
                  tokens, width);
    for (std::size_t round = 0; round < argument(4); ++round) {
        const auto start = std::chrono::steady_clock::now();
        peer.compute();
        const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
        std::printf("%.6f\n", time.count());
    }
    const std::vector<float> expected = head_by_head(ours, heads);
    float worst = 0;
    for (std::size_t i = 0; i < expected.size(); ++i)
        worst = std::max(worst, std::abs(expected[i] - peer.contexts()[i]));
    if (worst < 1e-4F) return 0;
    std::fprintf(stderr, "attn-bench-onednn: contexts differ by %g\n", static_cast<double>(worst));
    return 1;
}

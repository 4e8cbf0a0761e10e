// Google Benchmark of the inner loops: GF/s of the products, numbers a second of the row loops,
// bytes a second, read and written, of the conversions.
#include <benchmark/benchmark.h>

#include <vector>

#include "core/aligned_buffer.hpp"
#include "core/parallel.hpp"
#include "io/decode.hpp"
#include "io/stored_array.hpp"
#include "kernels/kernels.hpp"

namespace {

constexpr std::size_t kRows = 60;

// c [rows, width] from a [rows, depth] and a panel [depth, width]: depth 64 is scores, 1024
// contexts.
template <bool Add>
void panel(benchmark::State& state) {
    const attn::Kernels<float>& kernels = attn::kernels<float>();
    const auto depth = static_cast<std::size_t>(state.range(0));
    const std::size_t width = kernels.panel_width;
    std::vector<float> a(kRows * depth, 0.5F);
    std::vector<float> c(kRows * width);
    const attn::AlignedBuffer<float> values(depth * width);
    std::fill(values.data(), values.data() + depth * width, 0.5F);
    const attn::PanelProduct<float> product{a.data(), depth,    kRows, values.data(), width,
                                            depth,    c.data(), width, 0.125F};
    for (auto _ : state) {
        Add ? kernels.add_product(product) : kernels.multiply(product);
        benchmark::ClobberMemory();
    }
    state.counters["flops"] = benchmark::Counter(
        static_cast<double>(state.iterations()) * static_cast<double>(2 * kRows * depth * width),
        benchmark::Counter::kIsRate);
    state.SetLabel(kernels.instruction_set);
}
BENCHMARK_TEMPLATE(panel, false)->Arg(64)->Arg(128);
BENCHMARK_TEMPLATE(panel, true)->Arg(128)->Arg(1024);

template <class Action>
void row(benchmark::State& state, const Action& action) {
    std::vector<float> scores(static_cast<std::size_t>(state.range(0)), -1.5F);
    for (auto _ : state) {
        action(scores.data(), scores.size());
        benchmark::ClobberMemory();
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
}

void largest(benchmark::State& state) {
    row(state, [](float* scores, std::size_t size) {
        benchmark::DoNotOptimize(attn::kernels<float>().largest(scores, size));
    });
}
BENCHMARK(largest)->Arg(1024);

void exponentiate(benchmark::State& state) {
    row(state, [](float* scores, std::size_t size) {
        benchmark::DoNotOptimize(attn::kernels<float>().exponentiate(scores, size, 0.5F));
    });
}
BENCHMARK(exponentiate)->Arg(1024);

void exponentiate_only(benchmark::State& state) {
    row(state, [](float* scores, std::size_t size) {
        benchmark::DoNotOptimize(attn::kernels<float>().exponentiate_only(scores, size, 0.5F));
    });
}
BENCHMARK(exponentiate_only)->Arg(1024);

void scale(benchmark::State& state) {
    row(state,
        [](float* scores, std::size_t size) { attn::kernels<float>().scale(scores, size, 1.0F); });
}
BENCHMARK(scale)->Arg(1024);

// One piece of an array, in the cache.
template <attn::DType dtype>
void decode(benchmark::State& state) {
    const auto count = static_cast<std::size_t>(state.range(0));
    const std::vector<std::byte> stored(count * size_of(dtype), std::byte{0x31});
    std::vector<float> values(count);
    for (auto _ : state) {
        attn::io::decode(dtype, false, stored.data(), count, values.data());
        benchmark::ClobberMemory();
    }
    state.SetBytesProcessed(state.iterations() * state.range(0) *
                            static_cast<std::int64_t>(size_of(dtype) + sizeof(float)));
}
BENCHMARK_TEMPLATE(decode, attn::DType::bfloat16)->Arg(1 << 16);
BENCHMARK_TEMPLATE(decode, attn::DType::float16)->Arg(1 << 16);
BENCHMARK_TEMPLATE(decode, attn::DType::float64)->Arg(1 << 16);

// A whole array, checked for NaN, into new memory, on one thread.
template <attn::DType dtype>
void convert(benchmark::State& state) {
    const attn::ThreadLimit one_thread(1);
    const auto count = static_cast<std::size_t>(state.range(0));
    const std::vector<std::byte> stored(count * size_of(dtype), std::byte{0x31});
    attn::io::StoredArray array;
    array.name = "bench";
    array.dtype = dtype;
    array.shape = {count};
    array.bytes = stored;
    for (auto _ : state) {
        benchmark::DoNotOptimize(
            attn::io::convert<float>(array, attn::io::NonFinite::refuse).data());
    }
    state.SetBytesProcessed(state.iterations() * state.range(0) *
                            static_cast<std::int64_t>(size_of(dtype) + sizeof(float)));
}
BENCHMARK_TEMPLATE(convert, attn::DType::bfloat16)->Arg(1 << 24);
BENCHMARK_TEMPLATE(convert, attn::DType::float16)->Arg(1 << 24);
BENCHMARK_TEMPLATE(convert, attn::DType::float64)->Arg(1 << 24);

}  // namespace

BENCHMARK_MAIN();

// Random numbers by counter: any of them is available without those before it, on any thread, and
// the same everywhere. Philox4x64-10 (Salmon et al. 2011), bit for bit that of numpy.random.Philox.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace attn::approx {

// What random numbers are for; each purpose has streams of its own.
enum class Purpose : std::uint64_t {
    performer_directions = 1,
    performer_norms = 2,
    linformer_keys = 3,
    linformer_values = 4,
    hash_rotations = 5,
    random_blocks = 6,
    cluster_start = 7,
    hyper_samples = 8,
    recurrent_weights = 9,
    random_eviction = 10,
};

class RandomStream {
  public:
    RandomStream(std::uint64_t seed, std::uint64_t stream) : key_{seed, stream} {}
    // head: of the queries. The sequence of a batch is no part: a model has one projection.
    RandomStream(std::uint64_t seed, Purpose purpose, std::size_t head, std::size_t layer,
                 std::size_t round = 0);

    // Number i of np.random.Philox(key=[seed, stream]).random_raw().
    std::uint64_t word(std::uint64_t i) const;

    // `count` words from number `first` on.
    std::vector<std::uint64_t> words(std::uint64_t first, std::size_t count) const;

    // Standard normal numbers (Box and Muller 1958): number 2t and 2t + 1 from words of the same
    // numbers.
    std::vector<double> normals(std::size_t count) const;

    // A whole number below m from word i; m below 2^32.
    std::size_t index_below(std::uint64_t i, std::size_t m) const;

    // Candidates are numbers of words. Chooses the `count` with the smallest words, in the order of
    // these; ties by the lower candidate. All of them where there are fewer.
    std::vector<std::size_t> choose(std::vector<std::size_t> candidates, std::size_t count) const;

  private:
    std::array<std::uint64_t, 2> key_;
};

}  // namespace attn::approx

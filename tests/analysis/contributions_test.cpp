#include "analysis/contributions.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <random>

using namespace attn;
using namespace attn::analysis;

namespace {

// Two heads of two columns over three tokens, into a model of four.
struct Block {
    std::vector<std::vector<double>> weights{{1, 0, 0, 0.5, 0.5, 0, 0.2, 0.3, 0.5},
                                             {1, 0, 0, 0.9, 0.1, 0, 0.1, 0.1, 0.8}};
    std::vector<double> values, W_O, x, b_O;

    Block() {
        std::mt19937 random(7);
        std::normal_distribution<double> normal;
        const auto fill = [&](std::vector<double>& into, std::size_t count) {
            for (std::size_t i = 0; i < count; ++i) into.push_back(normal(random));
        };
        fill(values, 2 * 3 * 2);
        fill(W_O, 4 * 4);
        fill(x, 3 * 4);
        fill(b_O, 4);
    }

    LayerValues<double> layer(bool projected = true) const {
        LayerValues<double> layer;
        for (std::size_t head = 0; head < 2; ++head) {
            layer.weights.push_back({weights[head].data(), 3, 3});
            layer.values.push_back({values.data() + head * 6, 3, 2});
            layer.places.push_back(head);
        }
        layer.all_heads = 2;
        if (projected) layer.W_O = {W_O.data(), 4, 4};
        return layer;
    }

    Surroundings<double> around() const {
        Surroundings<double> around;
        around.x = {x.data(), 3, 4};
        around.b_O = b_O;
        return around;
    }

    // Σ_h A_ij^h v_j^h W_O^h, written out.
    std::vector<double> added(std::size_t query, std::size_t key) const {
        std::vector<double> vector(4);
        for (std::size_t head = 0; head < 2; ++head) {
            for (std::size_t column = 0; column < 2; ++column) {
                for (std::size_t i = 0; i < 4; ++i)
                    vector[i] += weights[head][query * 3 + key] *
                                 values[head * 6 + key * 2 + column] *
                                 W_O[(head * 2 + column) * 4 + i];
            }
        }
        return vector;
    }
};

double length(const std::vector<double>& vector) {
    double squares = 0;
    for (const double one : vector) squares += one * one;
    return std::sqrt(squares);
}

std::vector<Matrix<double>> given_of(const LayerValues<double>& layer) {
    return {given_vectors(layer, 0), given_vectors(layer, 1)};
}

}  // namespace

TEST_CASE("without W_O a value lies in its head's own columns, and keeps its length") {
    const Block world;
    const LayerValues<double> layer = world.layer(false);
    const Matrix<double> given = given_vectors(layer, 1);
    REQUIRE(given.columns == 4);
    for (std::size_t key = 0; key < 3; ++key) {
        CHECK(given.row(key)[0] == 0);
        CHECK(given.row(key)[2] == layer.values[1].row(key)[0]);
        CHECK(lengths<double>(given.view())[key] == Approx(lengths(layer.values[1])[key]));
    }
}

TEST_CASE("lengths of a whole layer by Gram matrices are those of the summed vectors") {
    const Block world;
    const LayerValues<double> layer = world.layer();
    const Matrix<double> found = layer_lengths(layer, given_of(layer));
    for (std::size_t query = 0; query < 3; ++query) {
        for (std::size_t key = 0; key < 3; ++key)
            CHECK(found.row(query)[key] == Approx(length(world.added(query, key))).margin(1e-12));
    }
}

TEST_CASE("shares of tokens sum to one, and follow the definition without a norm") {
    const Block world;
    const LayerValues<double> layer = world.layer();
    const auto tokens = token_contributions(layer, given_of(layer), world.around());
    for (std::size_t query = 0; query < 3; ++query) {
        std::vector<std::vector<double>> parts;
        std::vector<double> sum = world.b_O, others(4);
        for (std::size_t key = 0; key < 3; ++key) {
            parts.push_back(world.added(query, key));
            for (std::size_t i = 0; i < 4 && key == query; ++i)
                parts[key][i] += world.x[query * 4 + i];
            for (std::size_t i = 0; i < 4; ++i) {
                sum[i] += parts[key][i];
                if (key != query) others[i] += parts[key][i];
            }
        }
        std::vector<double> shares;
        double total = 0;
        for (const std::vector<double>& part : parts) {
            double whole = 0, rest = 0;
            for (std::size_t i = 0; i < 4; ++i) {
                whole += std::abs(sum[i]);
                rest += std::abs(sum[i] - part[i]);
            }
            shares.push_back(std::max(0.0, whole - rest));
            total += shares.back();
        }
        double found = 0;
        for (std::size_t key = 0; key < 3; ++key) {
            CHECK(tokens.shares.row(query)[key] == Approx(shares[key] / total).margin(1e-12));
            found += tokens.shares.row(query)[key];
        }
        CHECK(found == Approx(1));
        const double mixed = length(others), kept = length(parts[query]);
        CHECK(tokens.mixing_ratio[query] == Approx(mixed / (mixed + kept)).margin(1e-12));
    }
    CHECK(tokens.mixing_ratio[0] == 0);  // it sees nothing but itself
}

TEST_CASE("a norm behind the residual changes no share by its own scale") {
    const Block world;
    const LayerValues<double> layer = world.layer();
    Surroundings<double> around = world.around();
    around.after_sum.kind = NormKind::rms;
    const auto one = token_contributions(layer, given_of(layer), around);
    const auto plain = token_contributions(layer, given_of(layer), world.around());
    for (std::size_t cell = 0; cell < 9; ++cell)
        CHECK(one.shares.values[cell] == Approx(plain.shares.values[cell]).margin(1e-12));
}

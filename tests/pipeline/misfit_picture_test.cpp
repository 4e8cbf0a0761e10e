// Where the observation differs most, drawn: the head of the place, or an output.
#include "pipeline/misfit_picture.hpp"

#include <catch2/catch.hpp>

#include "support/picture.hpp"
#include "support/planted.hpp"

using namespace attn;
using namespace attn::analysis;
using namespace attn::test;
using pipeline::draw_misfit;

namespace {

// What is right, but for one number.
Observation off_at(const World& world, Observed kind, std::size_t cell, double value) {
    const Array<double> right = observe(world, {}, kind, Rounding::none);
    std::vector<double> values(right.data(), right.data() + right.size());
    values.at(cell) = value;
    return {kind, Array<double>(right.shape(), std::move(values))};
}

Observation right_of(const World& world, Observed kind) {
    return {kind, observe(world, {}, kind, Rounding::none)};
}

}  // namespace

TEST_CASE("a picture of a misfit is named after its layer, sequence and head") {
    const World world = decoder(5, 6);  // two sequences of four heads
    const Observation weights = right_of(world, Observed::weights);
    CHECK(draw_misfit(world.inputs(), weights, {1, 2, 0, 0}, 3).file == "layer03/seq01-head02.png");
    const Observation output = right_of(world, Observed::output);
    CHECK(draw_misfit(world.inputs(), output, {1, 4, 0}, 0).file == "layer00/seq01-output.png");
    const World one = capped(6, 6);
    CHECK(draw_misfit(one.inputs(), right_of(one, Observed::scores), {0, 1, 0, 0}, 12).file ==
          "layer12/head01.png");
}

TEST_CASE("the head of the place is drawn, and no other") {
    const World world = decoder(7, 6);
    const Shape place{1, 2, 5, 3};
    const std::size_t here = (1 * 4 + 2) * 36 + 5 * 6 + 3, other_head = here - 36,
                      other_sequence = here - 4 * 36;
    const auto draw = [&](const Observation& seen) {
        return draw_misfit(world.inputs(), seen, place, 0).png;
    };
    const std::string right = draw(right_of(world, Observed::weights));
    CHECK(draw(off_at(world, Observed::weights, here, 0.9)) != right);
    CHECK(draw(off_at(world, Observed::weights, other_head, 0.9)) == right);
    CHECK(draw(off_at(world, Observed::weights, other_sequence, 0.9)) == right);
}

TEST_CASE("of an output all columns of the sequence are drawn") {
    const World world = decoder(8, 6);  // [2, 6, 16]
    const auto draw = [&](const Observation& seen) {
        return draw_misfit(world.inputs(), seen, {0, 1, 2}, 0).png;
    };
    const std::string right = draw(right_of(world, Observed::output));
    CHECK(draw(off_at(world, Observed::output, 5 * 16 + 15, 40)) != right);
    CHECK(draw(off_at(world, Observed::output, 6 * 16, 40)) == right);
    const auto picture = decode_png(right);
    CHECK(picture.width() > picture.height());
}

TEST_CASE("masked scores look the same whatever number stands for them") {
    const World world = decoder(9, 6);
    const std::size_t masked = 3;  // of the first query
    const auto draw = [&](double value) {
        return draw_misfit(world.inputs(), off_at(world, Observed::scores, masked, value),
                           {0, 0, 0, 0}, 0)
            .png;
    };
    CHECK(draw(-1e4) == draw(-INFINITY));
    CHECK(draw(-1) != draw(-INFINITY));
}

TEST_CASE("of some rows those are held against the right ones of the same queries") {
    const World world = decoder(10, 6);
    const Array<double> all = observe(world, {}, Observed::weights, Rounding::none);
    const auto rows = [&](const std::vector<std::size_t>& of, std::vector<std::size_t> called) {
        std::vector<double> values;
        for (std::size_t head = 0; head < 8; ++head) {
            for (const std::size_t query : of) {
                const double* const row = all.data() + (head * 6 + query) * 6;
                values.insert(values.end(), row, row + 6);
            }
        }
        const Observation seen{Observed::weights,
                               Array<double>({2, 4, of.size(), 6}, std::move(values)),
                               {},
                               std::move(called)};
        return decode_png(draw_misfit(world.inputs(), seen, {0, 0, 0, 0}, 0).png);
    };
    // The ends of the colours of a difference: they are there where rows are held against others.
    const auto strong = [](const render::Image& picture) {
        std::size_t count = 0;
        for (std::size_t y = 0; y < picture.height(); ++y) {
            for (std::size_t x = picture.width() * 2 / 3; x < picture.width(); ++x) {
                const render::Color color = picture.at(x, y);
                count += color.red > color.blue + 100 || color.blue > color.red + 100 ? 1 : 0;
            }
        }
        return count;
    };
    CHECK(strong(rows({2, 5}, {2, 5})) < strong(rows({2, 5}, {0, 1})));
}

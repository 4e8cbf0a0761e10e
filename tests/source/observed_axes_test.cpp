#include "source/observed_axes.hpp"

#include <catch2/catch.hpp>

#include "support/arrays.hpp"
#include "support/npy_bytes.hpp"
#include "support/program.hpp"
#include "support/stored_layers.hpp"

using namespace attn;
using namespace attn::test;
using attn::source::load_observed;

namespace {

struct Loaded {
    Array<double> values;
    std::vector<std::string> warnings;
};

Loaded observe(const std::string& source, const std::string& axes, std::size_t layer,
               const Shape& cells) {
    io::Inputs inputs;
    Loaded loaded;
    loaded.values =
        load_observed<double>(inputs, {source, axes}, layer, cells,
                              [&](const std::string& text) { loaded.warnings.push_back(text); });
    return loaded;
}

std::vector<double> values_of(const Array<double>& array) {
    return {array.values().begin(), array.values().end()};
}

}  // namespace

TEST_CASE("a layer is taken out of arrays with any axes") {
    const TempFolder folder;
    const NamedArray array = random_layers({3, 2, 2, 4, 4});
    const Shape cells{2, 2, 4, 4};
    for (const auto& order : std::vector<std::vector<std::string>>{
             {"layers", "batch", "heads", "q", "k"}, {"batch", "k", "q", "layers", "heads"}}) {
        const NamedArray ordered = array.ordered(order);
        const std::string file = folder.write("a.npy", npy_of(ordered));
        const auto loaded = observe(file, ordered.axes_text(), 2, cells);
        CHECK(loaded.values.shape() == cells);
        CHECK(values_of(loaded.values) == array.element(2).values);
    }
    const std::string npz = folder.write("f.npz", npz_of({{"blocks.1.attn", array.element(1)},
                                                          {"blocks.2.attn", array.element(2)}}));
    CHECK(values_of(observe(npz, "", 2, cells).values) == array.element(2).values);
    CHECK_THROWS_WITH(observe(npz, "", 0, cells), Catch::Contains("has no such layer"));
}

TEST_CASE("the first of four axes is layers or batch, whichever fits") {
    const TempFolder folder;
    const NamedArray array = random_layers({1, 2, 2, 4, 4}).element(0);
    const std::string file = folder.write("a.npy", npy_of(array));
    CHECK(values_of(observe(file, "", 0, {2, 2, 4, 4}).values) == array.values);
    CHECK(values_of(observe(file, "", 1, {1, 2, 4, 4}).values) == array.element(1).values);
    CHECK(observe(file, "", 1, {1, 2, 4, 4}).warnings.empty());
    CHECK_THROWS_WITH(
        observe(file, "batch,heads,q,k", 1, {1, 2, 4, 4}),
        Catch::Contains("expected [batch, heads, q, k] [1, 2, 4, 4], found [2, 2, 4, 4]"));
}

TEST_CASE("what does not fit is handed on as it is") {
    const TempFolder folder;
    const std::string output = write_array(folder, "o.npy", {2, 3}, std::vector<double>(6, 1));
    CHECK(observe(output, "", 0, {1, 2, 4, 4}).values.shape() == Shape{2, 3});
}

TEST_CASE("diagnose reads all layers of another program, and names axes that do not fit") {
    const TempFolder folder;
    REQUIRE(run_program({"run", "-w", sample("model.json"), "--save", "weights", "--format", "npz",
                         "-o", folder / "out"})
                .exit_code == 0);
    const auto first = load(folder / "out/layer00/arrays.npz:weights"),
               second = load(folder / "out/layer01/arrays.npz:weights");
    NamedArray both{{"layers", "heads", "q", "k"}, first.shape(), values_of(first)};
    both.shape.insert(both.shape.begin(), 2);
    for (const double value : second.values()) both.values.push_back(value);
    const std::string file =
        folder.write("a.npy", npy_of(both.ordered({"k", "q", "layers", "heads"})));
    const std::vector<std::string> arguments{
        "diagnose", "-w", sample("model.json"), "--observed", file, "--layer", "1", "--axes"};
    const auto with = [&](const std::string& axes) {
        std::vector<std::string> all = arguments;
        all.push_back(axes);
        return run_program(all);
    };
    CHECK(with("k,q,layers,heads").exit_code == 0);
    CHECK(with("q,k,layers,heads").exit_code == 1);
    CHECK(with("q,k,batch,heads").exit_code == 2);
    CHECK_THAT(with("q,k,layers,head").err, Catch::Contains("did you mean heads?"));
}

TEST_CASE("values that need no change are those of the mapped file, and no others") {
    const TempFolder folder;
    std::vector<float> numbers(2 * 4 * 4);
    for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<float>(i);
    std::string header = npy_dictionary("<f4", "(2, 4, 4)");
    header.resize(117, ' ');  // as NumPy aligns the numbers
    const std::string path = folder.write("w.npy", npy_bytes(header, bytes_of(numbers)));
    io::Inputs inputs;
    const auto load = [&](auto type, const std::string& axes, const Shape& cells) {
        return load_observed<decltype(type)>(inputs, {path, axes}, 0, cells, {});
    };
    CHECK(source::is_in_file(inputs, path, load(float{}, "", {1, 2, 4, 4})));
    CHECK(source::is_in_file(inputs, path, load(float{}, "", {1, 2, 4, 4}).reshaped({32})));
    CHECK_FALSE(source::is_in_file(inputs, path, load(double{}, "", {1, 2, 4, 4})));
    CHECK_FALSE(source::is_in_file(inputs, path, load(float{}, "q,heads,k", {1, 4, 2, 4})));
    CHECK_FALSE(source::is_in_file(inputs, path, Array<float>({2, 4, 4}, numbers)));
}

TEST_CASE("layers of which none has the cells that are wanted are refused") {
    const TempFolder folder;
    const NamedArray array = random_layers({2, 1, 2, 4, 4});
    const std::string file =
        folder.write("a.npz", npz_of({{"layer0", array.element(0)}, {"layer1", array.element(1)}}));
    CHECK_THROWS_WITH(observe(file, "", 0, {1, 2, 5, 5}),
                      Catch::Contains("expected [batch, heads, q, k] [1, 2, 5, 5]; --axes names"));
}

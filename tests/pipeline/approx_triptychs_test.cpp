// Who gets pictures of single heads from approx, and how many there are.
#include "pipeline/approx_triptychs.hpp"

#include <catch2/catch.hpp>
#include <filesystem>

#include "attention/layer.hpp"
#include "support/arrays.hpp"
#include "support/picture.hpp"
#include "support/temp_folder.hpp"

using namespace attn;
using namespace attn::pipeline;
using namespace attn::test;

namespace {

constexpr std::size_t kTokens = 8;

ChosenMethods methods_of(const std::string& names, std::size_t seeds = 1) {
    ApproxChoice choice;
    choice.methods = names;
    choice.seeds = seeds;
    ApproxSurroundings around;
    around.sizes = {kTokens, kTokens, 4, 4, 0};
    around.is.cells = kTokens * kTokens;
    return ChosenMethods(choice, around, nullptr);
}

// What a folder would hold, and what the user is told.
struct Drawn {
    TempFolder temp;
    std::optional<io::OutputFolder> folder;
    ApproxRequest request;
    std::string warning;

    Drawn() { folder.emplace(temp / "out", io::OutputGuard{"approx", {}, {}}); }

    std::unique_ptr<analysis::ImpliedSink<double>> sink(const ChosenMethods& chosen,
                                                        const TriptychSizes& sizes) {
        return triptych_sink<double>(request, chosen, sizes, "q.npy", folder,
                                     [&](const std::string& text) { warning += text; });
    }
    // Two heads of one sequence.
    void stream(analysis::ImpliedSink<double>& sink) {
        const auto heads = [](unsigned seed) {
            return make_separate_heads(random_array<double>({1, 2, kTokens, 4}, seed));
        };
        const LayerResult<double> done =
            compute_heads<double>(0, heads(1), heads(2), heads(3), {}, {&sink});
        LayerOutputs<double> outputs;
        outputs.attention = &done;
        sink.end_layer(outputs);
    }
};

const TriptychSizes kTwoHeads{2, kTokens* kTokens, false};

}  // namespace

TEST_CASE("each head has a picture of each method that implies weights, exact attention none") {
    Drawn drawn;
    const auto sink = drawn.sink(methods_of("exact,local:window=3,topk:k=2"), kTwoHeads);
    REQUIRE(sink != nullptr);
    drawn.stream(*sink);
    CHECK(drawn.folder->files() == std::vector<std::string>{"layer00/head00-local:window=3.png",
                                                            "layer00/head00-topk:k=2.png",
                                                            "layer00/head01-local:window=3.png",
                                                            "layer00/head01-topk:k=2.png"});
    for (const std::string& file : drawn.folder->files()) {
        const auto picture = decode_png(read_file(drawn.folder->staged(file).path.string()));
        CHECK(picture.width() > 2 * picture.height());
    }
    CHECK(drawn.warning.empty());
}

TEST_CASE("of several seeds of a random method the first is drawn") {
    Drawn drawn;
    const auto sink = drawn.sink(methods_of("performer:features=8", 3), kTwoHeads);
    REQUIRE(sink != nullptr);
    drawn.stream(*sink);
    CHECK(drawn.folder->files().size() == 2);
}

TEST_CASE("pictures of a batch say which sequence they are of") {
    Drawn drawn;
    const auto sink = drawn.sink(methods_of("local:window=3"), {2, kTokens * kTokens, true});
    REQUIRE(sink != nullptr);
    drawn.stream(*sink);
    CHECK(drawn.folder->files().front() == "layer00/seq00-head00-local:window=3.png");
}

TEST_CASE("without a folder, a wish or a method there are no pictures") {
    const ChosenMethods local = methods_of("local:window=3");
    Drawn nowhere;
    nowhere.folder.reset();
    CHECK(nowhere.sink(local, kTwoHeads) == nullptr);
    Drawn unwanted;
    unwanted.request.pictures = false;
    CHECK(unwanted.sink(local, kTwoHeads) == nullptr);
    CHECK(unwanted.warning.empty());
}

TEST_CASE("too many pictures, or too large ones, are left out with a word") {
    const ChosenMethods two = methods_of("local:window=3,topk:k=2");
    Drawn drawn;
    CHECK(drawn.sink(two, {50, 64, false}) != nullptr);
    CHECK(drawn.warning.empty());
    CHECK(drawn.sink(two, {51, 64, false}) == nullptr);
    CHECK_THAT(drawn.warning, Catch::Contains("102 of them, at most 100 are drawn"));
    drawn.warning.clear();
    CHECK(drawn.sink(two, {1, (std::size_t{1} << 22) + 1, false}) == nullptr);
    CHECK_THAT(drawn.warning, Catch::Contains("a head has 4194305 weights"));
}

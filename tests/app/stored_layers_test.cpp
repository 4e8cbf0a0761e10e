// The same attention gives the same answers whichever way it was saved.
#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "support/arrays.hpp"
#include "support/picture.hpp"
#include "support/program.hpp"
#include "support/stored_layers.hpp"

using namespace attn::test;
using attn::Shape;
using Json = nlohmann::json;

namespace {

struct Source {
    std::string source;
    std::string axes;  // empty: not named
};

std::vector<std::string> with_source(std::vector<std::string> arguments, const Source& source) {
    if (!source.axes.empty()) arguments.insert(arguments.end(), {"--axes", source.axes});
    return arguments;
}

std::string answer(const std::string& command, const Source& source) {
    const auto result = run_program(with_source({command, source.source, "--json"}, source));
    INFO(result.err);
    REQUIRE(result.exit_code == 0);
    return result.out;
}

// The pixels of all heads of sequence 0.
std::string picture(const TempFolder& folder, const Source& source) {
    const std::string file = folder / "picture.png";
    const auto result =
        run_program(with_source({"heatmap", source.source, "--seq", "0", "-o", file}, source));
    INFO(result.err);
    REQUIRE(result.exit_code == 0);
    const attn::render::Image image = decode_png(read_file(file));
    const std::size_t bytes = image.width() * image.height() * 3;
    return {reinterpret_cast<const char*>(image.pixels()), bytes};
}

// All four commands say of each source what they say of the first.
void check_same(const TempFolder& folder, const std::vector<Source>& sources) {
    const Source& first = sources.front();
    for (const Source& source : sources) {
        INFO(source.source << " " << source.axes);
        for (const char* command : {"stats", "check"})
            CHECK(answer(command, source) == answer(command, first));
        CHECK((picture(folder, source) == picture(folder, first)));
        std::vector<std::string> compare{"compare", first.source, source.source, "--rtol", "0",
                                         "--atol",  "0"};
        if (!first.axes.empty()) compare.insert(compare.end(), {"--axes", first.axes});
        if (!source.axes.empty()) compare.insert(compare.end(), {"--axes-b", source.axes});
        const auto result = run_program(compare);
        INFO(result.err);
        CHECK(result.exit_code == 0);
    }
}

KeyedArrays keyed(const NamedArray& array, const std::string& before, const std::string& after) {
    KeyedArrays arrays;
    for (std::size_t i = 0; i < array.shape[0]; ++i)
        arrays.emplace_back(before + std::to_string(i) + after, array.element(i));
    return arrays;
}

void check_refused(const std::vector<std::string>& arguments, const std::string& text) {
    const auto result = run_program(arguments);
    INFO(arguments[0] << " " << arguments[1]);
    CHECK(result.exit_code == 2);
    CHECK(result.out.empty());
    CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 1);
    CHECK_THAT(result.err, Catch::Contains(text));
}

}  // namespace

TEST_CASE("axes in any order, memory order and byte order are the same attention") {
    const TempFolder folder;
    const NamedArray array = random_layers({2, 2, 3, 4, 4});
    std::vector<Source> sources{{folder.write("plain.npy", npy_of(array)), ""}};
    int number = 0;
    for (const auto& order :
         std::vector<std::vector<std::string>>{{"layers", "batch", "heads", "q", "k"},
                                               {"batch", "layers", "heads", "q", "k"},
                                               {"batch", "k", "q", "layers", "heads"},
                                               {"q", "k", "heads", "batch", "layers"},
                                               {"heads", "batch", "layers", "q", "k"},
                                               {"k", "heads", "q", "layers", "batch"}}) {
        const NamedArray ordered = array.ordered(order);
        for (const bool column_major : {false, true}) {
            const auto bytes = column_major ? ByteOrder::big : ByteOrder::little;
            const std::string name = std::to_string(number++) + ".npy";
            sources.push_back(
                {folder.write(name, npy_of(ordered, column_major, bytes)), ordered.axes_text()});
        }
    }
    check_same(folder, sources);
}

TEST_CASE("one array a layer is read as layers from every kind of file") {
    const TempFolder folder;
    const NamedArray array = random_layers({11, 1, 2, 3, 3});  // layer 10 comes after layer 9
    std::vector<Source> sources{{folder.write("plain.npy", npy_of(array)), ""}};
    const auto add = [&](const std::string& name, const std::string& bytes,
                         const std::string& key) {
        sources.push_back({folder.write(name, bytes) + key, ""});
    };
    add("savez.npz", npz_of(keyed(array, "arr_", "")), "");
    add("hugging.npz", npz_of(keyed(array, "attentions.", "")), "");
    add("lens.npz", npz_of(keyed(array, "blocks.", ".attn.hook_pattern")), "");
    add("layers.npz", npz_of(keyed(array, "layers/", "/attn")), ":layers/*/attn");
    add("hugging.safetensors", safetensors_of(keyed(array, "attentions.", "")), "");
    add("layers.safetensors", safetensors_of(keyed(array, "layers.", ".attn")), ":layers.*.attn");
    std::string json;
    for (std::size_t layer = 0; layer < 11; ++layer) {
        json += (layer > 0 ? "," : "") + ("{\"attn\":" + json_of(array.element(layer)) + "}");
        folder.write("folder/layer_" + std::to_string(layer) + ".npy",
                     npy_of(array.element(layer)));
    }
    add("list.json", "{\"layers\":[" + json + "]}", "");
    add("nested.json", "{\"attentions\":" + json_of(array) + ",\"authors\":[\"a\",\"b\"]}", "");
    sources.push_back({folder / "folder", ""});
    check_same(folder, sources);

    const NamedArray one = array.ordered({"batch", "layers", "heads", "q", "k"}).element(0);
    sources = {sources.front()};
    add("squeezed.npz", npz_of(keyed(one, "arr_", "")), "");
    add("squeezed.npy", npy_of(one), "");
    check_same(folder, sources);
}

TEST_CASE("any axis may be the one that is stacked") {
    const TempFolder folder;
    const NamedArray array = random_layers({2, 3, 2, 3, 3});
    std::vector<Source> sources{{folder.write("plain.npy", npy_of(array)), ""}};
    for (const auto& order :
         std::vector<std::vector<std::string>>{{"batch", "layers", "heads", "q", "k"},
                                               {"heads", "layers", "batch", "q", "k"},
                                               {"q", "layers", "batch", "heads", "k"},
                                               {"k", "q", "heads", "batch", "layers"},
                                               {"layers", "k", "q", "heads", "batch"}}) {
        const NamedArray ordered = array.ordered(order);
        const std::string file =
            folder.write(order[0] + ".npz", npz_of(keyed(ordered, "examples/", "/attn")));
        sources.push_back({file + ":examples/*/attn", ordered.axes_text()});
    }
    check_same(folder, sources);
}

TEST_CASE("layers are called after the numbers in their names, and --layer chooses by them") {
    const TempFolder folder;
    const NamedArray array = random_layers({2, 1, 2, 3, 3});
    const std::string file = folder.write(
        "steps.npz", npz_of({{"step_030", array.element(0)}, {"step_100", array.element(1)}}));
    const auto result = run_program({"stats", file + ":step_*", "--layer", "100", "--json"});
    const Json heads = Json::parse(result.out)["heads"];
    REQUIRE(heads.size() == 2);
    CHECK(heads[0]["layer"] == 100);
    CHECK_THAT(result.err, Catch::Contains("read as [layers, batch, heads, q, k]") &&
                               Catch::Contains("--axes batch,layers,heads,q,k"));
    check_refused({"stats", file, "--axes", "layers,batch,heads,q,k", "--layer", "1"},
                  "no such layer");
}

TEST_CASE("a line says how an array was read where it could be read otherwise, and only there") {
    const TempFolder folder;
    const auto said = [&](const std::string& command, const Shape& shape,
                          const std::vector<std::string>& more = {}) {
        const std::string file =
            write_array(folder, "a.npy", shape,
                        std::vector<double>(attn::element_count(shape, "test"),
                                            1.0 / static_cast<double>(shape.back())));
        std::vector<std::string> arguments{command, file};
        arguments.insert(arguments.end(), more.begin(), more.end());
        const auto result = run_program(arguments);
        CHECK(result.exit_code != 2);
        return result.err;
    };
    for (const std::string command : {"stats", "check"}) {
        CHECK(said(command, {4, 4}).empty());
        CHECK(said(command, {3, 4, 4}).empty());
        CHECK(said(command, {1, 1, 4, 4}).empty());
        CHECK(said(command, {3, 1, 2, 4, 4}).empty());
        CHECK_THAT(said(command, {3, 2, 4, 4}),
                   Catch::Contains("a.npy [3, 2, 4, 4]: read as [layers, heads, q, k]") &&
                       Catch::Contains("--axes batch,heads,q,k"));
        CHECK(said(command, {3, 2, 4, 4}, {"--axes", "layers,heads,q,k"}).empty());
        CHECK_THAT(said(command, {1, 4, 4, 2, 3}),
                   Catch::Contains("--axes batch,k,q,layers,heads"));
    }
    CHECK_THAT(said("heatmap", {3, 2, 4, 4}, {"--terminal"}), Catch::Contains("read as"));
    CHECK_THAT(said("compare", {3, 2, 4, 4}, {folder / "a.npy"}), Catch::Contains("read as"));
}

TEST_CASE("arrays beside the manifest of a run have the axes that run gave them") {
    const TempFolder folder;
    REQUIRE(run_program({"run", "-x", sample("batch_embeddings.npy"), "-w", sample("weights"),
                         "--save", "weights", "-o", folder / "out"})
                .exit_code == 0);
    const auto whole = run_program({"stats", folder / "out", "--layer", "0", "--json"});
    const auto array = run_program({"stats", folder / "out/layer00/weights.npy", "--json"});
    CHECK(array.err.empty());
    CHECK(Json::parse(array.out)["heads"].size() == Json::parse(whole.out)["heads"].size());
    CHECK(Json::parse(array.out)["heads"].back()["seq"] == 2);
    check_refused({"stats", folder / "out", "--axes", "heads,q,k"}, "whose axes are known");
}

TEST_CASE("a last axis of one key is pooling until somebody names it") {
    const TempFolder folder;
    const std::string pool =
        write_array(folder, "pool.npy", {100, 50, 1}, std::vector<double>(5000, 1.0 / 50));
    for (const char* command : {"check", "stats"}) {
        check_refused({command, pool},
                      "--axes batch,k,q, and if there is one key --axes heads,q,k");
        CHECK(run_program({command, pool, "--axes", "batch,k,q"}).exit_code == 0);
    }
    check_refused({"heatmap", pool, "-o", folder / "out"}, "as in attention pooling");
    check_refused({"compare", pool, pool}, "as in attention pooling");
    const std::string first =
        write_array(folder, "first.npy", {3, 1, 1}, std::vector<double>(3, 1));
    CHECK(run_program({"check", first, "--only", "row_sum"}).exit_code == 0);
}

TEST_CASE("axes that do not fit are refused in one line") {
    const TempFolder folder;
    const NamedArray array = random_layers({2, 1, 2, 3, 3});
    const std::string plain = folder.write("plain.npy", npy_of(array));
    const std::string npz = folder.write("f.npz", npz_of(keyed(array, "arr_", "")));
    const std::string ragged =
        folder.write("ragged.npz", npz_of({{"arr_0", array.element(0)},
                                           {"arr_1", random_layers({1, 1, 2, 4, 4}).element(0)}}));
    const std::string empty = write_array<double>(folder, "empty.npy", {2, 0, 3, 3}, {});
    for (const std::string command : {"stats", "check", "heatmap"}) {
        const auto refused = [&](std::vector<std::string> arguments, const std::string& text) {
            arguments.insert(arguments.begin(), command);
            if (command == "heatmap") arguments.insert(arguments.end(), {"-o", folder / "out"});
            check_refused(arguments, text);
        };
        refused({plain, "--axes", "heads,q,k"}, "names 3 axes");
        refused({plain, "--axes", "layers,batch,q,q,k"}, "names q twice");
        refused({plain, "--axes", "layers,batch,heads,q"}, "lacks k");
        refused({npz, "--axes", "q,k"}, "names 2 axes");
        refused({npz, "--axes", "layers,heads,q,k"}, "name 5 axes, the stacked one first");
        refused({npz + ":foo_*"}, "matches no array; there is arr_0, arr_1");
        refused({ragged}, "arr_0 is [1, 2, 3, 3], arr_1 is [1, 2, 4, 4]");
        refused({empty}, "has no values");
        refused({plain, "--axes", ""}, "is empty, leave it out or give a value");
    }
    check_refused({"compare", plain, npz, "--axes-b", "q,k"}, "--axes-b q,k: names 2 axes");
}

TEST_CASE("check and its flags know the sequences of a named batch") {
    const TempFolder folder;
    NamedArray array =
        random_layers({1, 3, 2, 4, 4}).ordered({"layers", "heads", "batch", "q", "k"});
    array.values[(1 * 3 + 2) * 16 + 1] = 0.5;  // head 1, sequence 2, query 0, key 1
    const std::string file = folder.write("a.npy", npy_of(array.element(0)));
    const auto result =
        run_program({"check", file, "--axes", "heads,batch,q,k", "--causal", "--json"});
    CHECK(result.exit_code == 1);
    const Json report = Json::parse(result.out);
    for (const Json& line : report["checks"]) {
        if (line["name"] != "causal_leak") continue;
        CHECK(line["place"] ==
              Json::parse(R"({"layer": 0, "seq": 2, "head": 1, "query": 0, "key": 1})"));
    }
    CHECK(run_program({"check", file, "--axes", "heads,batch,q,k", "--causal", "--seq", "0,1"})
              .exit_code == 0);
}

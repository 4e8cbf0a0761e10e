// Stored arrays are looked at in their own type: what float64 tells apart stays apart.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "support/arrays.hpp"
#include "support/npy_bytes.hpp"
#include "support/picture.hpp"
#include "support/program.hpp"
#include "support/temp_folder.hpp"

using namespace attn::test;
using Json = nlohmann::json;

namespace {

template <class T>
std::string write_matrix(const TempFolder& folder, const std::string& name,
                         const std::string& descr, const std::vector<T>& values) {
    return folder.write(name, npy_bytes(npy_dictionary(descr, "(2, 2)"), bytes_of(values)));
}

std::string verdict(const Json& checks, const std::string& name) {
    for (const Json& line : checks["checks"]) {
        if (line["name"] == name) return line["verdict"];
    }
    return "no such line";
}

}  // namespace

TEST_CASE("a float64 row that sums to 1.00000002 does not pass a tolerance of 1e-9") {
    const TempFolder folder;
    const std::vector<double> values{0.25, 0.75 + 2e-8, 0.5, 0.5};
    const std::string file = write_matrix(folder, "w.npy", "<f8", values);
    const auto exact = run_program({"check", file, "--atol", "1e-9", "--json"});
    CHECK(exact.exit_code == 1);
    CHECK(verdict(Json::parse(exact.out), "row_sum") == "FAIL");
    CHECK(run_program({"check", file, "--atol", "1e-7"}).exit_code == 0);
    CHECK(run_program({"check", file, "--atol", "1e-9", "--precision", "f32"}).exit_code == 0);

    std::vector<double> swapped = values;
    for (double& value : swapped) {
        auto* const bytes = reinterpret_cast<unsigned char*>(&value);
        std::reverse(bytes, bytes + sizeof value);
    }
    const std::string big = write_matrix(folder, "big.npy", ">f8", swapped);
    CHECK(run_program({"check", big, "--atol", "1e-9"}).exit_code == 1);
    const std::string json = folder.write("w.json", "[[0.25, 0.75000002], [0.5, 0.5]]");
    CHECK(run_program({"check", json, "--atol", "1e-9"}).exit_code == 1);
}

TEST_CASE("a float64 weight that is too small for float32 leaks all the same") {
    const TempFolder folder;
    const std::string file =
        write_matrix(folder, "w.npy", "<f8", std::vector<double>{1, 1e-60, 0.5, 0.5});
    const auto result = run_program({"check", file, "--causal", "--json"});
    CHECK(result.exit_code == 1);
    CHECK(verdict(Json::parse(result.out), "causal_leak") == "FAIL");
}

TEST_CASE("a float64 weight beyond float32 is out of range, and no error") {
    const TempFolder folder;
    const std::string file =
        write_matrix(folder, "w.npy", "<f8", std::vector<double>{1e300, 0, 0.5, 0.5});
    const auto result = run_program({"check", file, "--json"});
    CHECK(result.exit_code == 1);
    CHECK(result.err.empty());
    for (const char* command : {"stats", "check"}) {
        const auto narrow = run_program({command, file, "--precision", "f32"});
        CHECK(narrow.exit_code == 2);
        CHECK_THAT(narrow.err, Catch::Contains("does not fit in float32"));
    }
}

TEST_CASE("measures of float64 have more digits than float32 holds") {
    const TempFolder folder;
    const std::vector<double> values{0.3, 0.7, 0.1, 0.9};
    const std::string wide = write_matrix(folder, "wide.npy", "<f8", values);
    const std::string narrow =
        write_matrix(folder, "narrow.npy", "<f4", std::vector<float>(values.begin(), values.end()));
    const auto confidence = [](const std::vector<std::string>& arguments) {
        const auto result = run_program(arguments);
        REQUIRE(result.exit_code == 0);
        return Json::parse(result.out)["heads"][0]["confidence"].get<double>();
    };
    CHECK(std::abs(confidence({"stats", wide, "--json"}) - 0.8) < 1e-15);
    const double rounded = confidence({"stats", narrow, "--json"});
    CHECK(std::abs(rounded - 0.8) > 1e-10);
    CHECK(confidence({"stats", wide, "--json", "--precision", "f32"}) == rounded);

    const Json similar = Json::parse(run_program({"stats", wide, "--json", "--similarity"}).out);
    CHECK(similar["layers"][0]["divergence"] == Json::parse("[[0.0]]"));
}

TEST_CASE(
    "heatmap draws float64 beyond float32's range, and the same pixels for the same weights") {
    const TempFolder folder;
    const std::vector<double> values{0.25, 0.75, 0.5, 0.5};
    const std::string wide = write_matrix(folder, "wide.npy", "<f8", values);
    const std::string narrow =
        write_matrix(folder, "narrow.npy", "<f4", std::vector<float>(values.begin(), values.end()));
    const auto picture = [&](const std::string& file, const std::string& name) {
        REQUIRE(run_program({"heatmap", file, "-o", folder / name}).exit_code == 0);
        // The files differ: each names its source.
        const attn::render::Image image = decode_png(read_file(folder / name));
        const std::size_t bytes = image.width() * image.height() * 3;
        return std::string(reinterpret_cast<const char*>(image.pixels()), bytes);
    };
    CHECK(picture(wide, "wide.png") == picture(narrow, "narrow.png"));
    const std::string huge =
        write_matrix(folder, "huge.npy", "<f8", std::vector<double>{1e300, 0, 0.5, 0.5});
    CHECK(run_program({"heatmap", huge, "-o", folder / "huge.png"}).exit_code == 0);
}

TEST_CASE("a run in float64 is checked in float64") {
    const TempFolder folder;
    const auto run = [&](const std::string& precision) {
        const std::string output = folder / precision;
        REQUIRE(run_program({"run", "-w", sample("model.json"), "-o", output, "--save", "weights",
                             "--precision", precision})
                    .exit_code == 0);
        return output;
    };
    const std::string wide = run("f64"), narrow = run("f32");
    CHECK(run_program({"check", wide, "--atol", "1e-13", "--only", "row_sum"}).exit_code == 0);
    CHECK(run_program({"check", narrow, "--atol", "1e-13", "--only", "row_sum"}).exit_code == 1);
    CHECK(run_program({"compare", wide, narrow, "--rtol", "0", "--atol", "0", "--precision", "f32"})
              .exit_code != 2);
}

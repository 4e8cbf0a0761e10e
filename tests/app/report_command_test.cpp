// report: the page is taken apart again, and every number in it compared with the array.
#include <sys/resource.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "analysis/weight_codes.hpp"
#include "support/arrays.hpp"
#include "support/npy_bytes.hpp"
#include "support/page.hpp"
#include "support/program.hpp"
#include "support/temp_folder.hpp"

using namespace attn::test;
using Catch::Contains;
using Words = std::vector<std::string>;

namespace {

// Softmax rows [layers, heads, queries, keys] of scores that look random; causal where square.
struct Weights {
    std::size_t layers, heads, queries, keys;
    std::vector<float> values;

    Weights(std::size_t layers_, std::size_t heads_, std::size_t queries_, std::size_t keys_,
            std::uint32_t seed = 1)
        : layers(layers_), heads(heads_), queries(queries_), keys(keys_) {
        for (std::size_t row = 0; row < layers * heads * queries; ++row) {
            const std::size_t query = row % queries;
            std::vector<double> cells(keys);
            double sum = 0;
            for (std::size_t key = 0; key < keys; ++key) {
                seed = seed * 1664525U + 1013904223U;
                if (queries == keys && key > query) continue;
                cells[key] = std::exp(static_cast<double>(seed >> 8) / (1 << 24) * 9);
                sum += cells[key];
            }
            for (const double cell : cells) values.push_back(static_cast<float>(cell / sum));
        }
    }
    float at(std::size_t layer, std::size_t head, std::size_t query, std::size_t key) const {
        return values[((layer * heads + head) * queries + query) * keys + key];
    }
    std::string file(const TempFolder& folder, const std::string& name) const {
        std::string shape = "(";
        for (const std::size_t extent : {layers, heads, queries, keys})
            shape += std::to_string(extent) + ", ";
        shape += ")";
        return folder.write(name, npy_floats(shape, values));
    }
};

std::string written(const std::string& path) {
    std::ifstream stream(path, std::ios::binary);
    std::ostringstream text;
    text << stream.rdbuf();
    return text.str();
}

ReadPage page_of(Words words, const TempFolder& folder, const std::string& warning = "") {
    const std::string path = folder / "page.html";
    words.insert(words.begin(), "report");
    words.insert(words.end(), {"-o", path, "--axes", "layers,heads,q,k"});
    const ProgramResult result = run_program(words);
    INFO(result.err);
    REQUIRE(result.exit_code == 0);
    CHECK(result.err.empty() == warning.empty());
    CHECK_THAT(result.err, Contains(warning));
    return ReadPage(written(path));
}

// Bytes that a compact page of the file just fails to keep.
std::string tight_budget(const std::string& file, const TempFolder& folder) {
    return std::to_string(page_of({file, "--values", "compact"}, folder).html.size() - 20'000);
}

std::string head_chunk(const std::string& kind, std::size_t layer, std::size_t head) {
    return kind + "/0/" + std::to_string(layer) + "/" + std::to_string(head);
}

void check_error(const Words& words, const std::string& text, const TempFolder& folder) {
    Words all = words;
    all.insert(all.begin(), "report");
    const ProgramResult result = run_program(all);
    INFO(result.err);
    CHECK(result.exit_code == 2);
    CHECK(result.out.empty());
    CHECK_THAT(result.err, Contains(text));
    CHECK_FALSE(std::filesystem::exists(folder / "page.html"));
}

}  // namespace

TEST_CASE("a small page holds the weights themselves, bit by bit") {
    const TempFolder folder;
    const Weights weights(2, 3, 7, 7);
    const ReadPage page = page_of({weights.file(folder, "w.npy")}, folder);
    CHECK(page.meta["values"] == "exact");
    CHECK(page.meta["title"] == "w.npy");
    for (std::size_t layer = 0; layer < 2; ++layer) {
        for (std::size_t head = 0; head < 3; ++head) {
            const auto values = page.floats(head_chunk("weights", layer, head), 49);
            for (std::size_t cell = 0; cell < 49; ++cell)
                CHECK(values[cell] == weights.at(layer, head, cell / 7, cell % 7));
        }
    }
    const auto received = page.floats("received/0/1", 21);
    double sum = 0;
    for (const float one : received) sum += static_cast<double>(one);
    CHECK(sum == Approx(21));  // each row of each head gives 1
}

TEST_CASE("every weight of a compact page is in its code's interval, the largest exactly") {
    const TempFolder folder;
    const Weights weights(1, 2, 40, 40);
    const ReadPage page =
        page_of({weights.file(folder, "w.npy"), "--values", "compact", "--top", "3"}, folder);
    CHECK(page.meta["values"] == "compact");
    CHECK(page.meta["pool"] == 1);
    const auto top = page.floats("top/0/0", 2 * 40 * 3, 2 * 2 * 40 * 3);
    for (std::size_t head = 0; head < 2; ++head) {
        const std::string codes = page.bytes(head_chunk("codes", 0, head), 1600);
        for (std::size_t query = 0; query < 40; ++query) {
            const float largest = top[(head * 40 + query) * 3];
            float found = 0;
            for (std::size_t key = 0; key < 40; ++key) {
                const float weight = weights.at(0, head, query, key);
                const auto code = static_cast<std::uint8_t>(codes[query * 40 + key]);
                const auto interval =
                    attn::analysis::weights_of_code(code, static_cast<double>(largest));
                CHECK((code == 0) == (weight == 0));
                CHECK(static_cast<double>(weight) >= interval.low * (1 - 1e-6));
                CHECK(static_cast<double>(weight) <= interval.high * (1 + 1e-6));
                found = std::max(found, weight);
            }
            CHECK(found == largest);
        }
    }
}

TEST_CASE("a page that would be too large is pooled and keeps the largest of each block") {
    const TempFolder folder;
    const Weights weights(1, 4, 200, 200);
    const std::string file = weights.file(folder, "w.npy");
    const std::string budget = tight_budget(file, folder);
    const ReadPage page = page_of({file, "--values", "compact", "--budget", budget}, folder);
    CHECK(page.html.size() <= std::stoul(budget));
    const auto pool = page.meta["pool"].get<std::size_t>();
    const auto count = page.meta["top"].get<std::size_t>();
    const auto rows = page.meta["rows"].get<std::size_t>();
    REQUIRE(pool > 1);
    REQUIRE(rows == (200 + pool - 1) / pool);
    const auto top = page.floats("top/0/0", 4 * rows * count, 2 * 2 * 4 * rows * count);
    const std::string codes = page.bytes("codes/0/0/0", rows * rows);
    for (std::size_t cell = 0; cell < rows * rows; ++cell) {
        const std::size_t band = cell / rows;
        float largest = 0;
        for (std::size_t query = band * pool; query < std::min<std::size_t>(200, (band + 1) * pool);
             ++query) {
            for (std::size_t key = cell % rows * pool;
                 key < std::min<std::size_t>(200, (cell % rows + 1) * pool); ++key)
                largest = std::max(largest, weights.at(0, 0, query, key));
        }
        CHECK(static_cast<std::uint8_t>(codes[cell]) ==
              attn::analysis::weight_code(largest, top[band * count]));
    }
}

TEST_CASE("small maps, and which keys may be attended, stand before the script") {
    const TempFolder folder;
    const Weights weights(2, 1, 30, 30);
    const ReadPage page = page_of({weights.file(folder, "w.npy")}, folder);
    const std::string thumbs = page.bytes("thumbs/0", 2 * 24 * 24);
    CHECK(static_cast<std::uint8_t>(thumbs[0]) == 255);  // the first query has one key
    CHECK(thumbs[23] == 0);
    const std::string allowed = page.bytes("allowed/0/0", 2 * 30 * 4);
    for (std::size_t query = 0; query < 30; ++query) {
        CHECK(allowed[query * 4] == 0);
        CHECK(static_cast<std::size_t>(allowed[(30 + query) * 4]) == query + 1);
    }
    const std::size_t script = page.html.find("<script>(function");
    for (const char* chunk : {"thumbs/0", "allowed/0/0", "allowed/0/1"})
        CHECK(page.html.find("id=\"c" + page.meta["chunks"][chunk].dump() + "\"") < script);
    CHECK(page.html.find("id=\"c" + page.meta["chunks"]["weights/0/0/0"].dump() + "\"") > script);
}

TEST_CASE("a page has the numbers of stats, the verdicts of check and the products of rollout") {
    const TempFolder folder;
    const Weights weights(3, 2, 6, 6);
    const std::string file = weights.file(folder, "w.npy");
    const ReadPage page = page_of({file}, folder);
    const auto stats = nlohmann::json::parse(
        run_program({"stats", file, "--json", "--axes", "layers,heads,q,k"}).out);
    for (std::size_t slot = 0; slot < 6; ++slot) {
        for (std::size_t i = 0; i < page.meta["measures"].size(); ++i) {
            const std::string name = page.meta["measures"][i]["name"];
            INFO(name);
            CHECK(page.meta["stats"]["a"][slot][i] == stats["heads"][slot][name]);
        }
    }
    const auto checks = nlohmann::json::parse(
        run_program({"check", file, "--json", "--axes", "layers,heads,q,k"}).out);
    REQUIRE(page.meta["checks"].size() == checks["checks"].size());
    for (std::size_t i = 0; i < checks["checks"].size(); ++i) {
        CHECK(page.meta["checks"][i]["name"] == checks["checks"][i]["name"]);
        CHECK(page.meta["checks"][i]["verdict"] == checks["checks"][i]["verdict"]);
        CHECK(page.meta["checks"][i]["worst"] == checks["checks"][i]["worst"]);
    }
    REQUIRE(run_program({"rollout", file, "-o", folder / "rollout", "--save", "rollout", "--axes",
                         "layers,heads,q,k"})
                .exit_code == 0);
    const std::string npy = written(folder / "rollout/rollout.npy");
    const auto rollout = page.floats("rollout/0/2", 36);
    std::vector<float> expected(36);
    std::memcpy(expected.data(), npy.data() + npy.size() - 144, 144);
    for (std::size_t cell = 0; cell < 36; ++cell)
        CHECK(rollout[cell] == Approx(expected[cell]).margin(1e-6));
    CHECK_FALSE(page_of({file, "--no-rollout"}, folder).has("rollout/0/0"));
    CHECK(page_of({file, "--no-check"}, folder).meta["checks"].empty());
}

TEST_CASE("two sources make a page with both and their difference") {
    const TempFolder folder;
    const Weights a(1, 2, 20, 20), b(1, 2, 20, 20, 7);
    const ReadPage page = page_of({a.file(folder, "a.npy"), "--against", b.file(folder, "b.npy"),
                                   "--axes-b", "layers,heads,q,k", "--values", "compact"},
                                  folder);
    CHECK(page.meta["sources"][1]["name"] == "b.npy");
    CHECK(page.has("b/codes/0/0/1"));
    CHECK(page.has("b/thumbs/0"));
    CHECK(page.meta["stats"]["b"].size() == 2);
    const std::string codes = page.bytes("d/codes/0/0/1", 400);
    double largest = 0;
    for (std::size_t cell = 0; cell < 400; ++cell) {
        const float difference =
            a.at(0, 1, cell / 20, cell % 20) - b.at(0, 1, cell / 20, cell % 20);
        const auto code = static_cast<std::uint8_t>(codes[cell]);
        CHECK((code > 128) == (difference > 0));
        CHECK((code == 128) == (difference == 0));
        largest = std::max(largest, static_cast<double>(std::abs(difference)));
    }
    CHECK(page.meta["difference"]["values"][1][0].get<double>() == Approx(largest));
    const ReadPage same = page_of(
        {folder / "a.npy", "--against", folder / "a.npy", "--axes-b", "layers,heads,q,k"}, folder);
    CHECK(same.meta["difference"]["values"][0][0] == 0.0);
    CHECK(same.meta["difference"]["values"][0][1] == 0.0);
}

TEST_CASE("a page has the same bytes for one thread and for eight, exact or pooled") {
    const TempFolder folder;
    const std::string file = Weights(2, 3, 150, 150).file(folder, "w.npy");
    for (const Words& more : std::vector<Words>{{}, {"--budget", tight_budget(file, folder)}}) {
        Words one{file, "--threads", "1"}, eight{file, "--threads", "8"};
        one.insert(one.end(), more.begin(), more.end());
        eight.insert(eight.end(), more.begin(), more.end());
        CHECK(page_of(one, folder).html == page_of(eight, folder).html);
    }
}

TEST_CASE("hostile tokens and titles come through a page as text") {
    const TempFolder folder;
    const std::string file = Weights(1, 1, 3, 3).file(folder, "w.npy");
    const std::string tokens = folder.write(
        "tokens.json", "[\"</script><img src=x onerror=a()>\", \"<!--<script>\", \"\\u2028\"]");
    const ReadPage page = page_of({file, "--tokens", tokens, "--title", "<b>&amp;</b>"}, folder);
    CHECK(page.meta["tokens"][0][0] == "</script><img src=x onerror=a()>");
    CHECK(page.meta["title"] == "<b>&amp;</b>");
    CHECK_THAT(page.html, !Contains("<img src=x"));
    CHECK_THAT(page.html, !Contains("<!--<script>"));
    CHECK_THAT(page.html, !Contains("<b>"));
}

TEST_CASE("no folder of this machine stands in a page") {
    const TempFolder folder;
    const std::string file = Weights(1, 1, 3, 3).file(folder, "w.npy");
    CHECK_THAT(page_of({file}, folder).html, !Contains(folder / ""));
}

TEST_CASE("a page says what it holds on one line, or goes to standard output alone") {
    const TempFolder folder;
    const std::string file = Weights(2, 3, 5, 5).file(folder, "w.npy");
    const std::string path = folder / "page.html";
    ProgramResult result = run_program({"report", file, "-o", path, "--axes", "layers,heads,q,k"});
    CHECK_THAT(result.out, Catch::StartsWith(path + ": 2 layers x 3 heads x 5 tokens, exact, "));
    CHECK(std::count(result.out.begin(), result.out.end(), '\n') == 1);
    result = run_program({"report", file, "-o", "-", "--axes", "layers,heads,q,k"});
    CHECK(result.exit_code == 0);
    CHECK_THAT(result.out, Catch::StartsWith("<!doctype html>"));
    // Ours may be replaced, somebody else's not.
    CHECK(run_program({"report", file, "-o", path, "--quiet"}).exit_code == 0);
    std::ofstream(path) << "<!doctype html>\nmine";
    result = run_program({"report", file, "-o", path});
    CHECK(result.exit_code == 2);
    CHECK_THAT(result.err, Contains("--force"));
}

TEST_CASE("weights below zero are in exact pages only") {
    const TempFolder folder;
    Weights weights(1, 1, 20, 20);
    weights.values[61] = -0.5F;
    const std::string file = weights.file(folder, "w.npy");
    const std::string below = "the weight of query 3 on key 1 is -0.5";
    CHECK(page_of({file}, folder, below).floats("weights/0/0/0", 400)[61] == -0.5F);
    const TempFolder other;
    check_error({file, "-o", other / "page.html", "--values", "compact"}, below, other);
}

TEST_CASE("what cannot be a page is refused by name, and nothing is written") {
    const TempFolder folder;
    const std::string file = Weights(2, 2, 80, 80).file(folder, "w.npy");
    const std::string other = Weights(2, 2, 81, 81).file(folder, "other.npy");
    const std::string page = folder / "page.html";
    check_error({file, "-o", folder / "page.pdf"}, "expected a name that ends in .html", folder);
    check_error({file, "-o", page, "--against", other}, "[1, 2, 81, 81]", folder);
    check_error({file, "-o", page, "--budget", "120K"}, "has no room for weights", folder);
    // The page itself, and room for one of the four matrices.
    const std::string one = Weights(1, 1, 2, 2).file(folder, "one.npy");
    const std::string budget = std::to_string(page_of({one}, folder).html.size() + 17'500);
    std::filesystem::remove(page);
    check_error({file, "-o", page, "--budget", budget}, "4 matrices of 80 x 80 do not fit", folder);
    check_error({file, "-o", page, "--budget", budget},
                " even with sides of 64 cells; choose some with --layer, --head (about ", folder);
    check_error({file, "-o", page, "--budget", budget}, " fit), or give a larger --budget (about ",
                folder);
    check_error({file, "-o", page, "--budget", budget, "--values", "exact"}, "do not fit exactly",
                folder);
    check_error({file, "-o", page, "--budget", budget, "--layer", "0", "--values", "exact"},
                "choose some with --head", folder);
    check_error({file, "-o", page, "--title", std::string(301, 'x')},
                "--title: has 301 characters, expected at most 300", folder);
    check_error({file, "-o", page, "--image", "x.png"}, "--grid", folder);
    check_error({file, "-o", page, "--grid", "9x9"}, "--grid", folder);
    check_error({file, "-o", page, "--grid", "8x10", "--image",
                 folder.write("x.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"/>")},
                "expected a PNG or JPEG file", folder);
    check_error({file, "-o", page, "--grid", "8x10", "--image",
                 folder.write("x.png", "\x89PNG\r\n\x1a\n" + std::string(4'000'000, 'x'))},
                "expected at most 4.0 MB", folder);
    for (const char* size : {"12X", "-5M", "0", "0K", "M", "2000G", "1e400", "nan"})
        check_error({file, "-o", page, std::string("--budget=") + size},
                    std::string("--budget ") + size +
                        ": expected a size from 1 byte to 1000G, such as 500K, 24M or 1.5G",
                    folder);
    check_error({file, "-o", page, "--values", "exact", "--top", "2"}, "--top", folder);
}

TEST_CASE("a page that fits is not refused for what was thought of it") {
    const TempFolder folder;
    // Estimates take every cell for a weight; nearly all are zeros.
    std::vector<float> values(std::size_t{4} * 400 * 400);
    for (std::size_t row = 0; row < 4 * 400; ++row) values[row * 400 + row % 400] = 1;
    const std::string file = folder.write("w.npy", npy_floats("(1, 4, 400, 400, )", values));
    const ReadPage exact = page_of({file, "--values", "exact", "--budget", "400K"}, folder);
    CHECK(exact.meta["values"] == "exact");
    CHECK(exact.html.size() < 400'000);
    const ReadPage whole = page_of({file, "--budget", "400K"}, folder);
    CHECK(whole.meta["pool"] == 1);
    CHECK(whole.html.size() < 400'000);
}

TEST_CASE("every head that fails a check is marked in the page") {
    const TempFolder folder;
    Weights weights(2, 3, 5, 5);
    const auto cell = [&](std::size_t layer, std::size_t head) -> float& {
        return weights.values[((layer * 3 + head) * 5 + 1) * 5 + 4];
    };
    cell(0, 1) = 0.125F;
    cell(1, 0) = 0.5F;
    cell(1, 2) = 0.25F;
    const std::string file = weights.file(folder, "w.npy"), path = folder / "page.html";
    REQUIRE(run_program({"report", file, "-o", path, "--causal"}).exit_code == 0);
    const ReadPage page(written(path));
    std::size_t leaks = 0;
    for (const auto& check : page.meta["checks"]) {
        if (check["verdict"] == "FAIL") CHECK(check["slots"] == std::vector<int>{1, 3, 5});
        if (check["verdict"] == "ok" || check["verdict"] == "skipped")
            CHECK(check["slots"].empty());
        if (check["name"] != "causal_leak") continue;
        ++leaks;
        CHECK(check["verdict"] == "FAIL");
        CHECK(check["place"]["head"] == 0);  // the worst
        CHECK(check["place"]["layer"] == 1);
    }
    CHECK(leaks == 1);
}

TEST_CASE("each source is warned of with the flag that names its own axes") {
    const TempFolder folder;
    const std::string a = Weights(2, 3, 5, 5).file(folder, "a.npy");
    const std::string b = Weights(2, 3, 5, 5, 7).file(folder, "b.npy");
    const ProgramResult result =
        run_program({"report", a, "--against", b, "-o", folder / "p.html"});
    CHECK(result.exit_code == 0);
    CHECK_THAT(result.err, Contains("a.npy [2, 3, 5, 5]") && Contains("--axes batch,heads,q,k"));
    CHECK_THAT(result.err, Contains("b.npy [2, 3, 5, 5]") && Contains("--axes-b batch,heads,q,k"));
}

#if !defined(ATTN_SANITIZED)

TEST_CASE("131,072 tokens make a page in less than 1 GiB") {
    // A window keeps the time short; as one array the weights would be 69 GB.
    const TempFolder folder;
    const std::size_t tokens = 131072;
    const std::string q =
        folder.write("q.npy", npy_floats("(1, 131072, 1, )", std::vector<float>(tokens, 0.5F)));
    const std::string path = folder / "page.html";
    const ProgramResult result =
        run_program({"report", "--query", q, "--key", q, "--value", q, "--causal", "--window",
                     "7,0", "--no-check", "-o", path},
                    "", [] {
                        const rlimit limit{std::size_t{1} << 30, std::size_t{1} << 30};
                        ::setrlimit(RLIMIT_DATA, &limit);
                    });
    INFO(result.err);
    REQUIRE(result.exit_code == 0);
    const ReadPage page(written(path));
    CHECK(page.meta["queries"] == tokens);
    const auto pool = page.meta["pool"].get<std::size_t>(),
               rows = page.meta["rows"].get<std::size_t>();
    CHECK(rows == (tokens + pool - 1) / pool);
    CHECK(rows <= 2048);
    const auto count = page.meta["top"].get<std::size_t>();
    const auto top = page.floats("top/0/0", rows * count, 2 * 4 * rows * count);
    CHECK(top[0] == 1);  // the first query has one key
    CHECK(top[count] == Approx(1.0 / 8));
}

#endif

TEST_CASE("one query over 131,072 keys makes a page") {
    const TempFolder folder;
    const std::string file = Weights(1, 1, 2, 131072).file(folder, "w.npy");
    const ReadPage page = page_of({file, "--values", "compact"}, folder);
    CHECK(page.meta["columns"].get<std::size_t>() <= 2048);
    CHECK(page.meta["keys"] == 131072);
}

TEST_CASE("queries and keys that flags name are checked against the attention") {
    const TempFolder folder;
    const std::string file = Weights(1, 2, 6, 6).file(folder, "w.npy");
    const std::string q = folder.write("q.npy", npy_floats("(2, 6, 4)", std::vector<float>(48, 1)));
    const std::string k = folder.write("k.npy", npy_floats("(1, 6, 4)", std::vector<float>(24, 2)));
    const std::string wrong =
        folder.write("wrong.npy", npy_floats("(2, 5, 4)", std::vector<float>(40, 1)));
    const ReadPage page = page_of({file, "--query", q, "--key", k}, folder);
    CHECK(page.meta["embedding"]["queries"].size() == 6);
    CHECK(page.meta["embedding"]["heads"].size() == 2);
    const TempFolder other;
    const std::string path = other / "page.html";
    check_error({file, "-o", path, "--query", q}, "--query: has no effect without --key", other);
    check_error({file, "-o", path, "--query", wrong, "--key", k}, "--query", other);
    check_error({file, "-o", path, "--key", q, "--query", k}, "--key", other);
    check_error({file, "-o", path, "--softcap", "2"}, "--softcap: has no effect on saved", other);
    check_error({"-o", path}, "report needs SOURCE", other);
}

TEST_CASE("the name of a source does not steer who reads the page") {
    const TempFolder folder;
    const std::string file = Weights(1, 1, 3, 3).file(folder, "a\x1b[31m\n\xe2\x80\xae<b>.npy");
    const std::string page = folder / "page.html";
    REQUIRE(run_program({"report", file, "-o", page}).exit_code == 0);
    const std::string text = written(page);
    CHECK_THAT(text, Contains("<title>a\\x1b[31m\\n\\u202e&lt;b&gt;.npy</title>"));
    CHECK(text.find('\x1b') == std::string::npos);
}

TEST_CASE("a page whose rollout cannot be says how to have it without") {
    const TempFolder folder;
    Weights broken(2, 1, 3, 3);
    broken.values[12] = std::nanf("");
    const std::string file = broken.file(folder, "nan.npy");
    const auto result = run_program({"report", file, "-o", folder / "page.html"});
    CHECK(result.exit_code == 2);
    CHECK_THAT(result.err, Contains("query 1, key 0: is nan") &&
                               Contains("; --no-rollout makes the page without rollout\n"));
    CHECK(run_program({"report", file, "--no-rollout", "-o", folder / "page.html"}).exit_code == 0);
}

TEST_CASE("a page of standard input is that of the file") {
    const std::string file = golden("induction/weights0.npy");
    const auto page = run_program({"report", "-", "-o", "-", "--title", "t"}, read_file(file));
    CHECK(page.exit_code == 0);
    CHECK(page.out.size() > 100'000);
    CHECK(run_program({"report", "-", "-o", "-"}).exit_code == 2);
}

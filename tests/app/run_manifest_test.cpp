// manifest.json of run: it tells every flag that changes numbers, and numbers that somebody changed
// in it are refused by the name of their key.
#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <set>

#include "support/changed_checkpoint.hpp"
#include "support/commands.hpp"
#include "support/help.hpp"
#include "support/program.hpp"
#include "support/temp_folder.hpp"
#include "support/thinned.hpp"

using namespace attn::test;

namespace {

std::string flag_file(const std::string& name) {
    return golden("flags/" + name);
}

Arguments projected() {
    return {"-q", flag_file("q.npy"), "-k", flag_file("k.npy"), "-v", flag_file("v.npy")};
}

struct Trace {
    Arguments flags;
    Arguments base;  // the command without them
};

std::vector<Trace> traces(const std::string& encoder) {
    const Arguments model{
        "-w", encoder, "-x", golden("models/torch_encoder_prenorm/embeddings.npy"), "--heads", "4"};
    const Arguments contributions = join(model, {"--save", "contributions"});
    const std::string vector =
        golden("models/torch_encoder_prenorm/model.safetensors") + ":layers.0.norm1.weight";
    Arguments rope = join(projected(), {"--rope", "--rope-dim", "2"});
    Arguments relative = join(projected(), {"--relative-bias", flag_file("table.npy")});
    return {
        {{"--norm-first"}, model},
        {{"--activation", "gelu"}, model},
        {{"--norm-eps", "0.25"}, model},
        {{"--scale", "0.25"}, projected()},
        {{"--softcap", "3"}, projected()},
        {{"--bias", flag_file("bias5.npy")}, projected()},
        {{"--sink", flag_file("sink.npy")}, projected()},
        {{"--scores-at", "scaled"}, projected()},
        {{"--rope", "--rope-dim", "2"}, projected()},
        {{"--rope-theta", "500"}, rope},
        {{"--rope-interleaved"}, rope},
        {{"--positions", flag_file("positions.npy")}, rope},
        {{"--alibi"}, projected()},
        {{"--relative-bias", flag_file("table.npy")}, projected()},
        {{"--relative-max-distance", "99"}, relative},
        {{"--bidirectional"}, relative},
        {{"--causal"}, projected()},
        {{"--no-causal"}, join({"-x", sample("embeddings.npy"), "-w"}, {sample("weights")})},
        {{"--query-offset", "1"}, join(projected(), {"--causal"})},
        {{"--window", "1,1"}, projected()},
        {{"--mask", flag_file("allow.npy")}, projected()},
        {{"--mask-true", "ignore"}, join(projected(), {"--mask", flag_file("allow.npy")})},
        {{"--key-lengths", "3,5"}, projected()},
        {{"--past-key", flag_file("past_key.npy"), "--past-value", flag_file("past_value.npy")},
         projected()},
        {{"--precision", "f64"}, projected()},
        {{"--engine", "xtensor"}, projected()},
        {{"--verify"}, projected()},
        {{"--allow-nonfinite"}, projected()},
        {{"--grid", "5x1"}, join(projected(), {"--save", "stats"})},
        {{"--norm-weight", vector}, contributions},
        {{"--norm-bias", vector}, contributions},
    };
}

nlohmann::json options_of(const Arguments& arguments, const TempFolder& folder) {
    const Arguments save =
        std::find(arguments.begin(), arguments.end(), "--save") == arguments.end()
            ? Arguments{"--save", "scores"}
            : Arguments{};
    const auto result =
        run_program(join(join({"run", "--json", "-o", folder / "out"}, save), arguments));
    INFO(result.err);
    CAPTURE(arguments);
    REQUIRE(result.exit_code == 0);
    return nlohmann::json::parse(result.out)["options"];
}

}  // namespace

TEST_CASE("every flag of run that changes numbers leaves its trace in manifest.json") {
    const TempFolder folder;
    ChangedCheckpoint encoder("torch_encoder_prenorm");
    encoder.config("");
    // Flags of what is read, which "inputs" and "layout" tell, of labels, of what is saved, drawn
    // and printed; of rings, which take several processes; and the two that say how many heads
    // there are, which "heads" tells.
    std::set<std::string> told{"--embeddings",     "--weights",  "--query",         "--key",
                               "--value",          "--context",  "--hidden-states", "--token-ids",
                               "--token-type-ids", "--layout",   "--tokens",        "--key-tokens",
                               "--heads",          "--kv-heads", "--kv-order",      "--output",
                               "--force",          "--durable",  "--save",          "--format",
                               "--picture-format", "--layers",   "--layer",         "--head",
                               "--select-heads",   "--list",     "--json",          "--timing",
                               "--sha256",         "--resume",   "--ring",          "--io"};
    for (const Trace& trace : traces(encoder.write())) {
        CAPTURE(trace.flags);
        CHECK(options_of(join(trace.base, trace.flags), folder) != options_of(trace.base, folder));
        for (const std::string& word : trace.flags) told.insert(word);
    }
    bool pictures = false;
    for (const HelpFlag& flag : flags_in_help("run")) {
        pictures = pictures || flag.names.back() == "--colormap";
        const bool known = std::any_of(flag.names.begin(), flag.names.end(),
                                       [&](const std::string& name) { return told.count(name); });
        CAPTURE(flag.names);
        CHECK((known || pictures));
    }
}

TEST_CASE("numbers of a manifest.json that is read back are ranged, and named by their key") {
    const TempFolder folder;
    REQUIRE(run_program(join({"run", "-o", folder / "out"}, kSampleModel)).exit_code == 0);
    const std::string file = folder / "out/manifest.json";
    const auto whole = nlohmann::json::parse(read_file(file));
    const std::vector<std::string> none{"-1",    "1.7", "1e300", "9223372036854775807",
                                        "\"3\"", "{}",  "true"};
    std::size_t tried = 0;
    for (const std::string& number : none) {
        const std::string list = "[" + number + "]";
        const std::vector<std::pair<std::string, std::string>> places{
            {"/layers", list},
            {"/heads", list},
            {"/structure/key_lengths", list},
            {"/structure/window_left", number},
            {"/structure/window_right", number},
            {"/structure/query_offset", number == "-1" ? "[-1099511627777]" : list},
            {"/structure/query_offset", "[]"},
            {"/window_left", "{\"0\": " + number + "}"},
            {"/window_left", number},
            {"/window_left", "{\"1x\": 1}"},
            {"/window_left", "{\"-1\": 1}"},
        };
        for (const auto& [place, value] : places) {
            if (place == "/window_left" && value == "{}") continue;
            if (!takes_part(tried++, 3)) continue;
            auto changed = whole;
            changed[nlohmann::json::json_pointer(place)] = nlohmann::json::parse(value);
            folder.write("out/manifest.json", changed.dump());
            for (const char* command : {"stats", "check"}) {
                const auto result = run_program({command, folder / "out"});
                INFO(place << " " << value << "\n" << result.err);
                CHECK(result.exit_code == 2);
                const std::string key = place.substr(place.rfind('/') + 1);
                CHECK_THAT(result.err, Catch::StartsWith("attn-inspect: error: " + file) &&
                                           Catch::Contains(key));
                CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 1);
            }
        }
    }
}

TEST_CASE("the manifest has SHA-256 of every input where it is asked for, and the same otherwise") {
    const TempFolder folder;
    const auto manifest = [&](const Arguments& more) {
        REQUIRE(
            run_program(join(join({"run", "-o", folder / "out"}, kSampleModel), more)).exit_code ==
            0);
        return nlohmann::json::parse(read_file(folder / "out/manifest.json"));
    };
    const auto plain = manifest({});
    auto asked = manifest({"--sha256"});
    REQUIRE_FALSE(asked["inputs"].empty());
    for (auto& input : asked["inputs"]) {
        CHECK(input["xxh3"].get<std::string>().size() == 32);
        CHECK(input["sha256"].get<std::string>().size() == 64);
        CHECK(input["sha256_of"] == input["xxh3_of"]);
        input.erase("sha256");
        input.erase("sha256_of");
    }
    CHECK(asked == plain);
}

TEST_CASE("every command whose manifest lists inputs gives their SHA-256 where it is asked for") {
    const TempFolder folder;
    REQUIRE(run_program(join({"run", "-o", folder / "run"}, kSampleModel)).exit_code == 0);
    const std::string weights = folder / "run/layer00/weights.npy";
    const std::string other = folder / "run/layer01/weights.npy";
    const std::vector<Arguments> commands{
        {"heatmap", weights},
        {"rollout", folder / "run"},
        {"compare", weights, other},
        {"grad", "-w", sample("model.json")},
        {"approx", "-w", sample("model.json"), "--method", "local"},
        {"diagnose", "-w", sample("model.json"), "--observed", other},
    };
    for (const Arguments& command : commands) {
        CAPTURE(command.front());
        const std::string out = folder / command.front();
        const auto result = run_program(join(command, {"-o", out, "--sha256"}));
        CAPTURE(result.err);
        REQUIRE(result.exit_code < 2);
        const auto manifest = nlohmann::json::parse(read_file(out + "/manifest.json"));
        REQUIRE_FALSE(manifest["inputs"].empty());
        for (const auto& input : manifest["inputs"])
            CHECK(input["sha256"].get<std::string>().size() == 64);
    }
}

// q, k and v of a run as the source of approx.
#include <catch2/catch.hpp>

#include "support/array_files.hpp"
#include "support/lab.hpp"

using namespace attn;
using namespace attn::test;
using Json = nlohmann::json;

TEST_CASE("approx: q, k and v of a run give what the model gave, layer by layer") {
    const TempFolder folder;
    const std::string run = run_with_heads(folder);
    const Arguments specs{"--method", "local:window=8,performer,int4"};
    const Json of_model = lab_of(join(kSampleModel, specs));
    const Json of_run = lab_of(join({run}, specs));
    REQUIRE(of_run["methods"].size() == 4);
    for (std::size_t method = 0; method < 4; ++method) {
        REQUIRE(of_run["methods"][method]["layers"].size() == 2);
        for (std::size_t layer = 0; layer < 2; ++layer) {
            CAPTURE(method, layer);
            CHECK(error_of(of_run, method, layer) ==
                  Approx(error_of(of_model, method, layer)).margin(1e-12));
            CHECK(of_run["methods"][method]["layers"][layer]["flops"] ==
                  of_model["methods"][method]["layers"][layer]["flops"]);
        }
    }
    const Json one = lab_of(join({run, "--layers", "1"}, specs));
    CHECK(one["methods"][1]["layers"][0]["layer"] == 1);
    CHECK(error_of(one, 1, 0) == error_of(of_run, 1, 1));
}

TEST_CASE("approx: what a run was told holds for its q, k and v too") {
    const TempFolder folder;
    const Arguments told{"--scale", "0.5", "--window", "20,0", "--softcap", "30"};
    const std::string run = run_with_heads(folder, told);
    const Arguments specs{"--method", "local:window=8"};
    const Json of_model = lab_of(join(join(kSampleModel, told), specs));
    CHECK(error_of(lab_of(join({run}, specs)), 1, 1) ==
          Approx(error_of(of_model, 1, 1)).margin(1e-12));
    check_lab_refuses({run, "--rope"}, "--rope: has no effect on q, k and v that a run saved");
    check_lab_refuses({run, "--value", run + "/layer00/v.npy"}, "--value: has no effect");
    check_lab_refuses({run, "--layers", "2"}, "--layers");
    const std::string some = folder / "some";
    REQUIRE(run_program(join(join(Arguments{"run"}, kSampleModel),
                             {"--save", "q,k,v", "--head", "1", "-o", some}))
                .exit_code == 0);
    check_lab_refuses({some}, "without --head");
}

TEST_CASE("approx: sinks of a run that its folder does not hold are not made up") {
    const TempFolder folder;
    const std::string run =
        run_with_heads(folder, {"--sink", folder.write("sink.json", "[1, 1, 1, 1]")});
    check_lab_refuses({run, "--method", "local"},
                      run + ": its run had sinks that may be each layer's own");
}

TEST_CASE("approx: layers of another size than the first are refused") {
    const TempFolder folder;
    const std::string run = run_with_heads(folder);
    for (const char* name : {"q", "k", "v"})
        write_array(folder, std::string("heads/layer01/") + name + ".npy", {4, 2, 16},
                    std::vector<double>(128));
    check_lab_refuses({run, "--method", "local"}, "layers of another size than");
}

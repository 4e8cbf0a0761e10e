// What approx tells of single methods beside errors. Expected numbers: NumPy, float64, from
// queries, keys and values in float32.
#include <catch2/catch.hpp>
#include <cmath>

#include "support/array_files.hpp"
#include "support/lab.hpp"

using namespace attn;
using namespace attn::test;
using Json = nlohmann::json;

namespace {

const std::vector<double> kMeanErrors{0.005368724634882291, 0.3760986450566549, 0.28853240459829804,
                                      0.445839618107374};

// Layer 1 of the sample.
Json second_layer(const Arguments& more) {
    return lab_of(join(join(kSampleModel, {"--layer", "1"}), more));
}

const Json& layer_of(const Json& json, std::size_t method) {
    return json["methods"][method]["layers"][0];
}

void check_near(const Json& found, double expected) {
    CHECK(found.get<double>() == Approx(expected).epsilon(1e-7).margin(1e-12));
}

}  // namespace

TEST_CASE("approx: prune-heads tells shares of the output, and what means in their place cost") {
    const Json json = second_layer({"--method", "prune-heads:keep=4+3+2+1"});
    const std::vector<double> shares{0.006392720675172128, 0.3880348574500223, 0.2972829725747825,
                                     0.45447576898359837};
    // Of what is dropped: nothing, head 0, then 2, then 1.
    const std::vector<double> means{0, 0.005368724634882291, 0.2905910682002393,
                                    0.6008240294677524};
    for (std::size_t i = 0; i < 4; ++i) {
        const Json& layer = layer_of(json, i + 1);
        check_near(layer["mean_error"], means[i]);
        CHECK(layer["mean_error"] <= layer["output_error"]);
        CHECK(layer["output_share"].is_null());
        for (std::size_t head = 0; head < 4; ++head) {
            check_near(layer["heads"][head]["output_share"], shares[head]);
            check_near(layer["heads"][head]["mean_error"], kMeanErrors[head]);
        }
    }
    CHECK(layer_of(json, 0)["heads"][0]["output_share"].is_null());
}

TEST_CASE("approx: without W_O heads stand side by side, and some of them have no shares") {
    const TempFolder folder;
    const std::string run = run_with_heads(folder);
    const std::vector<double> shares{0.04612374801275195, 0.5857666670570901, 0.5021502730834229,
                                     0.634503833618307};
    const Arguments prune{"--method", "prune-heads:keep=2"};
    const Json json = lab_of(join(join(heads_of(run, "layer01"), {"--causal"}), prune));
    for (std::size_t head = 0; head < 4; ++head)
        check_near(layer_of(json, 1)["heads"][head]["output_share"], shares[head]);
    check_near(layer_of(json, 1)["heads"][3]["mean_error"], 0.6195069333641289);
    check_near(layer_of(json, 1)["mean_error"],
               std::hypot(0.03859322317160423, 0.4851777894963712));
    CHECK(layer_of(json, 1)["output_error"].is_null());
    const Json some = second_layer({"--method", "prune-heads:keep=1", "--head", "1,2"});
    CHECK(layer_of(some, 1)["heads"][0]["output_share"].is_null());
    CHECK(layer_of(some, 1)["mean_error"].is_null());
}

TEST_CASE("approx: stored weights with their values have shares, too") {
    const TempFolder folder;
    const std::string weights = write_array<double>(folder, "w.npy", {2, 2, 2},
                                                    {1, 0, 0, 1,  //
                                                     1, 0, 1, 0});
    const std::string values = write_array<double>(folder, "v.npy", {2, 2, 1}, {1, 3, 2, 5});
    const Json json =
        lab_of({weights, "--value", values, "--method", "prune-heads:keep=1", "--causal"});
    // Contexts 1, 3 and 2, 2: what the second head puts out does not vary.
    const Json& layer = layer_of(json, 1);
    check_near(layer["heads"][0]["output_share"], std::sqrt(10.0 / 18));
    check_near(layer["heads"][0]["mean_error"], std::sqrt(2.0 / 18));
    check_near(layer["heads"][1]["mean_error"], 0);
    check_near(layer["mean_error"], 0);
    CHECK(layer["heads"][1]["context_error"] == 1);
}

TEST_CASE("approx: nystrom tells how good its inverse is, svd the singular values") {
    const Json json =
        second_layer({"--no-causal", "--method", "nystrom:landmarks=5,svd:rank=3,topk:k=2"});
    const std::vector<double> residuals{0.006342456224469134, 0.006005600802539757,
                                        0.0056668538185514206, 0.00582760508344593};
    for (std::size_t head = 0; head < 4; ++head)
        CHECK(layer_of(json, 1)["heads"][head]["pinv_residual"].get<double>() ==
              Approx(residuals[head]).epsilon(1e-6));
    // Of a layer the worst one.
    CHECK(layer_of(json, 1)["pinv_residual"] == layer_of(json, 1)["heads"][0]["pinv_residual"]);
    CHECK(layer_of(json, 2)["pinv_residual"].is_null());
    CHECK(layer_of(json, 3)["heads"][0].count("singular_values") == 0);

    const Json causal = second_layer({"--method", "svd:rank=3"});
    const Json& values = layer_of(causal, 1)["heads"][1]["singular_values"];
    REQUIRE(values.size() == 49);
    CHECK(values[0].get<double>() == Approx(1.67757246).epsilon(1e-8));
    CHECK(values[2].get<double>() == Approx(1.41710861).epsilon(1e-8));
    // The error of the weights is what is left of them.
    double all = 0, left = 0;
    for (std::size_t t = 0; t < values.size(); ++t) {
        const double square = std::pow(values[t].get<double>(), 2);
        all += square;
        if (t >= 3) left += square;
    }
    check_near(layer_of(causal, 1)["heads"][1]["weights_error"], std::sqrt(left / all));
}

TEST_CASE("approx: projections in four-bit normal floats lie between four and three bits") {
    const Json json = second_layer(
        {"--method", "quant-weights:bits=4+3,quant-weights:kind=nf4:group=64,quant:kind=nf4"});
    const double four = error_of(json, 1, 0), three = error_of(json, 2, 0);
    const double normal = error_of(json, 3, 0);
    CHECK(normal > 0);
    CHECK(normal < three);
    CHECK(normal < 1.2 * four);
    CHECK(layer_of(json, 4)["kept_ratio"] < 0.3);
    CHECK(json["methods"][3]["options"]["kind"] == "nf4");
}

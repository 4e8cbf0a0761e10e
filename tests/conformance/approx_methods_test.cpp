// The implied weights, contexts and costs of methods against the reference cases, without the
// command around them.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "analysis/head_needs.hpp"
#include "attention/approx/pruned_heads.hpp"
#include "attention/approx/pruned_projection.hpp"
#include "attention/approx/recurrent.hpp"
#include "attention/approx/spec.hpp"
#include "support/arrays.hpp"
#include "support/plain_head.hpp"

using namespace attn;
using namespace attn::test;
using namespace attn::approx;
using Json = nlohmann::json;
namespace fs = std::filesystem;

namespace {

const fs::path kCases = fs::path(ATTN_CASES_DIR) / "approx";

Json case_in(const fs::path& folder) {
    return Json::parse(std::ifstream(folder / "case.json"));
}

Matrix<double> matrix_of(const Array<double>& array) {
    Matrix<double> matrix(array.rank() == 2 ? array.extent(0) : 1, array.extent(array.rank() - 1));
    matrix.values.assign(array.values().begin(), array.values().end());
    return matrix;
}

// Head h of queries has key head h / (heads / kv heads).
PlainHead head_of(const fs::path& folder, const Json& reference, std::size_t head) {
    const auto all = [&](const char* name) {
        return load((folder / reference["inputs"][name].get<std::string>()).string());
    };
    const Array<double> q = all("q"), k = all("k"), v = all("v");
    const std::size_t kv = head / (q.extent(0) / k.extent(0));
    return PlainHead(matrix_of(q.slice(head)), matrix_of(k.slice(kv)), matrix_of(v.slice(kv)),
                     reference["causal"], reference.value("query_offset", 0));
}

struct Implied {
    Matrix<double> weights;
    Matrix<double> values;
    std::size_t kept = 0;
    std::size_t kept_last = 0;
    std::size_t scored = 0;
};

Implied implied_by(const MethodRow& method, const Options& options, const PlainHead& head,
                   std::size_t number) {
    const HeadInput input = head.input(number);
    Implied implied;
    implied.values = head.v;
    if (method.factors) {
        implied.weights = head.weights_of(method.factors(options, input));
    } else if (method.inputs) {
        const ChangedInputs changed = method.inputs(options, input);
        implied.weights = head.weights_of(changed.q, changed.k);
        if (!changed.v.empty()) implied.values = changed.v;
    } else {
        const auto kept = method.kept_keys(options, input);
        implied.scored = kept->scored();
        implied.weights = head.rows.weights();
        head.rows.visit(0, head.q.rows, [&](const ExactRows::Row& row) {
            std::vector<std::uint8_t> keep(row.allowed.size());
            kept->keep(row, row.allowed, keep.data());
            double sum = 0;
            implied.kept_last = 0;
            for (std::size_t j = 0; j < keep.size(); ++j) {
                implied.kept_last += keep[j];
                sum += keep[j] ? row.weights[j] : 0;
            }
            implied.kept += implied.kept_last;
            for (std::size_t j = 0; j < row.weights.size(); ++j) {
                const bool is_kept = j < keep.size() && keep[j];
                implied.weights.at(row.query, j) = is_kept ? row.weights[j] / sum : 0;
            }
        });
    }
    return implied;
}

double largest_difference(const Matrix<double>& got, const Matrix<double>& expected) {
    REQUIRE(got.values.size() == expected.values.size());
    double largest = 0;
    for (std::size_t i = 0; i < got.values.size(); ++i)
        largest = std::max(largest, std::abs(got.values[i] - expected.values[i]));
    return largest;
}

Matrix<double> context_of(const Implied& implied) {
    Matrix<double> context(implied.weights.rows, implied.values.columns);
    for (std::size_t i = 0; i < context.rows; ++i) {
        for (std::size_t j = 0; j < implied.values.rows; ++j) {
            for (std::size_t c = 0; c < context.columns; ++c)
                context.at(i, c) += implied.weights.at(i, j) * implied.values.at(j, c);
        }
    }
    return context;
}

CostInputs cost_inputs(const PlainHead& head, const Implied& implied) {
    CostInputs inputs;
    inputs.sizes = head.input().sizes;
    inputs.causal = head.causal;
    for (std::size_t i = 0; i < head.q.rows; ++i) {
        inputs.allowed_last = head.rows.allowed(i).size();
        inputs.cells += inputs.allowed_last;
    }
    inputs.kept_cells = implied.kept;
    inputs.kept_last = implied.kept_last;
    inputs.scored = implied.scored;
    return inputs;
}

void check_case(const fs::path& folder, const Json& reference) {
    const std::string spec = reference["spec"];
    const Spec method = parse_specs(spec).front();
    const double tolerance = reference["tolerance"]["f64"]["arrays"];
    for (std::size_t h = 0; h < reference["heads"].size(); ++h) {
        CAPTURE(spec, h);
        const PlainHead head = head_of(folder, reference, h);
        const Options options = resolve(method.parts.front(), head.input().sizes, 0, {});
        const Implied implied = implied_by(method.method(), options, head, h);
        const auto expected = [&](const char* name) {
            return matrix_of(load((folder / name).string()).slice(h));
        };
        CHECK(largest_difference(implied.weights, expected("weights.npy")) <= tolerance);
        CHECK(largest_difference(context_of(implied), expected("context.npy")) <= 3 * tolerance);
        const Cost cost = method.method().cost(options, cost_inputs(head, implied));
        CHECK(cost.flops == reference["heads"][h]["flops"]);
        CHECK(cost.kept_bytes == reference["heads"][h]["kept_bytes"]);
        CHECK(cost.read_bytes == reference["heads"][h]["read_bytes"]);
    }
}

}  // namespace

TEST_CASE("methods imply the weights of the reference and cost as much") {
    if (!fs::exists(kCases)) return;
    std::size_t checked = 0;
    for (const auto& entry : fs::directory_iterator(kCases)) {
        if (!fs::exists(entry.path() / "case.json")) continue;
        const Json reference = case_in(entry.path());
        if (!reference.is_object() || !reference.contains("spec")) continue;
        const std::string name = reference["method"];
        const MethodRow* row = find_method(name);
        // Those that keep rows by rules of their own (soft, measured from a row on) are run by the
        // command.
        if (!row || (row->kept_keys && name != "lsh" && name != "kmeans" && name != "quest" &&
                     name != "block-topk" && name != "bigbird" && name != "vertical-slash"))
            continue;
        check_case(entry.path(), reference);
        ++checked;
    }
    CHECK(checked >= 20);
}

TEST_CASE("layers of every kind cost what the reference says") {
    if (!fs::exists(kCases)) return;
    for (const Json& one : case_in(kCases / "costs")) {
        const LayerSize size{one["n"], one["d_model"], one["heads"], one["causal"]};
        std::vector<LayerCost> costs{attention_layer(size), linear_layer(size)};
        for (const Recurrent kind : {Recurrent::rnn, Recurrent::gru, Recurrent::lstm})
            costs.push_back(recurrent_layer(kind, size));
        for (const LayerCost& cost : costs) {
            CAPTURE(cost.name, size.n);
            const Json& expected = one["rows"][cost.name];
            CHECK(cost.flops == expected["flops"]);
            CHECK(cost.core_flops == expected.value("core_flops", cost.core_flops));
            CHECK(cost.sequential_steps == expected["sequential_steps"]);
            CHECK(cost.path == expected["path"]);
            CHECK(4 * cost.state == expected["state_bytes"]);
        }
    }
}

TEST_CASE("heads are dropped in the order and with the errors of the reference") {
    if (!fs::exists(kCases)) return;
    const fs::path folder = kCases / "prune-heads-induction-l1";
    const Json reference = case_in(folder);
    const auto all = [&](const char* name) { return load((folder / name).string()); };
    const Array<double> q = all("q.npy"), k = all("k.npy"), v = all("v.npy"), w_o = all("W_O.npy");
    std::vector<Matrix<double>> contexts;
    for (std::size_t h = 0; h < q.extent(0); ++h) {
        const PlainHead head(matrix_of(q.slice(h)), matrix_of(k.slice(h)), matrix_of(v.slice(h)),
                             true);
        contexts.push_back(context_of({head.rows.weights(), head.v}));
    }
    std::vector<MatrixView<const double>> views;
    for (const Matrix<double>& context : contexts) views.push_back(context.view());
    // The file holds heads apart: [heads, d_value, d_model].
    const Matrix<double> joined = matrix_of(
        w_o.rank() == 2 ? w_o : w_o.reshaped({w_o.extent(0) * w_o.extent(1), w_o.extent(2)}));
    const HeadProducts products = head_products(views, joined.view());
    const std::vector<double> shares = output_shares(products);
    for (std::size_t h = 0; h < shares.size(); ++h)
        CHECK(shares[h] == Approx(reference["output_share"][h].get<double>()).epsilon(1e-9));
    const std::vector<std::size_t> order = drop_order(shares);
    for (const Json& row : reference["rows"]) {
        const std::size_t count = order.size() - row["keep"].get<std::size_t>();
        std::vector<std::size_t> dropped(order.begin(),
                                         order.begin() + static_cast<std::ptrdiff_t>(count));
        CHECK(error_without(products, dropped) ==
              Approx(row["output_error"].get<double>()).epsilon(1e-9).margin(1e-12));
        std::sort(dropped.begin(), dropped.end());
        CHECK(dropped == row["dropped"].get<std::vector<std::size_t>>());
    }
}

TEST_CASE("changed projections give the errors of the reference") {
    if (!fs::exists(kCases)) return;
    const fs::path folder = kCases / "projections-induction-l0";
    const Json reference = case_in(folder);
    const auto matrix = [&](const std::string& name) {
        return matrix_of(load((folder / (name + ".npy")).string()));
    };
    const Matrix<double> x = matrix("x");
    const std::size_t heads = reference["heads"];
    // One of q, k, v of every head: x W + b.
    const auto projected = [&](const char* letter, const MethodRow* method,
                               const Options& options) {
        Matrix<double> w = matrix(std::string("W_") + letter);
        const Matrix<double> b = matrix(std::string("b_") + letter);
        if (method) method->projection(options, w);
        std::vector<Matrix<double>> parts(heads, Matrix<double>(x.rows, w.columns / heads));
        for (std::size_t i = 0; i < x.rows; ++i) {
            for (std::size_t c = 0; c < w.columns; ++c) {
                double sum = b.values[c];
                for (std::size_t e = 0; e < x.columns; ++e) sum += x.at(i, e) * w.at(e, c);
                parts[c / parts[0].columns].at(i, c % parts[0].columns) = sum;
            }
        }
        return parts;
    };
    const auto all_heads = [&](const MethodRow* method, const Options& options) {
        const auto q = projected("Q", method, options), k = projected("K", method, options),
                   v = projected("V", method, options);
        std::vector<PlainHead> made;
        for (std::size_t h = 0; h < heads; ++h) made.emplace_back(q[h], k[h], v[h], true);
        return made;
    };
    const std::vector<PlainHead> exact = all_heads(nullptr, {});
    for (const Json& row : reference["rows"]) {
        const Spec spec = parse_specs(row["spec"]).front();
        const Options options = resolve(spec.parts.front(), exact[0].input().sizes, 0, {});
        const std::vector<PlainHead> changed = all_heads(&spec.method(), options);
        for (std::size_t h = 0; h < heads; ++h) {
            CAPTURE(row["spec"], h);
            const auto expected = [&](const char* name) {
                return Approx(row["heads"][h][name].get<double>()).epsilon(1e-8);
            };
            CHECK(relative_error(changed[h].rows.weights(), exact[h].rows.weights()) ==
                  expected("weights_error"));
            CHECK(relative_error(context_of({changed[h].rows.weights(), changed[h].v}),
                                 context_of({exact[h].rows.weights(), exact[h].v})) ==
                  expected("context_error"));
        }
    }
}

TEST_CASE("heads need what the reference says") {
    if (!fs::exists(kCases)) return;
    for (const char* name : {"needs-induction", "needs-gauss"}) {
        const fs::path folder = kCases / name;
        const Json reference = case_in(folder);
        for (std::size_t h = 0; h < reference["heads"].size(); ++h) {
            CAPTURE(name, h);
            const PlainHead head = head_of(folder, reference, h);
            const auto recompute = [&](const ChangedInputs& changed) {
                return std::make_unique<KeptRows>(head.weights_of(changed.q, changed.k),
                                                  head.causal, head.offset);
            };
            analysis::NeedsTarget target;
            target.error = reference["target"];
            const analysis::HeadNeeds needs = find_needs(head.input(h), target, recompute);
            const Json& expected = reference["heads"][h];
            CHECK(needs.span_90 == expected["span_90"].get<std::size_t>());
            CHECK(needs.span_95 == expected["span_95"].get<std::size_t>());
            CHECK(needs.span_99 == expected["span_99"].get<std::size_t>());
            CHECK(needs.span_95_without_first ==
                  expected["span_95_without_first"].get<std::size_t>());
            CHECK(needs.local == expected["local"].get<std::size_t>());
            CHECK(needs.local_sinks4 == expected["local_sinks4"].get<std::size_t>());
            CHECK(needs.topk == expected["topk"].get<std::size_t>());
            CHECK(needs.rank == expected["rank"].get<std::size_t>());
            CHECK(needs.rank_scores == expected["rank_scores"].get<std::size_t>());
            CHECK(needs.bits == expected["bits"].get<std::size_t>());
        }
    }
}

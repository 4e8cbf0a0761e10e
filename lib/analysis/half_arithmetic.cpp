#include "analysis/half_arithmetic.hpp"

#include <algorithm>

#include "analysis/dense_heads.hpp"

namespace attn::analysis {
namespace {

struct Named {
    Stages stage;
    const char* name;
};
constexpr Named kNames[] = {{stage::hidden, "hidden state"},
                            {stage::norms, "norms before their weights"},
                            {stage::inputs, "input"},
                            {stage::matrices, "W_Q, W_K, W_V, W_O"},
                            {stage::projections, "projections"},
                            {stage::rotation, "rotary turns"},
                            {stage::heads, "queries and keys"},
                            {stage::scaled_heads, "queries and keys times the root of the scale"},
                            {stage::values, "values"},
                            {stage::scaled_queries, "scaled queries"},
                            {stage::products, "products of queries and keys"},
                            {stage::factor, "their scale"},
                            {stage::scores, "scores"},
                            {stage::exponentials, "exponentials of softmax"},
                            {stage::fused, "exponentials before the product with the values"},
                            {stage::weights, "weights"},
                            {stage::contexts, "contexts"},
                            {stage::output, "output"}};

// What programs round: nothing, one stage, what they are given, that and the scores, softmax,
// everything.
std::vector<Stages> usual_stages(const std::vector<Stages>& possible) {
    constexpr Stages given = stage::heads + stage::values;
    constexpr Stages of_scores = stage::products + stage::factor + stage::scores;
    Stages all = 0;
    for (const Stages one : possible) all |= one;
    constexpr Stages of_softmax = stage::scores + stage::exponentials + stage::weights;
    std::vector<Stages> usual{0};
    usual.insert(usual.end(), possible.begin(), possible.end());
    // One of these, or none.
    constexpr Stages either = stage::scaled_queries + stage::scaled_heads;
    const Stages most = all & ~either & ~stage::exponentials & ~stage::fused;
    constexpr Stages after = stage::contexts + stage::output;
    for (const Stages some :
         {given, given + stage::scores, given + of_scores, given + stage::products + stage::scores,
          of_softmax, most, most & ~stage::factor,
          (most & ~of_scores) + stage::scaled_heads + stage::scores,
          (most & ~of_scores) + stage::scaled_queries + stage::scores, given + stage::fused + after,
          all & ~either & ~stage::fused}) {
        if (std::find(usual.begin(), usual.end(), some & all) == usual.end())
            usual.push_back(some & all);
    }
    return usual;
}

// Takes stages in or out, one after the other, as long as that brings it closer; a stage more must
// bring something.
HalfArithmetic improved(HalfArithmetic found, const std::vector<Stages>& stages,
                        const std::function<HalfArithmetic(Rounding, Stages)>& measure) {
    for (const Stages one : stages) {
        const HalfArithmetic other = measure(found.type, found.stages ^ one);
        const double needed = (found.stages & one) != 0 ? 1 : 0.98;
        if (other.left <= needed * found.left) found = other;
    }
    return found;
}

bool rounds_norms(const DenseInputs& in) {
    if (in.input_norm != nullptr && may_round_before_weight(*in.input_norm)) return true;
    return in.weights != nullptr && (may_round_before_weight(in.weights->q_norm) ||
                                     may_round_before_weight(in.weights->k_norm));
}

}  // namespace

std::vector<Stages> stages_before(Observed kind, const DenseInputs& inputs) {
    std::vector<Stages> stages;
    if (inputs.input_norm != nullptr) stages.push_back(stage::hidden);
    if (rounds_norms(inputs)) stages.push_back(stage::norms);
    if (inputs.weights != nullptr) {
        stages.push_back(stage::inputs);
        stages.push_back(stage::matrices);
    }
    if (inputs.weights != nullptr) stages.push_back(stage::projections);
    if (inputs.options->rotary) stages.push_back(stage::rotation);
    stages.push_back(stage::heads);
    if (kind == Observed::output) stages.push_back(stage::values);
    for (const Stages one : {stage::scaled_queries, stage::scaled_heads, stage::products,
                             stage::factor, stage::scores})
        stages.push_back(one);
    if (kind == Observed::scores) return stages;
    for (const Stages one : {stage::exponentials, stage::weights}) stages.push_back(one);
    if (kind == Observed::weights) return stages;
    for (const Stages one : {stage::fused, stage::contexts, stage::output}) stages.push_back(one);
    return stages;
}

std::string text_of(const HalfArithmetic& arithmetic) {
    std::string text;
    for (const Named& named : kNames) {
        if ((arithmetic.stages & named.stage) != 0)
            text += (text.empty() ? "" : ", ") + std::string(named.name);
    }
    return std::string(name_of(arithmetic.type)) + ": " + text;
}

HalfArithmetic find_half_arithmetic(const Mistakes& mistakes, const std::vector<Stages>& stages,
                                    const std::vector<Rounding>& types,
                                    const std::function<double(const Mistakes&)>& square_left) {
    Mistakes tried = mistakes;
    tried.arithmetic = Rounding::none;
    const double before = square_left(tried);
    if (!(before > 0)) return {};
    const auto measure = [&](Rounding type, Stages some) {
        tried.arithmetic = type;
        tried.stages = some;
        return HalfArithmetic{type, some, some == 0 ? 1 : square_left(tried) / before};
    };
    std::vector<HalfArithmetic> starts;
    for (const Rounding type : types) {
        for (const Stages start : usual_stages(stages)) {
            const HalfArithmetic found = measure(type, start);
            starts.push_back(start == 0 ? improved(found, stages, measure) : found);
        }
    }
    const auto closer = [](const HalfArithmetic& a, const HalfArithmetic& b) {
        return a.left < b.left;
    };
    std::stable_sort(starts.begin(), starts.end(), closer);
    // A stage that was taken by chance may keep out the right ones: the best few get a second look.
    constexpr std::size_t kFew = 3;
    constexpr double kHopeless = 0.9;
    for (std::size_t i = 0; i < std::min(kFew, starts.size()); ++i) {
        for (int round = 0; round < 3 && starts[i].left < kHopeless; ++round) {
            const Stages at_first = starts[i].stages;
            starts[i] = improved(starts[i], stages, measure);
            if (starts[i].stages == at_first) break;
        }
        if (starts[i].is_repeated()) break;
    }
    const HalfArithmetic best = *std::min_element(starts.begin(), starts.end(), closer);
    return best.stages == 0 ? HalfArithmetic() : best;
}

}  // namespace attn::analysis

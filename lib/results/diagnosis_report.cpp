#include "results/diagnosis_report.hpp"

#include <nlohmann/json.hpp>

#include "io/json_text.hpp"

namespace attn::results {
namespace {

using analysis::Diagnosis;
using analysis::Hypothesis;
using analysis::Observed;
using DiagnosisJson = nlohmann::ordered_json;

const char* verdict_word(const Diagnosis& diagnosis) {
    if (diagnosis.correct) return "correct";
    return diagnosis.explained() ? "mistake" : "unexplained";
}

DiagnosisJson observed_place(const Shape& place, Observed kind) {
    DiagnosisJson json = DiagnosisJson::object();
    for (std::size_t axis = 0; axis < place.size(); ++axis) json[axes_of(kind)[axis]] = place[axis];
    return json;
}

DiagnosisJson misfit_json(const analysis::Differences& differences, Observed kind) {
    DiagnosisJson json{
        {"differing", differences.differing},
        {"cells", differences.cells},
        {"place", observed_place(differences.place, kind)},
        {"expected", differences.expected},
        {"observed", differences.observed},
        {"typical", differences.typical},
        {"largest", differences.largest},
        {"above", differences.above},
        {"ratio", differences.ratio != 0 ? DiagnosisJson(differences.ratio) : DiagnosisJson()},
        {"axes", DiagnosisJson::object()}};
    for (std::size_t axis = 0; axis < differences.axes.size(); ++axis) {
        const analysis::Affected& affected = differences.axes[axis];
        DiagnosisJson entry{{"differing", affected.count}, {"of", affected.of}};
        if (affected.count > 0) entry["first"] = affected.first, entry["last"] = affected.last;
        json["axes"][axes_of(kind)[axis]] = entry;
    }
    if (differences.lowest_sum <= differences.highest_sum)
        json["row_sums"] = {differences.lowest_sum, differences.highest_sum};
    return json;
}

DiagnosisJson non_finite_json(const analysis::NonFinite& non_finite, Observed kind) {
    if (non_finite.count() == 0) return nullptr;
    DiagnosisJson json{{"nan", non_finite.nan},
                       {"infinite", non_finite.infinite},
                       {"first", observed_place(non_finite.first, kind)},
                       {"whole_rows", non_finite.whole_rows},
                       {"rows", DiagnosisJson::array()}};
    for (const Shape& row : non_finite.rows) json["rows"].push_back(observed_place(row, kind));
    return json;
}

DiagnosisJson names_json(const std::vector<std::vector<const Hypothesis*>>& list) {
    DiagnosisJson json = DiagnosisJson::array();
    for (const auto& mistakes : list) {
        DiagnosisJson names = DiagnosisJson::array();
        for (const Hypothesis* mistake : mistakes) names.push_back(mistake->name);
        json.push_back(names);
    }
    return json;
}

// Lists without an entry where nothing or everything differs.
DiagnosisJson only_json(const analysis::Differing& differing) {
    DiagnosisJson json{{"sequences", DiagnosisJson::array()},
                       {"heads", DiagnosisJson::array()},
                       {"others", nullptr}};
    if (!differing.is_part()) return json;
    json["sequences"] = differing.sequences;
    json["heads"] = differing.heads;
    json["others"] = differing.others;
    return json;
}

DiagnosisJson layers_json(const std::vector<LayerVerdict>& layers) {
    DiagnosisJson json = DiagnosisJson::array();
    for (const LayerVerdict& verdict : layers) {
        const char* const judged = verdict.correct ? "correct" : "wrong";
        json.push_back(
            {{"layer", verdict.layer},
             {"verdict", verdict.judged ? DiagnosisJson(judged) : DiagnosisJson()},
             {"residual", verdict.residual ? DiagnosisJson(*verdict.residual) : DiagnosisJson()}});
    }
    return json;
}

DiagnosisJson explanation_json(const Diagnosis& diagnosis,
                               const analysis::Explanation& explanation) {
    DiagnosisJson entry{{"mistakes", DiagnosisJson::array()},
                        {"residual", explanation.residual},
                        {"explains", explained_share(diagnosis, explanation)},
                        {"fits", explanation.fits()},
                        {"sampled", diagnosis.sampled},
                        {"detail", explanation.detail},
                        {"advice", DiagnosisJson::array()},
                        {"read", DiagnosisJson::array()}};
    for (const Hypothesis* mistake : explanation.mistakes) {
        entry["mistakes"].push_back(mistake->name);
        entry["advice"].push_back(mistake->advice);
        entry["read"].push_back(mistake->read);
    }
    return entry;
}

DiagnosisJson probe_json(const std::optional<Probe>& probe) {
    if (probe->files.empty()) return {{"files", DiagnosisJson::array()}, {"reason", probe->reason}};
    return {{"files", probe->files}, {"observe", word(probe->observe)}, {"apart", probe->apart}};
}

DiagnosisJson text_or_null(const std::string& text) {
    return text.empty() ? DiagnosisJson() : DiagnosisJson(text);
}

}  // namespace

const char* word(Observed kind) {
    switch (kind) {
        case Observed::weights:
            return "weights";
        case Observed::scores:
            return "scores";
        case Observed::output:
            break;
    }
    return "output";
}

std::vector<const char*> axes_of(Observed kind) {
    if (kind == Observed::output) return {"seq", "query", "column"};
    return {"seq", "head", "query", "key"};
}

std::string diagnosis_json(const DiagnoseResult& result) {
    const Diagnosis& diagnosis = result.diagnosis;
    DiagnosisJson json{{"verdict", verdict_word(diagnosis)},
                       {"observed", word(result.kind)},
                       {"layer", result.layer},
                       {"layers", layers_json(result.layers)},
                       {"precision", text_or_null(diagnosis.precision)},
                       {"tolerance", diagnosis.tolerance},
                       {"non_finite", non_finite_json(diagnosis.non_finite, result.kind)},
                       {"constant", diagnosis.constant},
                       {"small_difference", text_or_null(diagnosis.size_of_rounding)},
                       {"misfit", misfit_json(diagnosis.differences, result.kind)},
                       {"only", only_json(diagnosis.differing)},
                       {"untried", names_json(diagnosis.untried.mistakes)},
                       {"unconfirmed", names_json(diagnosis.untried.unconfirmed)},
                       {"explanations", DiagnosisJson::array()}};
    if (result.probe) json["probe"] = probe_json(result.probe);
    if (!result.picture.empty()) json["picture"] = result.picture;
    for (const analysis::Explanation& explanation : diagnosis.explanations)
        json["explanations"].push_back(explanation_json(diagnosis, explanation));
    return io::json_document(json);
}

}  // namespace attn::results

#include "results/gradient_report.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "io/json_text.hpp"
#include "results/number_or_null.hpp"

namespace attn::results {
namespace {

using OrderedJson = nlohmann::ordered_json;

OrderedJson json_of(const analysis::HeadGradientStats& head, bool batch) {
    OrderedJson json{{"layer", head.layer}};
    if (batch) json["seq"] = head.sequence;
    json["head"] = head.head;
    for (const analysis::GradientMeasure& measure : analysis::gradient_measures())
        json[measure.name] = number_or_null(head.*measure.value);
    return json;
}

OrderedJson json_of(const analysis::LayerGradientStats& layer) {
    OrderedJson json{{"layer", layer.layer}};
    for (const auto& [name, value] : analysis::named_numbers(layer))
        json[name] = number_or_null(value);
    return json;
}

std::string csv_number(double value) {
    if (std::isnan(value)) return "";
    char text[32];
    std::snprintf(text, sizeof text, "%.9g", value);
    return text;
}

}  // namespace

std::vector<GradientFailure> GradientReport::failures() const {
    constexpr double kMostVanishing = 0.5;
    std::vector<GradientFailure> failed;
    if (model.verdict == "nonfinite")
        failed.push_back({std::nullopt, 0, std::nullopt, "gradients are NaN or infinite"});
    else if (model.verdict != "ok")
        failed.push_back({std::nullopt, 0, std::nullopt,
                          "gradients are " + std::string(model.verdict) + " over the layers"});
    for (const analysis::HeadGradientStats& head : heads) {
        if (!(head.vanishing_rows > kMostVanishing)) continue;
        char share[32];
        std::snprintf(share, sizeof share, "%.3g", 100 * head.vanishing_rows);
        failed.push_back({head.layer, head.sequence, head.head,
                          "softmax passes no gradient in " + std::string(share) +
                              " % of the rows (vanishing_rows, at most 50 %)"});
    }
    return failed;
}

std::string GradientReport::label(const TokenGradient& token) const {
    if (labels.empty()) return "";
    return labels[labels.size() == 1 ? 0 : token.sequence][token.token];
}

std::string gradient_json(const GradientReport& report) {
    OrderedJson json;
    json["heads"] = OrderedJson::array();
    for (const auto& head : report.heads) json["heads"].push_back(json_of(head, report.batch));
    json["layers"] = OrderedJson::array();
    for (const auto& layer : report.layers) json["layers"].push_back(json_of(layer));
    json["model"] = {{"depth_gain", number_or_null(report.model.depth_gain)},
                     {"rate", number_or_null(report.model.rate)},
                     {"global_norm", number_or_null(report.model.global_norm)}};
    if (report.clipped)
        json["model"]["clip_coefficient"] = number_or_null(report.model.clip_coefficient);
    json["model"]["verdict"] = report.model.verdict;
    json["tokens"] = OrderedJson::array();
    for (const TokenGradient& token : report.tokens) {
        json["tokens"].push_back({{"seq", token.sequence},
                                  {"token", token.token},
                                  {"grad_norm", number_or_null(token.grad_norm)},
                                  {"grad_dot_input", number_or_null(token.grad_dot_input)}});
        if (!report.labels.empty()) json["tokens"].back()["label"] = report.label(token);
    }
    json["failed"] = OrderedJson::array();
    for (const GradientFailure& failure : report.failures()) {
        OrderedJson one{{"layer", failure.layer ? OrderedJson(*failure.layer) : OrderedJson()}};
        if (report.batch && failure.head) one["seq"] = failure.sequence;
        one["head"] = failure.head ? OrderedJson(*failure.head) : OrderedJson();
        one["reason"] = failure.reason;
        json["failed"].push_back(std::move(one));
    }
    if (report.check) {
        json["verification"] = {{"entries", report.check->entries},
                                {"largest", number_or_null(report.check->worst)},
                                {"place", report.check->place},
                                {"rounding", number_or_null(report.check->rounding)},
                                {"passed", report.check->passed()}};
    }
    return io::json_document(json);
}

std::string gradient_csv(const GradientReport& report) {
    std::string text = report.batch ? "layer,seq,head" : "layer,head";
    for (const auto& measure : analysis::gradient_measures())
        text += std::string(",") + measure.name;
    text += "\n";
    for (const auto& head : report.heads) {
        text += std::to_string(head.layer) +
                (report.batch ? "," + std::to_string(head.sequence) : "") + "," +
                std::to_string(head.head);
        for (const auto& measure : analysis::gradient_measures())
            text += "," + csv_number(head.*measure.value);
        text += "\n";
    }
    return text;
}

}  // namespace attn::results

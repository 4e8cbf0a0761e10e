#include "results/comparison.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "io/json_text.hpp"
#include "results/number_or_null.hpp"

namespace attn::results {
namespace {

using ComparisonJson = nlohmann::ordered_json;

ComparisonJson head_json(const HeadDifference& head, bool batch) {
    ComparisonJson entry{{"layer", head.layer}};
    if (batch) entry["seq"] = head.sequence;
    entry["head"] = head.head;
    entry["max_abs"] = number_or_null(head.values.max_abs);
    entry["max_rel"] = number_or_null(head.values.max_rel);
    entry["max_ulp"] = number_or_null(head.values.max_ulp);
    entry["cosine"] = number_or_null(head.values.cosine);
    entry["mean_kl"] = number_or_null(head.values.mean_kl);
    entry["differing"] = head.values.differing;
    entry["cells"] = head.values.cells;
    entry["first"] = nullptr;
    if (head.values.first)
        entry["first"] =
            ComparisonJson::array({head.values.first->first, head.values.first->second});
    return entry;
}

}  // namespace

bool CompareResult::same() const {
    return missing.empty() &&
           std::all_of(heads.begin(), heads.end(),
                       [](const HeadDifference& head) { return head.values.differing == 0; });
}

std::string comparison_json(const CompareResult& result) {
    ComparisonJson json{{"same", result.same()}, {"heads", ComparisonJson::array()}};
    for (const HeadDifference& head : result.heads)
        json["heads"].push_back(head_json(head, result.batch));
    json["missing"] = result.missing;
    return io::json_document(json);
}

}  // namespace attn::results

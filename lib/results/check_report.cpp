#include "results/check_report.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "io/json_text.hpp"

namespace attn::results {
namespace {

using CheckJson = nlohmann::ordered_json;

template <class T>
CheckJson check_value(const std::optional<T>& value) {
    return value ? CheckJson(*value) : CheckJson();
}

CheckJson check_line_json(const CheckLine& line, bool batch) {
    CheckJson entry{{"name", line.name}, {"verdict", word(line.verdict)}};
    entry["worst"] = check_value(line.worst);
    CheckJson place;
    if (line.place) {
        place["layer"] = line.place->layer;
        if (batch) place["seq"] = line.place->sequence;
        place["head"] = line.place->head;
        place["query"] = check_value(line.place->query);
        place["key"] = check_value(line.place->key);
    }
    entry["place"] = place;
    entry["message"] = line.message;
    entry["threshold"] = check_value(line.threshold);
    entry["meaning"] = line.meaning;
    return entry;
}

}  // namespace

const char* word(Verdict verdict) {
    switch (verdict) {
        case Verdict::ok:
            return "ok";
        case Verdict::fail:
            return "FAIL";
        case Verdict::warning:
            return "warning";
        case Verdict::skipped:
            break;
    }
    return "skipped";
}

bool fails(const CheckLine& line, bool strict) {
    return line.verdict == Verdict::fail || (strict && line.verdict == Verdict::warning);
}

bool CheckResult::failed(bool strict) const {
    return std::any_of(lines.begin(), lines.end(),
                       [strict](const CheckLine& line) { return fails(line, strict); });
}

std::string checks_json(const std::vector<CheckedSource>& all, bool several, bool passed) {
    CheckJson json{{"passed", passed}, {"checks", CheckJson::array()}};
    for (const CheckedSource& checked : all) {
        for (const CheckLine& line : checked.result.lines) {
            CheckJson entry = CheckJson::object();
            if (several) entry["source"] = checked.source;
            entry.update(check_line_json(line, checked.result.batch));
            json["checks"].push_back(entry);
        }
    }
    return io::json_document(json);
}

}  // namespace attn::results

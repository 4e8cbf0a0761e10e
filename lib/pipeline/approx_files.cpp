#include "pipeline/approx_files.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "attention/projection.hpp"
#include "core/error.hpp"
#include "io/json_text.hpp"
#include "results/approx_report.hpp"

namespace attn::pipeline {
namespace {

std::shared_ptr<const Matrix<double>> load_projection(const std::string& name,
                                                      const std::string& flag, std::size_t keys,
                                                      io::Inputs& inputs) {
    const Array<double> array = inputs.load<double>(name, io::NonFinite::never);
    const std::string what = flag + " " + name + " " + to_string(array.shape());
    if (array.rank() != 2 || array.size() == 0)
        fail(what, ": expected a matrix [k, keys] or [keys, k]");
    const Array<double> wide = array.extent(0) > array.extent(1) ? transposed(array) : array;
    if (wide.extent(1) < keys)
        fail(what, ": its longer axis has fewer positions than the ", keys, " keys of the input");
    auto matrix = std::make_shared<Matrix<double>>(wide.extent(0), wide.extent(1));
    std::copy(wide.values().begin(), wide.values().end(), matrix->values.begin());
    return matrix;
}

std::optional<double> budget_in(const nlohmann::json& value, const std::string& where) {
    if (value.is_null()) return std::nullopt;
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() < 1)
        fail(where, ": is ", io::compact_json(value), ", expected a whole number from 1, or null");
    return value.get<double>();
}

}  // namespace

template <class T>
Array<T> load_values(const std::string& name, const Shape& attention, io::Inputs& inputs) {
    const Array<T> array = inputs.load<T>(name, io::NonFinite::never);
    Shape shape = array.shape();
    while (shape.size() < 4) shape.insert(shape.begin(), 1);
    const bool fits = array.rank() >= 2 && shape.size() == 4 && shape[2] == attention[3] &&
                      (shape[0] == 1 || shape[0] == attention[0]) && shape[1] > 0 &&
                      attention[1] % shape[1] == 0 && array.size() > 0;
    if (!fits)
        fail("--value ", name, " ", to_string(array.shape()), ": expected [(batch,) heads, ",
             attention[3], ", d_value], of the keys of ", to_string(attention));
    const std::size_t size = shape[2] * shape[3];
    std::vector<T> values;
    values.reserve(attention[0] * attention[1] * size);
    for (std::size_t sequence = 0; sequence < attention[0]; ++sequence) {
        for (std::size_t head = 0; head < attention[1]; ++head) {
            const std::size_t from = shape[0] == 1 ? 0 : sequence;
            const std::size_t kv = kv_head_of(head, attention[1], shape[1], KvOrder::repeat);
            const T* const first = array.data() + (from * shape[1] + kv) * size;
            values.insert(values.end(), first, first + size);
        }
    }
    return Array<T>({attention[0], attention[1], shape[2], shape[3]}, std::move(values));
}

template Array<float> load_values(const std::string&, const Shape&, io::Inputs&);
template Array<double> load_values(const std::string&, const Shape&, io::Inputs&);

LinformerFiles load_linformer(const std::string& e, const std::string& f, std::size_t keys,
                              io::Inputs& inputs) {
    LinformerFiles files{e, f, nullptr, nullptr};
    if (e.empty() && !f.empty()) fail("--linformer-f: needs --linformer-e");
    if (e.empty()) return files;
    files.e = load_projection(e, "--linformer-e", keys, inputs);
    if (f.empty()) return files;
    files.f = load_projection(f, "--linformer-f", keys, inputs);
    if (files.f->rows != files.e->rows)
        fail("--linformer-f ", f, ": has ", files.f->rows, " rows of keys, --linformer-e ", e,
             " has ", files.e->rows);
    return files;
}

std::string HeadBudgetFile::column_of(const approx::Spec& spec) {
    if (!approx::leaves_budget_open(spec)) return "";
    const std::string& name = spec.method().name;
    const auto& given = spec.parts.front().given;
    const auto option = [&](const char* key, const std::string& standard) {
        const auto found = given.find(key);
        return found == given.end() ? standard : found->second;
    };
    if (name == "local" && option("dilation", "1") == "1") {
        const std::string sinks = option("sinks", "0");
        return sinks == "0" ? "local" : sinks == "4" ? "local_sinks4" : "";
    }
    if (name == "topk") return "topk";
    if (name == "svd") return "rank";
    if (name == "lowrank-scores") return "rank_scores";
    if (name == "evict") return "keys";
    if (name == "quant" && option("kind", "int") == "int") return "bits";
    return "";
}

HeadBudgetFile load_head_budgets(const std::string& name) {
    const nlohmann::json list = io::read_json_document(name);
    const std::string what = "--head-budgets " + name;
    if (!list.is_array() || list.empty())
        fail(what, ": expected the heads of a needs.json, as approx --needs -o DIR writes it");
    HeadBudgetFile file{name, {}};
    for (std::size_t i = 0; i < list.size(); ++i) {
        const nlohmann::json& head = list[i];
        const std::string where = what + ": entry " + std::to_string(i);
        std::array<std::size_t, 3> place{};
        const char* const axes[] = {"layer", "seq", "head"};
        for (std::size_t axis = 0; axis < 3; ++axis) {
            const bool there = head.is_object() && head.contains(axes[axis]);
            // Files of a single sequence may leave that number out.
            if (!there && head.is_object() && axis == 1) continue;
            if (!there || !head[axes[axis]].is_number_unsigned())
                fail(where, ": has no number \"", axes[axis],
                     "\", which those of approx --needs -o DIR have");
            place[axis] = head[axes[axis]].get<std::size_t>();
        }
        for (const results::NeedsFigure& figure : results::needs_figures()) {
            if (!head.contains(figure.name)) continue;
            auto& column = file.columns[figure.name];
            if (column.count(place) != 0)
                fail(where, ": layer ", place[0], ", sequence ", place[1], ", head ", place[2],
                     " stands there twice");
            column[place] = budget_in(head[figure.name], where + ", " + figure.name);
        }
    }
    return file;
}

std::shared_ptr<const analysis::HeadNumbers> budgets_of(
    const HeadBudgetFile& file, const std::string& column, double top,
    const std::vector<std::array<std::size_t, 3>>& heads) {
    const auto found = file.columns.find(column);
    auto budgets = std::make_shared<analysis::HeadNumbers>();
    for (const auto& head : heads) {
        const bool there = found != file.columns.end() && found->second.count(head) != 0;
        if (!there)
            fail("--head-budgets ", file.name, ": has no \"", column, "\" of layer ", head[0],
                 ", sequence ", head[1], ", head ", head[2]);
        (*budgets)[head] = std::min(top, found->second.at(head).value_or(top));
    }
    return budgets;
}

}  // namespace attn::pipeline

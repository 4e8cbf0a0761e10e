#include "pipeline/info.hpp"

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "io/array_name.hpp"
#include "io/inputs.hpp"
#include "model/weight_bundle.hpp"

namespace attn::pipeline {
namespace {

ArrayInfo describe(const std::string& key, const io::StoredArray& stored) {
    ArrayInfo info;
    info.key = key;
    info.dtype = stored.dtype;
    info.shape = stored.shape;
    info.column_major = stored.column_major;
    // Wide types would lose digits or overflow in float32.
    if (size_of(stored.dtype) > 4 || stored.dtype == DType::int32 ||
        stored.dtype == DType::uint32) {
        info.values =
            analysis::summarise(io::convert<double>(stored, io::NonFinite::allow).values());
    } else {
        info.values =
            analysis::summarise(io::convert<float>(stored, io::NonFinite::allow).values());
    }
    return info;
}

std::string plural(std::size_t count, const std::string& noun) {
    return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

std::string recognise(const io::Container& container) {
    try {
        const model::WeightBundle bundle = model::read_weight_bundle(container);
        std::string text =
            "projection matrices under native names, " + plural(bundle.layers.size(), "layer");
        if (bundle.heads) text += ", " + plural(*bundle.heads, "head");
        return text;
    } catch (const Error&) {
        return "";  // most files are not weight bundles, and this is not the place to complain
    }
}

std::string to_json(const io::Setting& setting) {
    const double* number = std::get_if<double>(&setting);
    const bool whole =
        number != nullptr && std::floor(*number) == *number && std::abs(*number) < 1e15;
    if (whole) return std::to_string(static_cast<long long>(*number));
    return std::visit([](const auto& value) { return nlohmann::json(value).dump(); }, setting);
}

}  // namespace

FileInfo inspect(const std::string& source) {
    const io::ArrayName name = io::parse_array_name(source);
    io::Inputs inputs;
    const io::Container& container = inputs.open(name.path);
    FileInfo info;
    info.path = name.path;
    info.format = container.format;
    if (!name.key.empty()) {
        info.arrays.push_back(describe(name.key, inputs.find(source)));
        return info;
    }
    info.layout = recognise(container);
    for (const auto& [key, stored] : container.arrays) info.arrays.push_back(describe(key, stored));
    for (const auto& [key, lists] : container.texts) {
        std::size_t count = 0;
        for (const auto& list : lists) count += list.size();
        info.texts.emplace_back(key, count);
    }
    for (const auto& [key, setting] : container.settings)
        info.settings.emplace_back(key, to_json(setting));
    return info;
}

}  // namespace attn::pipeline

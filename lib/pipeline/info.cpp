#include "pipeline/info.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "io/array_name.hpp"
#include "io/inputs.hpp"
#include "io/json_text.hpp"
#include "model/weight_bundle.hpp"

namespace attn::pipeline {
namespace {

// Up to here the numbers of a whole file are read without being asked for.
constexpr std::size_t kFewBytes = std::size_t{64} << 20;

std::size_t bytes_of(const io::Container& container) {
    std::size_t bytes = 0;
    for (const auto& [key, stored] : container.arrays)
        bytes += element_count(stored.shape, stored.name) * size_of(stored.dtype);
    return bytes;
}

ArrayInfo describe(const std::string& key, const io::StoredArray& stored, bool values) {
    ArrayInfo info;
    info.key = key;
    info.dtype = stored.dtype;
    info.shape = stored.shape;
    info.column_major = stored.column_major;
    if (!values || element_count(stored.shape, stored.name) == 0) return info;
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

// Whether a file was meant as a checkpoint: matrices of modules are called so everywhere.
bool looks_like_checkpoint(const io::Container& container) {
    if (container.settings.count("model_type") != 0) return true;
    const auto is_weight = [](const auto& entry) {
        const std::string& key = entry.first;
        const std::string end = "weight";
        return key.size() > end.size() &&
               key.compare(key.size() - end.size(), end.size(), end) == 0;
    };
    return std::any_of(container.arrays.begin(), container.arrays.end(), is_weight) ||
           std::any_of(container.unreadable.begin(), container.unreadable.end(), is_weight);
}

// The checkpoint that the file is, or why it is none.
void recognise(const io::Container& container, const std::string& layout, FileInfo& info) {
    try {
        info.model = model::summarise(model::read_weight_bundle(container, layout));
    } catch (const Error& problem) {
        if (!layout.empty()) throw;
        if (looks_like_checkpoint(container)) info.unrecognised = problem.what();
    }
}

std::string to_json(const io::Setting& setting) {
    const double* number = std::get_if<double>(&setting);
    const bool whole =
        number != nullptr && std::floor(*number) == *number && std::abs(*number) < 1e15;
    if (whole) return std::to_string(static_cast<long long>(*number));
    return std::visit([](const auto& value) { return io::json_value(value); }, setting);
}

}  // namespace

FileInfo inspect(const InfoRequest& request) {
    const io::ArrayName name = io::parse_array_name(request.source);
    io::Inputs inputs;
    const io::Container& container = inputs.open(name.path);
    FileInfo info;
    info.path = name.path;
    info.format = container.format;
    if (!name.key.empty()) {
        info.values = request.values.value_or(true);
        info.arrays.push_back(describe(name.key, inputs.find(request.source), info.values));
        return info;
    }
    recognise(container, request.layout, info);
    info.values = request.values.value_or(bytes_of(container) <= kFewBytes);
    for (const auto& [key, stored] : container.arrays)
        info.arrays.push_back(describe(key, stored, info.values));
    info.unreadable = container.unreadable;
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

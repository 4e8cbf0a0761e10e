#include "pipeline/compared_side.hpp"

#include "core/error.hpp"
#include "results/folder_layout.hpp"
#include "results/manifest.hpp"
#include "source/array_source.hpp"
#include "source/matched_axes.hpp"
#include "source/stored_parts.hpp"

namespace attn::pipeline {

DType stored_type(io::Inputs& inputs, const std::string& source) {
    std::string array = source;
    if (const auto run = results::find_manifest(source)) {
        if (run->layers.empty()) return DType::float32;
        array = source + "/" + results::array_name(run->layers.front(), "weights", run->format);
    }
    try {
        return source::find_stored_parts(inputs, array).arrays.front().dtype;
    } catch (const Error&) {
        return DType::float32;  // whoever opens it says what is wrong
    }
}

DType coarser(DType a, DType b) {
    for (const DType type : {DType::bfloat16, DType::float16}) {
        if (a == type || b == type) return type;
    }
    return a == DType::float64 && b == DType::float64 ? DType::float64 : DType::float32;
}

bool knows_axes(io::Inputs& inputs, const source::ArraySource& source) {
    return results::is_run_folder(source.name) || !source.axes.empty() ||
           source::is_of_run(source::find_stored_parts(inputs, source.name));
}

void take_axes(io::Inputs& inputs, source::ArraySource& source, const Shape& extents,
               const std::string& name, const Warn& warn) {
    if (knows_axes(inputs, source)) return;
    const source::StoredParts parts = source::find_stored_parts(inputs, source.name);
    source.axes = source::matched_axes(parts, extents);
    if (!source.axes.empty() && warn)
        warn(source::described(parts) + ": read as " +
             source::bracketed(source::parse_axes(source.axes, "--axes")) + " to match " + name +
             "; " + source.axes_flag + " names other axes");
}

std::string head_text(std::size_t layer, std::size_t head) {
    return "layer " + std::to_string(layer) + ", head " + std::to_string(head);
}

}  // namespace attn::pipeline

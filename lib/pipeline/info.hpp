// What is in a file: its arrays with their types, shapes and ranges, and what it is as a whole.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "analysis/array_summary.hpp"
#include "core/dtype.hpp"
#include "core/shape.hpp"
#include "model/model_summary.hpp"

namespace attn::pipeline {

struct ArrayInfo {
    std::string key;  // empty for the only array of a file
    DType dtype = DType::float32;
    Shape shape;
    bool column_major = false;
    analysis::ArraySummary values;  // of nothing where the numbers were not read
};

struct InfoRequest {
    std::string source;          // FILE[:KEY]; with a key only that array is described
    std::string layout;          // family of the checkpoint; empty: as its names say
    std::optional<bool> values;  // read all numbers; empty: where there are not too many
};

struct FileInfo {
    std::string path;
    std::string format;  // "NPY", "JSON", "safetensors"
    std::optional<model::ModelSummary> model;
    std::string unrecognised;  // why a file that looks like a checkpoint is none that we know
    bool values = true;        // whether the numbers were read
    std::vector<ArrayInfo> arrays;
    std::map<std::string, std::string> unreadable;              // key -> why
    std::vector<std::pair<std::string, std::size_t>> texts;     // "tokens" and how many there are
    std::vector<std::pair<std::string, std::string>> settings;  // "heads" and its value as JSON
};

FileInfo inspect(const InfoRequest& request);

}  // namespace attn::pipeline

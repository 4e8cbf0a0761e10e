// What is in a file: its arrays with their types, shapes and ranges, and what it is as a whole; and
// the JSON that goes with it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "analysis/array_summary.hpp"
#include "core/dtype.hpp"
#include "core/shape.hpp"
#include "model/model_summary.hpp"
#include "results/run_summary.hpp"

namespace attn::results {

struct ArrayInfo {
    std::string key;  // empty for the only array of a file
    DType dtype = DType::float32;
    Shape shape;
    bool column_major = false;
    analysis::ArraySummary values;  // of nothing where the numbers were not read
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

// A source that was described: a file, or a folder of results.
struct DescribedSource {
    std::string source;
    std::variant<FileInfo, RunSummary> what;
};

// A document of the only source, or where there are `several` {"files": [ … ]}, whose entries name
// theirs.
std::string info_json(const std::vector<DescribedSource>& all, bool several);

}  // namespace attn::results

// What is in a file: its arrays with their types, shapes and ranges, and what it is as a whole.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "analysis/array_summary.hpp"
#include "core/dtype.hpp"
#include "core/shape.hpp"

namespace attn::pipeline {

struct ArrayInfo {
    std::string key;  // empty for the only array of a file
    DType dtype = DType::float32;
    Shape shape;
    bool column_major = false;
    analysis::ArraySummary values;
};

struct FileInfo {
    std::string path;
    std::string format;  // "NPY", "JSON", "folder of NPY"
    std::string layout;  // "native projection matrices: 2 layers, 4 heads"; empty: not recognised
    std::vector<ArrayInfo> arrays;
    std::vector<std::pair<std::string, std::size_t>> texts;     // "tokens" and how many there are
    std::vector<std::pair<std::string, std::string>> settings;  // "heads" and its value as JSON
};

// `source` is FILE[:KEY]; with a key only that array is described. Throws Error.
FileInfo inspect(const std::string& source);

}  // namespace attn::pipeline

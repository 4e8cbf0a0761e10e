// Files that hold arrays: one interface over NPY, JSON, NPZ, safetensors and folders of them, so
// that whoever needs "W_Q of layer 3" does not know how it was saved.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "io/stored_array.hpp"

namespace attn::io {

// A file whose bytes were read, for the record in the manifest.
struct SourceFile {
    std::string path;  // "-" for standard input
    Span<const std::byte> bytes;
    std::shared_ptr<const void> owner;  // keeps them
};

// A number, truth value or text that stands beside the arrays ("heads": 4).
using Setting = std::variant<double, bool, std::string>;

struct Container {
    std::string path;
    // "NPY", "JSON", "NPZ", "safetensors", "sharded safetensors" or "folder of NPY"
    std::string format;
    std::map<std::string, StoredArray> arrays;      // key -> array; an NPY file has one, under ""
    std::map<std::string, std::string> unreadable;  // key -> why, such as "holds complex numbers"
    std::map<std::string, std::string> absent;      // key of JSON -> "is null", "is an empty list"
    std::map<std::string, std::vector<std::vector<std::string>>>
        texts;                                // "tokens": one list a sequence
    std::map<std::string, Setting> settings;  // "heads", "causal", "rope_scaling/factor", …
    // What else stands in config.json, as JSON writes it: "null", "[1, 0]", "NaN".
    std::map<std::string, std::string> other_settings;
    std::vector<SourceFile> files;
};

// Opens a file, a folder, or "-" (standard input). Files are told apart by their first bytes; a
// JSON file called *.safetensors.index.json stands for the files that it names. Of a folder is
// opened, in this order: its model.safetensors.index.json, all its *.safetensors, all its *.npy.
//
// Keys are those of the file; for JSON, JSON pointers without the first slash ("layers/0/W_Q"), for
// NPZ and folders the names of the .npy files without the ending. An array of a type that is not
// read is listed under `unreadable` and does not disturb the others. A config.json beside a
// checkpoint (anything but a lone NPY or JSON file) is read into settings and texts.
//
// Throws Error for a missing, empty, damaged or unsupported file.
Container open_container(const std::string& path);

// The same for bytes that were read already; `path` is what messages call them.
Container read_container(const FileBytes& file, const std::string& path);

}  // namespace attn::io

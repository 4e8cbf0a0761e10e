// Files that hold arrays: one interface over NPY, JSON and folders of .npy, so that whoever needs
// "W_Q of layer 3" does not know how it was saved.
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
};

// A number, truth value or text that stands beside the arrays ("heads": 4).
using Setting = std::variant<double, bool, std::string>;

struct Container {
    std::string path;
    std::string format;                             // "NPY", "JSON", "folder of NPY"
    std::map<std::string, StoredArray> arrays;      // key -> array; an NPY file has one, under ""
    std::map<std::string, std::string> unreadable;  // key -> why an array of the file is not read
    std::map<std::string, std::vector<std::vector<std::string>>>
        texts;                                // "tokens": one list a sequence
    std::map<std::string, Setting> settings;  // "heads", "causal", …
    std::vector<SourceFile> files;
    std::shared_ptr<const void> owner;  // keeps the bytes of `files`
};

// Opens a file, a folder, or "-" (NPY or JSON from standard input), told apart by their first
// bytes. JSON keys are JSON pointers without the first slash ("layers/0/W_Q"); a folder's keys are
// the names of its .npy files without the ending, its settings those of config.json where there is
// one. Throws Error for a missing, empty, damaged or unsupported file.
Container open_container(const std::string& path);

}  // namespace attn::io

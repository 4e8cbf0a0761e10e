// Where a file is written, how, and what it is called in messages: results are made in a hidden
// folder, whose name nobody who reads an error has ever seen.
#pragma once

#include <filesystem>
#include <string>
#include <utility>

#include "io/placed_file.hpp"

namespace attn::io {

struct OutputPath {
    std::filesystem::path path;
    std::string shown;
    OpenPlacedFile open = open_placed_file;  // for arrays

    OutputPath(std::filesystem::path at, std::string name)
        : path(std::move(at)), shown(std::move(name)) {}
    // A file that is written where it stays; so that every path is an OutputPath.
    OutputPath(const std::filesystem::path& at) : path(at), shown(at.string()) {}
    OutputPath(const std::string& at) : path(at), shown(at) {}
};

}  // namespace attn::io

// What is in a folder, for comparing it before and after.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "support/temp_folder.hpp"

namespace attn::test {

// Path below the folder -> content, for everything in it; links are not followed.
inline std::map<std::string, std::string> contents(const std::filesystem::path& folder) {
    std::map<std::string, std::string> files;
    if (!std::filesystem::exists(folder)) return files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
        const std::string name =
            std::filesystem::relative(entry.path().parent_path(), folder) / entry.path().filename();
        const std::string path = name.rfind("./", 0) == 0 ? name.substr(2) : name;
        if (entry.is_symlink()) {
            files[path] = "-> " + std::filesystem::read_symlink(entry.path()).string();
        } else {
            files[path] = entry.is_directory() ? "(folder)" : read_file(entry.path());
        }
    }
    return files;
}

// Without what we hide while we work.
inline std::map<std::string, std::string> visible(const std::filesystem::path& folder) {
    std::map<std::string, std::string> files = contents(folder);
    for (auto file = files.begin(); file != files.end();)
        file = file->first.rfind(".attn-inspect-", 0) == 0 ? files.erase(file) : std::next(file);
    return files;
}

}  // namespace attn::test

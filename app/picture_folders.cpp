#include "picture_folders.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "io/array_name.hpp"

namespace attn::app {
namespace {

// What stands for a source: its file without the ending, `parents` folders before it, and its key.
std::string name_of(const std::string& source, std::size_t parents) {
    const io::ArrayName array = io::parse_array_name(source);
    std::filesystem::path path = std::filesystem::path(array.path).lexically_normal();
    if (!path.has_filename()) path = path.parent_path();
    std::error_code ignored;
    const bool folder = std::filesystem::is_directory(path, ignored);
    std::string name = (folder ? path.filename() : path.stem()).string();
    for (path = path.parent_path(); parents > 0 && path.has_filename(); --parents) {
        name = path.filename().string() + "-" + name;
        path = path.parent_path();
    }
    if (!array.key.empty()) name += "-" + array.key;
    for (char& c : name) {
        if (c == '/' || c == '*') c = '-';
    }
    const bool nothing = name.empty() || name == "." || name == ".." || name == "-";
    return nothing ? "source" : name;
}

}  // namespace

std::vector<std::string> folder_names(const std::vector<std::string>& sources) {
    constexpr std::size_t kMostParents = 8;
    std::vector<std::string> names(sources.size());
    for (std::size_t parents = 0; parents <= kMostParents; ++parents) {
        std::map<std::string, std::size_t> uses;
        for (const std::string& name : names) ++uses[name];
        for (std::size_t i = 0; i < sources.size(); ++i) {
            if (uses[names[i]] > 1 || parents == 0) names[i] = name_of(sources[i], parents);
        }
    }
    std::set<std::string> taken;
    for (std::string& name : names) {
        const std::string wish = name;
        for (std::size_t number = 2; !taken.insert(name).second; ++number)
            name = wish + "-" + std::to_string(number);
    }
    return names;
}

}  // namespace attn::app

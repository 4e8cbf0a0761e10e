#include "written_files.hpp"

#include <array>
#include <filesystem>

#include "core/word_list.hpp"

namespace attn::app {
namespace {

struct Folder {
    std::string path;
    std::vector<std::string> files;
};

// Folders in the order of their first files.
std::vector<Folder> by_folder(const std::vector<std::string>& paths) {
    std::vector<Folder> folders;
    for (const std::string& path : paths) {
        const std::string parent = std::filesystem::path(path).parent_path().string();
        auto place = folders.begin();
        while (place != folders.end() && place->path != parent) ++place;
        if (place == folders.end()) place = folders.insert(place, {parent, {}});
        place->files.push_back(path);
    }
    return folders;
}

enum Kind : std::size_t { array, picture, json, other };

Kind kind_of(const std::string& path) {
    const std::string ending = std::filesystem::path(path).extension().string();
    if (ending == ".npy" || ending == ".npz" || ending == ".safetensors") return array;
    if (ending == ".png" || ending == ".svg" || ending == ".pdf") return picture;
    return ending == ".json" ? json : other;
}

std::string contents(const std::vector<std::string>& files) {
    std::array<std::size_t, 4> counts{};
    for (const std::string& file : files) ++counts[kind_of(file)];
    const std::array<std::string, 4> nouns{"array", "picture", "JSON file",
                                           counts[other] < files.size() ? "other file" : "file"};
    std::vector<std::string> parts;
    for (std::size_t kind = 0; kind < counts.size(); ++kind) {
        if (counts[kind] == 0) continue;
        parts.push_back(counted(counts[kind], nouns[kind]));
    }
    return joined(parts, ", ");
}

}  // namespace

void add_list_flag(Command& command, bool& list) {
    command.on("--list", list, "Print the path of every file, instead of a line for each folder");
}

void print_written(const std::vector<std::string>& paths, bool list, Console& console) {
    if (list) {
        for (const std::string& path : paths) console.line(path);
        return;
    }
    for (const Folder& folder : by_folder(paths)) {
        console.line(folder.files.size() == 1 ? folder.files.front()
                                              : folder.path + ": " + contents(folder.files));
    }
}

}  // namespace attn::app

#include "pipeline/look_sources.hpp"

#include <algorithm>
#include <filesystem>
#include <set>

#include "core/error.hpp"
#include "pipeline/info.hpp"
#include "results/manifest.hpp"

namespace attn::pipeline {
namespace {

namespace fs = std::filesystem;

bool has_extension(const fs::path& path, const std::set<std::string>& extensions) {
    return extensions.count(path.extension().string()) != 0;
}

bool is_file_of_arrays(const fs::path& path) {
    return has_extension(path, {".npy", ".npz", ".safetensors", ".json"}) &&
           path.filename() != "config.json";
}

// Files of several kinds that hold arrays, of which one alone would be read as the folder.
bool is_mixed(const fs::path& folder) {
    std::set<std::string> kinds;
    std::error_code unreadable;
    for (const auto& entry : fs::directory_iterator(folder, unreadable)) {
        if (has_extension(entry.path(), {".npy", ".npz", ".safetensors"}))
            kinds.insert(entry.path().extension().string());
    }
    return kinds.size() > 1;
}

// A run folder, a checkpoint's folder, a folder of .npy files.
bool is_source_folder(const fs::path& folder) {
    if (results::is_run_folder(folder.string())) return true;
    try {
        return inspect({folder.string(), "", false}).model || !is_mixed(folder);
    } catch (const Error&) {
        return false;
    }
}

constexpr int kDepth = 1;  // how many folders within the one that was named are opened

// Where `depth` is 0, those of the mixed folders are; below them only files are taken: links may
// lead round.
void add_sources(const fs::path& folder, int depth, std::vector<std::string>& found) {
    std::error_code unreadable;
    // There JSON is a checkpoint's: its tokenizer, its index. Who named the folder may mean it.
    const bool skips_json = depth < kDepth && fs::exists(folder / "config.json", unreadable);
    for (const auto& entry : fs::directory_iterator(folder, unreadable)) {
        const fs::path& path = entry.path();
        if (!fs::is_directory(path, unreadable)) {
            if (is_file_of_arrays(path) && !(skips_json && has_extension(path, {".json"})))
                found.push_back(path.string());
        } else if (depth < 0) {
            continue;
        } else if (is_source_folder(path)) {
            found.push_back(path.string());
        } else if (depth > 0 || is_mixed(path)) {
            add_sources(path, depth - 1, found);
        }
    }
}

}  // namespace

std::vector<std::string> sources_in(const std::string& source) {
    std::error_code error;
    if (!fs::is_directory(source, error) || is_source_folder(source)) return {source};
    std::vector<std::string> found;
    add_sources(source, kDepth, found);
    if (found.empty()) inspect({source, "", false});  // which says why it is nothing that we read
    std::sort(found.begin(), found.end());
    return found;
}

}  // namespace attn::pipeline

#include "io/folder.hpp"

#include <algorithm>
#include <filesystem>
#include <vector>

#include "core/error.hpp"
#include "core/text_of.hpp"
#include "io/config.hpp"
#include "io/foreign_file.hpp"
#include "io/npy.hpp"
#include "io/npz.hpp"
#include "io/safetensors_index.hpp"

namespace attn::io {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSingle = "model.safetensors";

// Paths of the files that are not hidden, sorted.
std::vector<fs::path> list_files(const std::string& folder) {
    std::vector<fs::path> files;
    std::error_code problem;
    for (const auto& entry : fs::directory_iterator(folder, problem)) {
        if (entry.path().filename().string().front() != '.') files.push_back(entry.path());
    }
    if (problem) fail(folder, ": cannot read the folder: ", problem.message());
    std::sort(files.begin(), files.end());
    return files;
}

std::vector<std::string> with_extension(const std::vector<fs::path>& files,
                                        const std::vector<std::string>& extensions) {
    std::vector<std::string> found;
    for (const fs::path& file : files) {
        const std::string extension = file.extension().string();
        if (std::find(extensions.begin(), extensions.end(), extension) != extensions.end())
            found.push_back(file.string());
    }
    return found;
}

Container read_npy_files(const std::vector<std::string>& files) {
    Container container;
    container.format = "folder of NPY";
    for (const std::string& file : files) {
        const FileBytes bytes = map_file(file);
        add_npy(bytes, file, fs::path(file).stem().string(), container);
        container.files.push_back({file, bytes.bytes, bytes.owner});
    }
    return container;
}

Container read_npz_file(const std::string& path) {
    const FileBytes file = map_file(path);
    if (!is_zip(file.bytes)) refuse_foreign(path, text_of(file.bytes));
    Container container;
    container.format = "NPZ";
    parse_npz(file, path, container);
    container.files.push_back({path, file.bytes, file.owner});
    return container;
}

// transformers would read the single file and leave out the pieces: which of them is meant?
void refuse_unlisted_single(const std::vector<fs::path>& files, const std::string& folder,
                            const Container& container) {
    const fs::path single = fs::path(folder) / kSingle;
    const bool listed =
        std::any_of(container.files.begin(), container.files.end(),
                    [](const auto& file) { return fs::path(file.path).filename() == kSingle; });
    if (listed || !std::binary_search(files.begin(), files.end(), single)) return;
    fail(folder, ": holds ", kSingle, " and ", kSafetensorsIndex,
         ", which does not name it; give the one that is meant by its own name");
}

Container read_arrays(const std::string& folder) {
    const std::vector<fs::path> files = list_files(folder);
    const fs::path index = fs::path(folder) / kSafetensorsIndex;
    if (std::binary_search(files.begin(), files.end(), index)) {
        Container container = read_safetensors_index(index.string());
        refuse_unlisted_single(files, folder, container);
        return container;
    }
    const auto safetensors = with_extension(files, {".safetensors"});
    if (!safetensors.empty()) return join_safetensors(safetensors);
    const auto npy = with_extension(files, {".npy"});
    if (!npy.empty()) return read_npy_files(npy);
    const auto npz = with_extension(files, {".npz"});
    if (npz.size() > 1)
        fail(folder, ": holds ", npz.size(), " .npz files; choose one, such as ", npz.front());
    if (!npz.empty()) return read_npz_file(npz.front());
    const auto torch = with_extension(files, {".bin", ".pt", ".pth", ".ckpt"});
    if (!torch.empty()) {
        fail(folder, ": holds only a PyTorch checkpoint, which is a program and is not read; ",
             "convert it: ", torch_conversion(torch.front()));
    }
    fail(folder, ": is a folder without .safetensors, .npy or .npz files");
}

}  // namespace

void read_config_of_folder(const std::string& folder, Container& container) {
    const std::string config = (fs::path(folder) / "config.json").string();
    std::error_code ignored;
    if (fs::exists(config, ignored)) read_config(config, container);
}

Container read_folder(const std::string& path) {
    Container container = read_arrays(path);
    container.path = path;
    read_config_of_folder(path, container);
    return container;
}

}  // namespace attn::io

#include "results/packed_arrays.hpp"

#include <filesystem>
#include <utility>
#include <vector>

#include "io/packing.hpp"

namespace attn::results {

void pack_arrays(io::OutputFolder& output, const std::string& folder, ArrayFormat format) {
    if (format == ArrayFormat::npy) return;
    std::vector<std::string> files;
    std::vector<std::pair<std::string, io::OutputPath>> arrays;
    for (const std::string& file : output.files()) {
        const std::filesystem::path path = file;
        if (path.parent_path() != folder || path.extension() != ".npy") continue;
        files.push_back(file);
        arrays.emplace_back(path.stem().string(), output.staged(file));
    }
    if (files.empty()) return;
    const std::string before = folder.empty() ? "" : folder + "/";
    const io::OutputPath packed = output.stage(before + "arrays." + name_of(format));
    if (format == ArrayFormat::npz) {
        io::pack_npz(packed, arrays);
    } else {
        io::pack_safetensors(packed, arrays);
    }
    for (const std::string& file : files) output.discard(file);
}

}  // namespace attn::results

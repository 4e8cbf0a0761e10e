#include "io/container.hpp"

#include <filesystem>
#include <string_view>

#include "core/affix.hpp"
#include "core/error.hpp"
#include "core/text_of.hpp"
#include "io/folder.hpp"
#include "io/foreign_file.hpp"
#include "io/json.hpp"
#include "io/npy.hpp"
#include "io/npz.hpp"
#include "io/safetensors.hpp"
#include "io/safetensors_index.hpp"

namespace attn::io {
namespace {

namespace fs = std::filesystem;

bool looks_like_json(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    return first != std::string_view::npos && (text[first] == '{' || text[first] == '[');
}

void read_config_beside(const std::string& path, Container& container) {
    if (path != "-") read_config_of_folder(fs::path(path).parent_path().string(), container);
}

}  // namespace

Container read_container(const FileBytes& file, const std::string& path) {
    const std::string_view text = text_of(file.bytes);
    Container container;
    container.path = path;
    container.files.push_back({path, file.bytes, file.owner});
    if (is_npy(file.bytes)) {
        container.format = "NPY";
        add_npy(file, path, "", container);
        if (!container.unreadable.empty()) fail(path, ": ", container.unreadable.at(""));
    } else if (is_zip(file.bytes)) {
        container.format = "NPZ";
        parse_npz(file, path, container);
        read_config_beside(path, container);
    } else if (is_safetensors(file.bytes)) {
        container.format = "safetensors";
        parse_safetensors(file, path, container);
        read_config_beside(path, container);
    } else if (looks_like_json(text)) {
        container.format = "JSON";
        parse_json(file, container);
    } else {
        refuse_foreign(path, text);
    }
    return container;
}

Container open_container(const std::string& path) {
    if (path == "-") return read_container(read_standard_input(), path);
    std::error_code ignored;
    if (fs::is_directory(path, ignored)) return read_folder(path);
    const FileBytes file = map_file(path);
    if (ends_with(path, ".safetensors.index.json") && looks_like_json(text_of(file.bytes))) {
        Container container = read_safetensors_index(path);
        read_config_beside(path, container);
        return container;
    }
    return read_container(file, path);
}

}  // namespace attn::io

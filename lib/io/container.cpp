#include "io/container.hpp"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <string_view>

#include "core/error.hpp"
#include "io/json.hpp"
#include "io/npy.hpp"

namespace attn::io {
namespace {

namespace fs = std::filesystem;

std::string_view text_of(Span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

bool starts_with(std::string_view text, std::string_view prefix) {
    return text.substr(0, prefix.size()) == prefix;
}

bool looks_like_json(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    return first != std::string_view::npos && (text[first] == '{' || text[first] == '[');
}

// safetensors: the length of a JSON header as a 64-bit number, then the header.
bool looks_like_safetensors(std::string_view text) {
    if (text.size() < 9 || text[8] != '{') return false;
    std::uint64_t length = 0;
    std::memcpy(&length, text.data(), sizeof length);
    return length <= text.size() - 8;
}

// Names the formats that people try, so that they need not guess why theirs is not read.
[[noreturn]] void refuse(const std::string& path, std::string_view text) {
    const char* advice = "; save the arrays as .npy files or JSON";
    if (starts_with(text, "PK\x03\x04"))
        fail(path, ": is a ZIP archive (.npz or PyTorch), not read yet", advice);
    if (looks_like_safetensors(text)) fail(path, ": is a safetensors file, not read yet", advice);
    if (starts_with(text, "\x89HDF")) fail(path, ": is an HDF5 file, not read", advice);
    if (starts_with(text, "GGUF")) fail(path, ": is a GGUF file, not read", advice);
    if (text[0] == '\x80')
        fail(path, ": is a Python pickle, which is a program and is not read", advice);
    fail(path, ": is neither NPY nor JSON");
}

Container read_bytes(const FileBytes& file, const std::string& path) {
    Container container;
    container.path = path;
    container.files.push_back({path, file.bytes});
    container.owner = file.owner;
    const std::string_view text = text_of(file.bytes);
    if (is_npy(file.bytes)) {
        container.format = "NPY";
        container.arrays[""] = parse_npy(file, path);
    } else if (looks_like_json(text) && !looks_like_safetensors(text)) {
        container.format = "JSON";
        parse_json(file, container);
    } else {
        refuse(path, text);
    }
    return container;
}

Container read_folder(const std::string& path) {
    std::vector<fs::path> files;
    std::error_code problem;
    for (const auto& entry : fs::directory_iterator(path, problem)) {
        if (entry.path().extension() == ".npy") files.push_back(entry.path());
    }
    if (problem) fail(path, ": cannot read the folder: ", problem.message());
    if (files.empty()) fail(path, ": is a folder without .npy files");
    std::sort(files.begin(), files.end());

    Container container;
    container.path = path;
    container.format = "folder of NPY";
    const auto owners = std::make_shared<std::vector<std::shared_ptr<const void>>>();
    for (const fs::path& file : files) {
        const FileBytes bytes = map_file(file.string());
        container.files.push_back({file.string(), bytes.bytes});
        owners->push_back(bytes.owner);
        container.arrays[file.stem().string()] = parse_npy(bytes, file.string());
    }
    const fs::path config = fs::path(path) / "config.json";
    if (fs::exists(config)) {
        const FileBytes bytes = map_file(config.string());
        container.files.push_back({config.string(), bytes.bytes});
        owners->push_back(bytes.owner);
        Container settings;
        settings.path = config.string();
        parse_json(bytes, settings);
        container.settings = std::move(settings.settings);
    }
    container.owner = owners;
    return container;
}

}  // namespace

Container open_container(const std::string& path) {
    if (path == "-") return read_bytes(read_standard_input(), path);
    if (fs::is_directory(path)) return read_folder(path);
    return read_bytes(map_file(path), path);
}

}  // namespace attn::io

#include "io/foreign_file.hpp"

#include <algorithm>
#include <filesystem>

#include "core/affix.hpp"
#include "core/error.hpp"

namespace attn::io {
namespace {

// Whether a path can stand in quotes on a command line as it is.
bool is_plain(const std::string& path) {
    return std::all_of(path.begin(), path.end(), [](char c) {
        return static_cast<unsigned char>(c) >= ' ' &&
               std::string_view("'\"\\$`!").find(c) == std::string_view::npos;
    });
}

}  // namespace

std::string torch_conversion(const std::string& path) {
    const bool plain = is_plain(path) && path != "-";
    const std::string from = plain ? path : "FILE";
    const std::string to = std::filesystem::path(from).replace_extension(".safetensors").string();
    return "python3 -c \"import torch; from safetensors.torch import save_file; "
           "save_file(torch.load('" +
           from + "', map_location='cpu', weights_only=True), '" + to + "')\"";
}

void refuse_foreign(const std::string& path, std::string_view text) {
    const char* advice = "; save the arrays as .npz, .safetensors, .npy or JSON";
    if (starts_with(text, "version https://git-lfs")) {
        fail(path,
             ": is a Git LFS pointer, which stands for a file that was not downloaded; get it with "
             "git lfs pull");
    }
    if (starts_with(text, "\x89HDF")) fail(path, ": is an HDF5 file, not read", advice);
    if (starts_with(text, "GGUF")) fail(path, ": is a GGUF file, not read", advice);
    if (starts_with(text, "<!") || starts_with(text, "<html"))
        fail(path, ": is a web page; was the page saved in place of the file?");
    if (starts_with(text, "\x80")) {
        fail(path,
             ": is a Python pickle, which is a program and is not read; if it is a PyTorch "
             "checkpoint, convert it: ",
             torch_conversion(path));
    }
    if (starts_with(text, "\xff\xfe") || starts_with(text, "\xfe\xff"))
        fail(path, ": is text in UTF-16, not read; save it as UTF-8");
    if (std::filesystem::path(path).extension() == ".safetensors") {
        fail(path, ": is no safetensors file: expected the length of a header, 8 bytes, and {");
    }
    fail(path, ": is neither NPY, NPZ, safetensors nor JSON");
}

}  // namespace attn::io

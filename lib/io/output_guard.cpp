#include "io/output_guard.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "core/error.hpp"
#include "core/lower_case.hpp"
#include "io/file_descriptor.hpp"
#include "io/inner_folder.hpp"

namespace attn::io {
namespace {

namespace fs = std::filesystem;

// Endings that say "one file of this kind": a folder of that name would not be what was meant.
const std::set<std::string> kFileEndings{
    ".png",  ".svg", ".svgz", ".pdf",  ".jpg", ".jpeg", ".jpe",  ".gif",         ".webp",
    ".bmp",  ".tif", ".tiff", ".eps",  ".ps",  ".ppm",  ".pgm",  ".pnm",         ".apng",
    ".avif", ".ico", ".heic", ".heif", ".jxl", ".jp2",  ".tga",  ".html",        ".htm",
    ".npy",  ".npz", ".json", ".csv",  ".txt", ".zip",  ".h5",   ".safetensors", ".hdf5",
    ".tex",  ".pgf", ".md",   ".xml",  ".emf", ".tsv",  ".jsonl"};

// The folders above the path as it is written, and above where it leads.
std::set<fs::path> folders_above(const std::string& path) {
    std::set<fs::path> folders;
    std::error_code problem;
    for (fs::path at :
         {fs::absolute(path, problem).lexically_normal(), fs::canonical(path, problem)}) {
        for (; at.has_relative_path(); at = at.parent_path()) folders.insert(at.parent_path());
    }
    return folders;
}

bool is_empty(const std::string& folder) {
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(folder, ignored)) {
        if (entry.path().filename().string().front() != '.') return false;
    }
    return true;
}

}  // namespace

std::optional<OutputGuard::Identity> OutputGuard::identity_of(const std::string& path) {
    struct stat status {};
    const int result = path == "-" ? ::fstat(STDIN_FILENO, &status) : ::stat(path.c_str(), &status);
    if (result != 0) return std::nullopt;
    return Identity{status.st_dev, status.st_ino};
}

OutputGuard::OutputGuard(std::string command, OutputPolicy policy,
                         const std::vector<std::string>& inputs)
    : command_(std::move(command)), policy_(std::move(policy)) {
    for (const std::string& path : inputs) {
        const std::optional<Identity> identity = identity_of(path);
        if (!identity) continue;
        Input input{path == "-" ? "standard input" : path, *identity, {}};
        if (path != "-") {
            for (const fs::path& folder : folders_above(path)) {
                if (const auto above = identity_of(folder.string())) input.folders.insert(*above);
            }
        }
        inputs_.push_back(std::move(input));
    }
}

void OutputGuard::require_file(const std::string& path, FileKind kind) const {
    if (path.empty()) fail("the name of the file to write is empty");
    if (path.back() == '/') fail(path, ": names a folder, expected a file");
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0) {
        if (errno == ENOENT || errno == ENOTDIR) return;  // making its folder says what is wrong
        fail(path, ": cannot write there: ", std::strerror(errno));
    }
    if (S_ISDIR(status.st_mode)) fail(path, ": is a folder, expected a file");
    if (S_ISLNK(status.st_mode)) {
        if (policy_.force) return;
        fail(path,
             ": is a symbolic link, which attn-inspect did not make; choose another name, or "
             "--force to replace the link (not what it leads to)");
    }
    if (!S_ISREG(status.st_mode))
        fail(path, ": is not a plain file; give - to write to standard output");
    if (policy_.force) return;
    const Identity identity{status.st_dev, status.st_ino};
    for (const Input& input : inputs_) {
        if (input.identity != identity) continue;
        fail(path, ": is an input of this command",
             input.path == path ? "" : " (" + input.path + ")",
             "; choose another name, or --force to overwrite it");
    }
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    if (file.is_open() && has_mark(kind, file.number())) return;
    fail(path,
         ": was not written by this command; choose another name, or --force to overwrite it");
}

void OutputGuard::require_folder_name(const std::string& path, const std::string& expected) const {
    if (path.empty()) fail("--output: is empty, expected ", expected);
    if (path == "-")
        fail("--output -: standard output cannot hold a folder; expected ", expected,
             " (a folder of that name is ./-)");
    struct stat status {};
    // The link before what it leads to: another rank may make the folder between two looks.
    if (::lstat(path.c_str(), &status) == 0) {
        if (S_ISLNK(status.st_mode) && ::stat(path.c_str(), &status) != 0)
            fail(path, ": is a symbolic link that leads nowhere, expected ", expected);
        if (S_ISDIR(status.st_mode)) return;
        fail(path, S_ISREG(status.st_mode) ? ": is a file" : ": is no folder but a device or pipe",
             ", expected ", expected);
    }
    const std::string ending = fs::path(path).extension().string();
    if (kFileEndings.count(lower_case(ending)) != 0) {
        fail(path, ": a ", ending, " file is not what this command writes; expected ", expected);
    }
}

// An input lies in the folder when one of the folders above it is this one, or when it is a file of
// the earlier result by another name.
const OutputGuard::Input* OutputGuard::input_in(int folder,
                                                const std::optional<EarlierResult>& earlier) const {
    struct stat status {};
    if (::fstat(folder, &status) != 0) return nullptr;
    const Identity own{status.st_dev, status.st_ino};
    for (const Input& input : inputs_) {
        if (input.identity == own || input.folders.count(own) != 0) return &input;
    }
    if (!earlier) return nullptr;
    for (const std::string& file : earlier->files) {
        if (::fstatat(folder, file.c_str(), &status, 0) != 0) continue;
        for (const Input& input : inputs_) {
            if (input.identity == Identity{status.st_dev, status.st_ino}) return &input;
        }
    }
    return nullptr;
}

void OutputGuard::require_folder(int folder, const std::string& path,
                                 const std::optional<EarlierResult>& earlier) const {
    if (policy_.force) return;
    if (!earlier && !is_empty(path)) {
        fail(path,
             ": is not empty and has no manifest.json of attn-inspect; choose another folder with "
             "-o, or --force to write beside what is there");
    }
    if (earlier && earlier->command != command_) {
        fail(path, ": holds the results of another command",
             earlier->command.empty() ? "" : ", " + earlier->command,
             "; choose another folder with -o, or --force to replace them");
    }
    if (const Input* input = input_in(folder, earlier)) {
        fail(path, ": holds what this command reads, ", input->path,
             "; choose another folder with -o, or --force to write there all the same");
    }
}

bool OutputGuard::may_remove(int folder, const EarlierResult& earlier) const {
    return input_in(folder, earlier) == nullptr;
}

void OutputGuard::require_no_foreign_file(const std::string& path) const {
    if (policy_.force) return;
    fail(path,
         ": was not written by attn-inspect, and a result goes there; move it away, or --force to "
         "overwrite it");
}

}  // namespace attn::io

// What is done inside a folder of results never leaves it: no symbolic link is followed, whoever
// put it there, and no list of files is believed.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "io/file_descriptor.hpp"

namespace attn::io {

// Names that only we use start so.
constexpr const char* kOwnPrefix = ".attn-inspect-";
constexpr const char* kManifestName = "manifest.json";

// The path of a file of results below their folder ("layer00/weights.npy"), normalised. Nothing for
// one that is empty, absolute or leads out, and for names that no result has (manifest.json, ours).
std::optional<std::filesystem::path> inner_path(const std::string& path);

enum class EntryKind { missing, file, folder, link, other };

// What stands at the path below the folder; `missing` too where a part of the path is no folder.
EntryKind entry_kind(int folder, const std::filesystem::path& inner);

// The folder at the path (empty: the folder itself). Not open, with errno, when it is missing or
// when a part of the path is a link or no folder.
FileDescriptor open_inner(int folder, const std::filesystem::path& inner);

// The same; makes what is missing.
FileDescriptor make_inner(int folder, const std::filesystem::path& inner);

// The bytes of a plain file in the folder; nothing when it is missing, a link or anything else.
std::optional<std::string> read_inner(int folder, const std::string& name);

// Removes a file or a link, and the folders above it that become empty. What cannot be removed
// stays.
void remove_inner(int folder, const std::filesystem::path& inner);

// Removes the entry with everything that is in it; links are removed and not followed.
void remove_entry(int folder, const std::string& name);

}  // namespace attn::io

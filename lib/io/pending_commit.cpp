#include "io/pending_commit.hpp"

#include <fcntl.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <vector>

#include "core/error.hpp"
#include "io/inner_folder.hpp"
#include "io/json_text.hpp"

namespace attn::io {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

struct Journal {
    std::vector<fs::path> move;
    std::vector<fs::path> remove;
};

std::vector<fs::path> inner_paths(const Json& list, bool& sound) {
    std::vector<fs::path> paths;
    sound = sound && list.is_array();
    for (const Json& entry : list) {
        const auto path = entry.is_string() ? inner_path(entry.get<std::string>()) : std::nullopt;
        if (path) paths.push_back(*path);
        sound = sound && path.has_value();
    }
    return paths;
}

Journal read_journal(int pending, const std::string& shown) {
    const Json json = parse_json(read_inner(pending, kJournalName).value_or(""));
    bool sound = json.is_object();
    Journal journal;
    if (sound) {
        journal.move = inner_paths(json.value("move", Json()), sound);
        journal.remove = inner_paths(json.value("remove", Json()), sound);
    }
    if (!sound) {
        fail(shown,
             ": holds results that are only half in place and cannot be finished: ", kPendingName,
             "/", kJournalName, " is damaged; remove ", (fs::path(shown) / kPendingName).string(),
             " and run the command again");
    }
    return journal;
}

[[noreturn]] void refuse(const std::string& shown, const fs::path& file) {
    fail((fs::path(shown) / file).string(), ": cannot write: ", std::strerror(errno));
}

void sync_folder(const FileDescriptor& folder, bool durable) {
    // Some file systems cannot sync folders; that is no reason to lose the result.
    if (durable) ::fsync(folder.number());
}

// A file that is no longer staged was moved before.
void move_into_place(int pending, int folder, const fs::path& file, const std::string& shown,
                     bool durable) {
    const FileDescriptor from = open_inner(pending, file.parent_path());
    const fs::path name = file.filename();
    if (!from.is_open()) refuse(shown, file);
    if (::faccessat(from.number(), name.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno != ENOENT) refuse(shown, file);
        return;
    }
    const FileDescriptor to = make_inner(folder, file.parent_path());
    if (!to.is_open()) refuse(shown, file.parent_path());
    if (::renameat(from.number(), name.c_str(), to.number(), name.c_str()) != 0)
        refuse(shown, file);
    sync_folder(to, durable);
}

}  // namespace

std::string write_journal(const std::set<std::string>& move, const std::set<std::string>& remove) {
    return compact_json(Json{{"move", move}, {"remove", remove}});
}

bool has_pending_commit(int folder) {
    if (entry_kind(folder, kPendingName) != EntryKind::folder) return false;
    const FileDescriptor pending = open_inner(folder, kPendingName);
    if (!pending.is_open()) return errno != ENOENT;  // nobody knows what is in it
    return entry_kind(pending.number(), kManifestName) == EntryKind::file;
}

void finish_commit(int folder, const std::string& shown, bool durable) {
    if (entry_kind(folder, kPendingName) == EntryKind::missing) return;
    // Without its manifest all is in place but for the hidden folder, which may be half removed.
    if (has_pending_commit(folder)) {
        const FileDescriptor pending = open_inner(folder, kPendingName);
        if (!pending.is_open())
            fail(shown,
                 ": cannot finish the commit of a command that was killed: ", std::strerror(errno));
        const Journal journal = read_journal(pending.number(), shown);
        for (const fs::path& file : journal.move)
            move_into_place(pending.number(), folder, file, shown, durable);
        for (const fs::path& file : journal.remove) remove_inner(folder, file);
        if (::renameat(pending.number(), kManifestName, folder, kManifestName) != 0)
            refuse(shown, kManifestName);
        if (durable) ::fsync(folder);
    }
    remove_entry(folder, kPendingName);
}

}  // namespace attn::io

#include "io/pending_commit.hpp"

#include <fcntl.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
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

// Moves files to their places, those of one folder after another.
class Mover {
  public:
    Mover(int pending, int folder, const std::string& shown, bool durable)
        : pending_(pending), folder_(folder), shown_(shown), durable_(durable) {}
    ~Mover() { sync(); }
    Mover(const Mover&) = delete;
    Mover& operator=(const Mover&) = delete;

    // A file that is no longer staged was moved before.
    void move(const fs::path& file) {
        if (!parent_ || file.parent_path() != *parent_) enter(file.parent_path());
        if (!from_.is_open()) return;
        const fs::path name = file.filename();
        if (!is_staged(name)) return;
        // ext4 takes a file that is renamed over another one for precious and writes it to the disk
        // there and then, which takes longer than to compute it. Recovery is up to the journal.
        if (!durable_) ::unlinkat(to_.number(), name.c_str(), 0);
        if (::renameat(from_.number(), name.c_str(), to_.number(), name.c_str()) != 0)
            refuse(shown_, file);
    }

  private:
    bool is_staged(const fs::path& name) const {
        return ::faccessat(from_.number(), name.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0 ||
               errno != ENOENT;
    }

    // A folder that is not there yet moves whole, with all that is in it.
    void enter(const fs::path& parent) {
        sync();
        parent_ = parent;
        from_ = FileDescriptor();
        to_ = FileDescriptor();
        if (!parent.empty()) {
            const std::string top = parent.begin()->string();
            if (::renameat(pending_, top.c_str(), folder_, top.c_str()) == 0) return;
        }
        from_ = open_inner(pending_, parent);
        if (!from_.is_open()) {
            if (errno != ENOENT) refuse(shown_, parent);
            return;
        }
        to_ = make_inner(folder_, parent);
        if (!to_.is_open()) refuse(shown_, parent);
    }

    void sync() const {
        // Some file systems cannot sync folders; that is no reason to lose the result.
        if (durable_ && to_.is_open()) ::fsync(to_.number());
    }

    int pending_;
    int folder_;
    const std::string& shown_;
    bool durable_;
    std::optional<fs::path> parent_;  // of the files that are being moved, staged and in place
    FileDescriptor from_;
    FileDescriptor to_;
};

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
        {
            Mover mover(pending.number(), folder, shown, durable);
            for (const fs::path& file : journal.move) mover.move(file);
        }
        for (const fs::path& file : journal.remove) remove_inner(folder, file);
        if (::renameat(pending.number(), kManifestName, folder, kManifestName) != 0)
            refuse(shown, kManifestName);
        if (durable) ::fsync(folder);
    }
    remove_entry(folder, kPendingName);
}

}  // namespace attn::io

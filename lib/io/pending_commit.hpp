// How results get into their folder so that every moment can be recovered.
//
// A command makes everything in a hidden folder of its own: its files, manifest.json and a journal
// that lists what is to be moved and what is to be removed. Under the folder's lock that hidden
// folder is renamed to a fixed name. Before the rename nothing has happened; after it the results
// are there, and whoever comes next finishes what is missing: files are moved, in whole folders
// where none stands in the way (those that are moved already are gone), those that the result lacks
// are removed, the manifest moves last, and the hidden folder is removed. Doing it again changes
// nothing.
#pragma once

#include <set>
#include <string>

namespace attn::io {

constexpr const char* kPendingName = ".attn-inspect-commit";
constexpr const char* kJournalName = ".attn-inspect-journal.json";

std::string write_journal(const std::set<std::string>& move, const std::set<std::string>& remove);

// Whether a commit was begun and not finished.
bool has_pending_commit(int folder);

// Finishes it, if there is one. The caller holds the folder's lock. `durable`: everything is on the
// disk before the next step. Throws Error when a file cannot be moved; calling again goes on from
// there.
void finish_commit(int folder, const std::string& shown, bool durable);

}  // namespace attn::io

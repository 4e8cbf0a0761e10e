// manifest.json: what a folder of results is, how it was made and from which bytes. It marks the
// folder as ours and is the same for every number of threads.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "analysis/verify_sink.hpp"
#include "attention/mask.hpp"
#include "core/phase_clock.hpp"
#include "io/inputs.hpp"
#include "results/check_report.hpp"
#include "results/folder_layout.hpp"

namespace attn::results {

// An option of the command with its value as JSON text: {"causal", "true"}.
using ManifestOption = std::pair<std::string, std::string>;

struct RunTiming {
    PhaseClock::Times times;
    std::size_t received = 0;  // bytes that came from other ranks
};

struct RunManifest {
    std::string command;                         // "run", "heatmap"
    std::vector<io::InputRecord> inputs;         // not read back, but for
    std::map<std::string, std::string> digests;  // their XXH3, by name
    std::vector<ManifestOption> options;
    std::vector<std::size_t> layers;
    std::vector<std::size_t> heads;
    MaskStructure structure;                           // who could attend, but for mask arrays
    std::map<std::size_t, std::size_t> window_left;    // of layers that differ from it
    std::vector<std::vector<std::string>> tokens;      // labels of queries, one list a sequence
    std::vector<std::vector<std::string>> key_tokens;  // and of keys
    ArrayFormat format = ArrayFormat::npy;
    std::vector<std::string> files;
    std::optional<analysis::Verification> verification;  // not read back
    std::optional<RunTiming> timing;                     // likewise, and in no file: --json
    std::optional<CheckResult> check;                    // likewise, nor written: it has a file

    // The value of an option as JSON text; "null" where the command had no such option.
    std::string option(const std::string& name) const;
};

std::string write_manifest(const RunManifest& manifest);

// True for a folder with a manifest.json that one of our commands wrote. Finishes the commit of a
// command that was killed.
bool is_run_folder(const std::string& path);

// Throws Error when manifest.json is damaged.
RunManifest read_manifest(const std::string& folder);

// Both at once: the manifest of a folder that is_run_folder() says is ours, else nothing.
std::optional<RunManifest> find_manifest(const std::string& path);

}  // namespace attn::results

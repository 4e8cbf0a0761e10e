// Which places a command may write to. Nobody else's file or folder is replaced, no results of
// another command, and nothing that the command itself reads, unless --force says so. A command
// makes its guard when it has opened what it reads and before it computes anything.
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "io/earlier_result.hpp"
#include "io/own_mark.hpp"
#include "io/placed_file.hpp"

namespace attn::io {

// What the flags of every command that writes say.
struct OutputPolicy {
    bool force = false;    // --force
    bool durable = false;  // --durable: results survive a power cut too, not only a kill
    bool sha256 = false;   // --sha256: digests of that kind in the manifest of a folder, too
    OpenPlacedFile open_array = open_placed_file;  // --io: how arrays of a folder are written
    // Takes the bytes of a file whose name is "-".
    std::function<void(const std::string&)> standard_output;
};

class OutputGuard {
  public:
    // `command` as manifests call it; `inputs`: the files and folders that it reads, "-" for
    // standard input. They are known by what they are, not by what they are called.
    OutputGuard(std::string command, OutputPolicy policy, const std::vector<std::string>& inputs);

    const OutputPolicy& policy() const { return policy_; }

    // All throw Error that says what is there, and names --force where that helps.

    // A file that is not there, or one of ours of the same kind that is no input.
    void require_file(const std::string& path, FileKind kind) const;

    // A path that can name a folder. `expected`: what the command writes, for the message.
    void require_folder_name(const std::string& path, const std::string& expected) const;

    // An open folder that is empty, or holds results of the same command and no input.
    void require_folder(int folder, const std::string& path,
                        const std::optional<EarlierResult>& earlier) const;

    // Whether files of the earlier result that the new one lacks may be removed: never from a
    // folder that the command reads, for it need not have read all of them.
    bool may_remove(int folder, const EarlierResult& earlier) const;

    // What stands at a place where a result goes and was there before us.
    void require_no_foreign_file(const std::string& path) const;

  private:
    using Identity = std::pair<dev_t, ino_t>;
    struct Input {
        std::string path;
        Identity identity;
        std::set<Identity> folders;  // in which it lies, by name and behind links
    };

    static std::optional<Identity> identity_of(const std::string& path);
    const Input* input_in(int folder, const std::optional<EarlierResult>& earlier) const;

    std::string command_;
    OutputPolicy policy_;
    std::vector<Input> inputs_;
};

}  // namespace attn::io

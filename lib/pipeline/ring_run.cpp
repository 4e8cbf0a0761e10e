#include "pipeline/ring_run.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "core/word_list.hpp"

namespace attn::pipeline {
namespace {

void require_rows_alone(const results::SaveChoice& save) {
    const std::vector<std::string> of_rows{"context", "logsumexp", "output",
                                           "hidden",  "logits",    "probs"};
    for (const results::Output& output : results::outputs()) {
        const bool fine = std::find(of_rows.begin(), of_rows.end(), output.name) != of_rows.end();
        if (fine || !(save.*output.chosen)) continue;
        fail("--ring: no rank has what --save ", output.name,
             " takes, all keys of a row or all tokens; give --save with some of ",
             joined(of_rows, ", "));
    }
}

// Their places are those of all keys.
void require_no_arrays(const source::AttentionRequest& attention) {
    for (const auto& [file, flag] :
         {std::pair(&attention.mask, "--mask"), std::pair(&attention.bias, "--bias"),
          std::pair(&attention.past_key, "--past-key")}) {
        if (!file->empty()) fail("--ring excludes ", flag, ": no rank has all keys");
    }
}

}  // namespace

void require_ring(const RunRequest& request) {
    if (request.ranks.is_alone())
        fail(
            "--ring: keys and values go round among ranks, and here is one process; start "
            "attn-inspect-mpi by mpirun -n 2 or more");
    if (!request.input.context.empty())
        fail("--ring excludes --context: keys and values are those of the tokens that ranks share");
    require_rows_alone(request.save);
    require_no_arrays(request.input.attention);
    if (request.input.attention.engine == Engine::xtensor)
        fail("--ring excludes --engine xtensor, which takes all keys at once");
    if (request.verify) fail("--ring excludes --verify, which takes all keys of a row");
    if (request.resume) fail("--ring excludes --resume, which remembers whole layers");
    if (request.format != results::ArrayFormat::npy)
        fail("--ring writes .npy files; leave out --format");
}

void require_ring_tokens(std::size_t tokens, const Communicator& ranks) {
    if (tokens >= 2 * ranks.size()) return;
    fail("--ring: ", counted(tokens, "token"), " for ", ranks.size(),
         " ranks, expected two or more for each; start fewer");
}

}  // namespace attn::pipeline

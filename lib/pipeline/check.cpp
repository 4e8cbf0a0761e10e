#include "pipeline/check.hpp"

#include <algorithm>
#include <map>

#include "analysis/check_sink.hpp"
#include "attention/ranks_sink.hpp"
#include "core/error.hpp"
#include "core/nearest.hpp"
#include "core/word_list.hpp"
#include "io/same_files.hpp"
#include "pipeline/check_judge.hpp"
#include "source/stored_mask.hpp"

namespace attn::pipeline {
namespace {

using analysis::HeadCheck;

// Streams the source once; returns what was counted in the heads that were asked for.
template <class T>
std::vector<HeadCheck> count(const CheckRequest& request,
                             const source::StoredAttention<T>& attention,
                             const MaskOptions<T>& mask, const Progress& progress,
                             const Warn& warn) {
    std::map<std::size_t, std::size_t> windows;
    for (const source::StoredLayer<T>& layer : attention.layers) {
        if (layer.window_left) windows[layer.layer] = *layer.window_left;
    }
    analysis::CheckSink<T> sink(mask, {std::move(windows)});
    RanksSink<T> ranks(request.ranks, warn);
    source::StoredSource<T>(attention).stream(
        {&ranks, &sink}, source::choose_share(attention, request.from), progress);
    return sink.heads();
}

template <class T>
CheckResult check_as(const CheckRequest& request, io::Inputs& inputs, const Progress& progress,
                     const Warn& warn) {
    source::StoredAttention<T> attention =
        source::open_stored_attention<T>(inputs, {request.from.source, request.from.axes}, warn);
    source::load_scores(inputs, request.from.source, attention);
    inputs.release();
    io::require_same_files(request.ranks, inputs.paths());
    source::select_layers(attention, request.from);
    const MaskOptions<T> mask =
        source::load_stored_mask(request.attention, attention, inputs, warn);
    const std::vector<HeadCheck> heads = count(request, attention, mask, progress, warn);
    const CheckedAttention<T> checked = checked_attention(request, attention, mask);
    return {attention.shape()[0] > 1, CheckJudge<T>(request, checked, heads).judge()};
}

void require_known(const std::vector<std::string>& names, const std::string& flag) {
    for (const std::string& name : names) {
        const auto& known = check_names();
        if (std::find(known.begin(), known.end(), name) != known.end()) continue;
        fail(flag, " ", name, ": is no check",
             did_you_mean(name, known, "; there are " + joined(known)));
    }
}

}  // namespace

CheckResult check(const CheckRequest& request, const Progress& progress, const Warn& warn) {
    require_known(request.only, "--only");
    require_known(request.skip, "--skip");
    if (std::find(request.skip.begin(), request.skip.end(), "not_probabilities") !=
        request.skip.end())
        fail(
            "--skip not_probabilities: of numbers that are no probabilities nothing else can be "
            "told");
    io::Inputs inputs;
    const DType type = source::working_type(inputs, request.from.source, request.from.precision);
    return source::with_type(type, [&](auto number) {
        return check_as<decltype(number)>(request, inputs, progress, warn);
    });
}

}  // namespace attn::pipeline

#include "pipeline/compare.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "attention/division.hpp"
#include "attention/mask.hpp"
#include "core/byte_text.hpp"
#include "core/error.hpp"
#include "core/index_list.hpp"
#include "core/parallel.hpp"
#include "io/array_name.hpp"
#include "io/output_folder.hpp"
#include "io/same_files.hpp"
#include "io/sequence_labels.hpp"
#include "pipeline/compare_computed.hpp"
#include "pipeline/compared_side.hpp"
#include "pipeline/difference_picture.hpp"
#include "results/folder_layout.hpp"
#include "results/manifest.hpp"
#include "source/array_source.hpp"
#include "source/matched_axes.hpp"
#include "source/source_selection.hpp"
#include "source/stored_parts.hpp"
#include "source/stored_source.hpp"

namespace attn::pipeline {
namespace {

// --axes is for both, where both are arrays; --axes-b is for B alone.
source::ArraySource source_a(const CompareRequest& request) {
    const bool of_b = results::is_run_folder(request.a) && !results::is_run_folder(request.b);
    return {request.a, of_b ? "" : request.axes};
}

source::ArraySource source_b(const CompareRequest& request) {
    source::ArraySource source{request.b, request.axes_b};
    if (!request.axes_b.empty()) {
        source.axes_flag = "--axes-b";
    } else if (!results::is_run_folder(request.b) || results::is_run_folder(request.a)) {
        source.axes = request.axes;
    }
    return source;
}

// Opens first the one whose axes are known.
template <class T>
std::pair<source::StoredAttention<T>, source::StoredAttention<T>> open_both(
    io::Inputs& inputs, const CompareRequest& request, const Warn& warn) {
    source::ArraySource a = source_a(request), b = source_b(request);
    if (knows_axes(inputs, b) && !knows_axes(inputs, a)) {
        source::StoredAttention<T> second = source::open_stored_attention<T>(inputs, b, warn);
        take_axes(inputs, a, source::extents_of(second), b.name, warn);
        return {source::open_stored_attention<T>(inputs, a, warn), std::move(second)};
    }
    source::StoredAttention<T> first = source::open_stored_attention<T>(inputs, a, warn);
    if (b.axes.empty()) b.axes_flag = "--axes-b";
    take_axes(inputs, b, source::extents_of(first), a.name, warn);
    return {std::move(first), source::open_stored_attention<T>(inputs, b, warn)};
}

// The flag that would help where nobody named any axes.
template <class T>
std::string advice(io::Inputs& inputs, const CompareRequest& request,
                   const source::StoredAttention<T>& a, const source::StoredAttention<T>& b) {
    if (!request.axes.empty() || !request.axes_b.empty()) return "";
    const bool of_b = !results::is_run_folder(request.b);
    if (!of_b && results::is_run_folder(request.a)) return "";
    const source::StoredParts parts =
        source::find_stored_parts(inputs, of_b ? request.b : request.a);
    const Shape wanted = source::extents_of(of_b ? a : b);
    const Shape& own = parts.shape();
    const auto has = [&](std::size_t extent) {
        return std::find(own.begin(), own.end(), extent) != own.end();
    };
    if (!has(wanted[3]) || !has(wanted[4])) return "";  // other queries or keys, whatever the axes
    return std::string("; name the axes of ") + (of_b ? request.b : request.a) + ", such as " +
           (of_b ? "--axes-b " : "--axes ") + source::likely_axes(parts, wanted) +
           (of_b && !results::is_run_folder(request.a) ? ", or those of both with --axes" : "");
}

// "layers 0-3, heads 0,2"
template <class T>
std::string described_heads(const source::StoredAttention<T>& attention) {
    return "layers " + index_list_text(attention.layer_numbers()) + ", heads " +
           index_list_text(attention.heads);
}

template <class T>
class Comparison {
  public:
    Comparison(const CompareRequest& request, io::Inputs& inputs, DType grain, const Warn& warn)
        : request_(request), grain_(grain) {
        std::tie(a_, b_) = open_both<T>(inputs, request, warn);
        const Shape& x = a_.shape();
        const Shape& y = b_.shape();
        if (x[0] != y[0] || x[2] != y[2] || x[3] != y[3]) {
            fail(request.a, " ", to_string(x), " and ", request.b, " ", to_string(y),
                 ": cannot be compared ([batch, heads, queries, keys])",
                 advice(inputs, request, a_, b_));
        }
    }

    CompareResult run(const Warn& warn) {
        CompareResult result;
        result.batch = a_.shape()[0] > 1;
        match(a_, b_, request_.a, true, result);
        match(b_, a_, request_.b, false, result);
        if (result.heads.empty())
            fail(request_.a, " (", described_heads(a_), ") and ", request_.b, " (",
                 described_heads(b_), "): have no layer and head in common");
        warn_of_idle_ranks(request_.ranks, result.heads.size(), warn);
        for (auto first = result.heads.begin(); first != result.heads.end();) {
            const auto last = std::find_if(first, result.heads.end(), [&](const auto& head) {
                return head.layer != first->layer;
            });
            compare_layer(result, first, last);
            first = last;
        }
        bring_together(result);
        return result;
    }

    // A picture of each head, into the folder of the request.
    void draw(CompareResult& result, const io::Inputs& inputs) const {
        const Communicator& ranks = request_.ranks;
        io::OutputFolder folder(request_.output, {"compare", request_.policy, inputs.paths()},
                                "a folder of pictures", ranks);
        const source::AxisLabels labels = source::choose_labels(a_, {});
        parallel_for(result.heads.size(), [&](std::size_t i) {
            if (!is_mine(i)) return;
            const HeadDifference& head = result.heads[i];
            const std::vector<KeyRange> allowed = allowed_by_either(head);
            folder.write(
                results::head_picture(head.layer, head.head, {head.sequence, a_.shape()[0]}),
                draw_difference<T>(matrix(a_, head), matrix(b_, head),
                                   {head_text(head.layer, head.head), request_.a, request_.b,
                                    io::labels_of(labels.queries, head.sequence),
                                    io::labels_of(labels.keys, head.sequence)},
                                   {allowed.data(), allowed.size()}));
        });
        folder.gather_files();
        results::RunManifest manifest;
        manifest.command = "compare";
        if (ranks.is_root()) manifest.inputs = inputs.records(request_.policy.sha256);
        manifest.files = folder.files();
        folder.commit(results::write_manifest(manifest));
        result.pictures = folder.paths();
    }

  private:
    using HeadIterator = std::vector<HeadDifference>::iterator;

    // The keys of each query that one side or the other lets it attend.
    std::vector<KeyRange> allowed_by_either(const HeadDifference& head) const {
        const Mask<T> a = mask(a_, head.layer), b = mask(b_, head.layer);
        std::vector<KeyRange> allowed;
        for (std::size_t query = 0; query < a_.shape()[2]; ++query) {
            const KeyRange x = a.allowed(head.sequence, query);
            const KeyRange y = b.allowed(head.sequence, query);
            allowed.push_back(x.empty() ? y
                              : y.empty()
                                  ? x
                                  : KeyRange{std::min(x.begin, y.begin), std::max(x.end, y.end)});
        }
        return allowed;
    }

    static Mask<T> mask(const source::StoredAttention<T>& attention, std::size_t layer) {
        MaskOptions<T> options;
        options.structure = attention.structure;
        const auto window = find_layer(attention, layer)->window_left;
        if (window) options.structure.window_left = window;
        return {std::move(options), attention.shape()[3]};
    }

    // The heads of a result are dealt out among the ranks.
    bool is_mine(std::size_t head) const {
        return head % request_.ranks.size() == request_.ranks.rank();
    }

    // What other ranks found.
    void bring_together(CompareResult& result) const {
        ByteWriter own;
        for (std::size_t i = 0; i < result.heads.size(); ++i)
            if (is_mine(i)) analysis::save(result.heads[i].values, own);
        const std::vector<std::string> all = request_.ranks.gather_all(own.bytes());
        for (std::size_t rank = 0; rank < all.size(); ++rank) {
            ByteReader theirs(all[rank]);
            for (std::size_t i = rank; i < result.heads.size(); i += all.size())
                analysis::restore(result.heads[i].values, theirs);
        }
    }

    void compare_layer(const CompareResult& result, HeadIterator first, HeadIterator last) const {
        const auto before = static_cast<std::size_t>(first - result.heads.begin());
        parallel_for(static_cast<std::size_t>(last - first), [&](std::size_t i) {
            if (!is_mine(before + i)) return;
            HeadDifference& head = first[static_cast<std::ptrdiff_t>(i)];
            head.values = analysis::compare<T>(matrix(a_, head), matrix(b_, head),
                                               request_.tolerance, grain_);
        });
        find_layer(a_, first->layer)->forget();
        find_layer(b_, first->layer)->forget();
    }

    // Lists the heads of `one` that `other` has too, or says that it lacks them.
    static void match(const source::StoredAttention<T>& one,
                      const source::StoredAttention<T>& other, const std::string& name, bool list,
                      CompareResult& result) {
        for (const source::StoredLayer<T>& layer : one.layers) {
            for (const std::size_t head : one.heads) {
                const bool both = find_layer(other, layer.layer) != nullptr && has(other, head);
                if (!both)
                    result.missing.push_back(head_text(layer.layer, head) + ": only in " + name);
                if (!both || !list) continue;
                for (std::size_t sequence = 0; sequence < one.shape()[0]; ++sequence)
                    result.heads.push_back({layer.layer, sequence, head, {}});
            }
        }
    }

    static bool has(const source::StoredAttention<T>& attention, std::size_t head) {
        const auto& heads = attention.heads;
        return std::find(heads.begin(), heads.end(), head) != heads.end();
    }

    static const source::StoredLayer<T>* find_layer(const source::StoredAttention<T>& attention,
                                                    std::size_t number) {
        for (const source::StoredLayer<T>& layer : attention.layers) {
            if (layer.layer == number) return &layer;
        }
        return nullptr;
    }

    static MatrixView<const T> matrix(const source::StoredAttention<T>& attention,
                                      const HeadDifference& head) {
        const auto place = static_cast<std::size_t>(
            std::find(attention.heads.begin(), attention.heads.end(), head.head) -
            attention.heads.begin());
        return find_layer(attention, head.layer)->weights.matrix(head.sequence, place);
    }

    const CompareRequest& request_;
    DType grain_;
    source::StoredAttention<T> a_;
    source::StoredAttention<T> b_;
};

}  // namespace

CompareResult compare(const CompareRequest& request, const Progress& progress, const Warn& warn) {
    if (request.b.empty()) return compare_with_computed(request, progress, warn);
    if (request.a == request.b && io::parse_array_name(request.a).path == "-")
        fail(
            "A and B are the same array of standard input, which is read once; save one to a file");
    io::Inputs inputs;
    for (const std::string* source : {&request.a, &request.b}) inputs.hold(*source);
    const DType a = stored_type(inputs, request.a), b = stored_type(inputs, request.b);
    const DType grain = coarser(a, b);
    const DType wider =
        std::max(source::working_type(inputs, request.a), source::working_type(inputs, request.b));
    return source::with_type(request.precision.value_or(wider), [&](auto number) {
        Comparison<decltype(number)> comparison(request, inputs, grain, warn);
        inputs.release();
        io::require_same_files(request.ranks, inputs.paths());
        CompareResult result = comparison.run(warn);
        if (!request.output.empty()) comparison.draw(result, inputs);
        return result;
    });
}

}  // namespace attn::pipeline

#include "pipeline/compare_computed.hpp"

#include <algorithm>

#include "analysis/difference_sink.hpp"
#include "attention/division.hpp"
#include "core/error.hpp"
#include "core/index_list.hpp"
#include "io/same_files.hpp"
#include "pipeline/compared_side.hpp"
#include "source/computed_source.hpp"
#include "source/stored_source.hpp"

namespace attn::pipeline {
namespace {

template <class T>
class ComputedComparison {
  public:
    ComputedComparison(const CompareRequest& request, io::Inputs& inputs, const Warn& warn)
        : request_(request),
          name_(request.computed.weights.empty() ? request.computed.query
                                                 : request.computed.weights),
          computed_(request.computed, inputs, warn) {
        const source::Outline& b = computed_.outline();
        const Shape extents{b.layers.size(), b.sequences, b.heads.size(), b.queries, b.keys};
        source::ArraySource a{request.a, request.axes};
        take_axes(inputs, a, extents, name_, warn);
        stored_ = source::open_stored_attention<T>(inputs, a, warn);
        const Shape& x = stored_.shape();
        if (x[0] != b.sequences || x[2] != b.queries || x[3] != b.keys)
            fail(request.a, " ", to_string(x), " and what ", name_, " gives ",
                 to_string(Shape(extents.begin() + 1, extents.end())),
                 ": cannot be compared ([batch, heads, queries, keys])");
    }

    CompareResult run(DType grain, const Progress& progress, const Warn& warn) const {
        CompareResult result;
        const source::Outline& b = computed_.outline();
        result.batch = b.sequences > 1;
        const Share share{in_both(stored_.layer_numbers(), b.layers), std::nullopt,
                          in_both(stored_.heads, b.heads)};
        if (share.layers->empty() || share.heads->empty())
            fail(request_.a, " (layers ", index_list_text(stored_.layer_numbers()), ", heads ",
                 index_list_text(stored_.heads), ") and what ", name_, " gives (layers ",
                 index_list_text(b.layers), ", heads ", index_list_text(b.heads),
                 "): have no layer and head in common");
        result.missing =
            only_in(stored_.layer_numbers(), stored_.heads, b.layers, b.heads, request_.a);
        for (const std::string& text :
             only_in(b.layers, b.heads, stored_.layer_numbers(), stored_.heads, name_))
            result.missing.push_back(text);
        analysis::DifferenceSink<T> sink(
            [this](std::size_t layer, std::size_t sequence, std::size_t head) {
                return matrix(layer, sequence, head);
            },
            request_.tolerance, grain);
        const std::size_t heads = share.heads->size() * b.sequences;
        warn_of_idle_ranks(request_.ranks, heads, warn);
        RanksSink<T> ranks(request_.ranks);
        computed_.stream({&ranks, &sink}, share, progress);
        result.heads = sink.take();
        // As two that are saved are listed: the sequences of a head together.
        std::stable_sort(result.heads.begin(), result.heads.end(),
                         [](const HeadDifference& one, const HeadDifference& other) {
                             return std::pair(one.layer, one.head) <
                                    std::pair(other.layer, other.head);
                         });
        return result;
    }

  private:
    static bool has(const std::vector<std::size_t>& numbers, std::size_t number) {
        return std::find(numbers.begin(), numbers.end(), number) != numbers.end();
    }

    // Places in `computed`, whose numbers they are.
    static std::vector<std::size_t> in_both(const std::vector<std::size_t>& stored,
                                            const std::vector<std::size_t>& computed) {
        std::vector<std::size_t> places;
        for (std::size_t place = 0; place < computed.size(); ++place)
            if (has(stored, computed[place])) places.push_back(place);
        return places;
    }

    static std::vector<std::string> only_in(const std::vector<std::size_t>& layers,
                                            const std::vector<std::size_t>& heads,
                                            const std::vector<std::size_t>& other_layers,
                                            const std::vector<std::size_t>& other_heads,
                                            const std::string& name) {
        std::vector<std::string> missing;
        for (const std::size_t layer : layers)
            for (const std::size_t head : heads)
                if (!has(other_layers, layer) || !has(other_heads, head))
                    missing.push_back(head_text(layer, head) + ": only in " + name);
        return missing;
    }

    MatrixView<const T> matrix(std::size_t layer, std::size_t sequence, std::size_t head) const {
        const auto found =
            std::find_if(stored_.layers.begin(), stored_.layers.end(),
                         [&](const source::StoredLayer<T>& one) { return one.layer == layer; });
        const auto place = std::find(stored_.heads.begin(), stored_.heads.end(), head);
        return found->weights.matrix(sequence,
                                     static_cast<std::size_t>(place - stored_.heads.begin()));
    }

    const CompareRequest& request_;
    std::string name_;
    source::ComputedSource<T> computed_;
    source::StoredAttention<T> stored_;
};

}  // namespace

CompareResult compare_with_computed(const CompareRequest& request, const Progress& progress,
                                    const Warn& warn) {
    if (request.computed.weights.empty() && request.computed.query.empty())
        fail(
            "b: is missing; give a second result, or --weights (or --query, --key and --value) to "
            "compute it from");
    if (!request.output.empty())
        fail("--output: draws two results that were saved; save what is computed with run first");
    io::Inputs inputs;
    inputs.hold(request.a);
    const DType type = request.precision.value_or(source::working_type(inputs, request.a));
    const DType grain = coarser(stored_type(inputs, request.a), type);
    return source::with_type(type, [&](auto number) {
        using T = decltype(number);
        CompareRequest asked = request;
        asked.computed.precision =
            type == DType::float64 ? source::Precision::f64 : source::Precision::f32;
        const ComputedComparison<T> comparison(asked, inputs, warn);
        io::require_same_files(request.ranks, inputs.paths());
        return comparison.run(grain, progress, warn);
    });
}

}  // namespace attn::pipeline

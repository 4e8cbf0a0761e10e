#include "pipeline/report_projections.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "core/error.hpp"
#include "core/word_list.hpp"
#include "io/array_name.hpp"
#include "results/folder_layout.hpp"
#include "results/manifest.hpp"

namespace attn::pipeline {
namespace {

struct ProjectedSizes {
    std::size_t sequences;
    std::size_t heads;
    std::size_t tokens;
};

// One layer [batch, heads, tokens, d] of an array with fewer axes where their lengths are 1.
template <class T>
Array<T> layer_of(const Array<T>& array, std::size_t layer, const std::string& name,
                  const char* flag, const ProjectedSizes& sizes) {
    Shape shape = array.shape();
    const auto refuse = [&] {
        fail(flag, " ", name, " ", to_string(array.shape()),
             ": expected [(layers,) (batch,) heads, tokens, d_head] of ",
             counted(sizes.sequences, "sequence"), ", ", sizes.heads,
             " heads (or fewer that divide them) and ", counted(sizes.tokens, "token"));
    };
    if (shape.size() < 3 || shape.size() > 5) refuse();
    const bool batch_only = shape.size() == 4 && sizes.sequences > 1;
    if (shape.size() == 3) shape.insert(shape.begin(), 1);
    if (shape.size() == 4) shape.insert(shape.begin() + (batch_only ? 0 : 1), 1);
    const bool fits = layer < shape[0] && shape[1] == sizes.sequences && shape[2] > 0 &&
                      sizes.heads % shape[2] == 0 && shape[3] == sizes.tokens && shape[4] > 0;
    if (!fits) refuse();
    const Shape one{shape[1], shape[2], shape[3], shape[4]};
    const std::size_t count = shape[1] * shape[2] * shape[3] * shape[4];
    const T* const begin = array.data() + layer * count;
    return Array<T>(one, std::vector<T>(begin, begin + count));
}

template <class T>
std::vector<Array<T>> named(const std::string& name, const char* flag, const ReportSide<T>& side,
                            std::size_t tokens, io::Inputs& inputs) {
    const Array<T> array = inputs.load<T>(name, io::NonFinite::never);
    const source::Outline& outline = side.outline();
    const ProjectedSizes sizes{outline.sequences, outline.heads.size(), tokens};
    // All layers of the model, or those of the page.
    const bool layered =
        array.shape().size() == 5 || (array.shape().size() == 4 && outline.sequences == 1);
    const std::size_t layers = layered ? array.extent(0) : 1;
    const bool by_place = layers == side.layers.size();
    std::vector<Array<T>> all;
    for (std::size_t place = 0; place < side.layers.size(); ++place)
        all.push_back(layer_of(array, by_place ? place : side.layers[place], name, flag, sizes));
    return all;
}

template <class T>
ReportProjections<T> of_run_folder(const ReportSide<T>& side, io::Inputs& inputs) {
    const std::string& folder = side.from.source;
    const results::RunManifest& manifest = *side.attention->run;
    const source::Outline& outline = side.outline();
    ReportProjections<T> projections;
    for (const std::size_t layer : side.layers) {
        for (const bool keys : {false, true}) {
            const std::string name =
                folder + "/" + results::array_name(layer, keys ? "k" : "q", manifest.format);
            const io::ArrayName array_name = io::parse_array_name(name);
            if (!std::filesystem::exists(array_name.path) ||
                (!array_name.key.empty() &&
                 inputs.open(array_name.path).arrays.count(array_name.key) == 0))
                return {};
            const Array<T> array = inputs.load<T>(name, io::NonFinite::allow);
            const bool finite = std::all_of(array.values().begin(), array.values().end(),
                                            [](T value) { return std::isfinite(value); });
            if (!finite) return {};
            const ProjectedSizes sizes{outline.sequences, outline.heads.size(),
                                       keys ? outline.keys : outline.queries};
            Array<T> one =
                array.rank() == 3
                    ? array.reshaped({1, array.extent(0), array.extent(1), array.extent(2)})
                    : array;
            // Keys of a run may be fewer than those of its cache; then there is no picture.
            if (one.extent(2) != sizes.tokens || one.extent(0) != sizes.sequences ||
                sizes.heads % one.extent(1) != 0)
                return {};
            (keys ? projections.keys : projections.queries).push_back(std::move(one));
        }
    }
    return projections;
}

}  // namespace

template <class T>
ReportProjections<T> load_report_projections(const ReportRequest& request,
                                             const ReportSide<T>& side, io::Inputs& inputs) {
    const std::string& query = request.computed.query;
    const std::string& key = request.computed.key;
    if (query.empty() != key.empty())
        fail(query.empty() ? "--key" : "--query", ": has no effect without ",
             query.empty() ? "--query" : "--key", "; the plane shows both");
    const source::Outline& outline = side.outline();
    if (!query.empty()) {
        ReportProjections<T> projections{named(query, "--query", side, outline.queries, inputs),
                                         named(key, "--key", side, outline.keys, inputs)};
        for (std::size_t layer = 0; layer < side.layers.size(); ++layer) {
            if (projections.queries[layer].extent(1) != outline.heads.size() ||
                projections.queries[layer].extent(3) != projections.keys[layer].extent(3))
                fail("--query ", query, " ", to_string(projections.queries[layer].shape()),
                     " and --key ", key, " ", to_string(projections.keys[layer].shape()),
                     ": expected queries of each of the ", counted(outline.heads.size(), "head"),
                     ", as wide as the keys");
        }
        return projections;
    }
    if (!side.attention->run) return {};
    return of_run_folder(side, inputs);
}

template struct ReportProjections<float>;
template struct ReportProjections<double>;
template ReportProjections<float> load_report_projections(const ReportRequest&,
                                                          const ReportSide<float>&, io::Inputs&);
template ReportProjections<double> load_report_projections(const ReportRequest&,
                                                           const ReportSide<double>&, io::Inputs&);

}  // namespace attn::pipeline

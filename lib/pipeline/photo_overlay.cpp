#include "pipeline/photo_overlay.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "core/index_list.hpp"
#include "core/numbers.hpp"
#include "core/word_list.hpp"
#include "pipeline/photo_panels.hpp"

namespace attn::pipeline {
namespace {

std::size_t number_below(const std::string& text, std::size_t end, const std::string& whole) {
    const WholeRange range{0, static_cast<std::int64_t>(end) - 1};
    return static_cast<std::size_t>(parse_whole(text, range, "--targets " + quoted(whole) + ":"));
}

PhotoTarget parse_target(const std::string& text, const analysis::PatchGrid& grid) {
    if (text == "cls") {
        if (grid.extra() == 0)
            fail("--grid ", grid.rows(), "x", grid.columns(),
                 ": has no class token in front for --targets cls, as ", grid.rows(), "x",
                 grid.columns(), "+1 has; give --targets a patch R,C or a query N");
        return {"class token", 0};
    }
    const auto numbers = split_at(text, ',');
    if (numbers.size() == 2) {
        const std::size_t row = number_below(numbers[0], grid.rows(), text);
        const std::size_t column = number_below(numbers[1], grid.columns(), text);
        return {"patch " + text, grid.extra() + row * grid.columns() + column};
    }
    if (numbers.size() != 1 || !whole_of(text))
        fail("--targets ", quoted(text),
             ": expected cls, a patch R,C or a query N, several as 'cls;3,4;7,7'");
    return {"query " + text, number_below(text, grid.keys(), text)};
}

// Patches of one query, of one head or of the mean of several; [rows, columns] behind one another.
template <class T>
std::vector<float> patches_of(const source::HeadMatrices<T>& weights, std::size_t sequence,
                              const std::vector<std::size_t>& heads, std::size_t query,
                              const analysis::PatchGrid& grid) {
    std::vector<double> sums(grid.rows() * grid.columns());
    for (const std::size_t head : heads) {
        const T* row = weights.matrix(sequence, head).row(query).data() + grid.extra();
        for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += static_cast<double>(row[i]);
    }
    std::vector<float> means;
    for (const double sum : sums)
        means.push_back(static_cast<float>(sum / static_cast<double>(heads.size())));
    return means;
}

template <class T>
PhotoPanels gather(const source::StoredAttention<T>& attention, const DrawRequest& request,
                   const analysis::PatchGrid& grid, const std::vector<PhotoTarget>& targets,
                   std::size_t sequence) {
    const auto places = source::select_heads(attention, request.from);
    std::vector<std::vector<std::size_t>> groups{places};
    if (!request.photo.mean_heads) {
        groups.clear();
        for (const std::size_t place : places) groups.push_back({place});
    }
    PhotoPanels panels;
    panels.columns = groups.size();
    for (const PhotoTarget& target : targets) {
        for (const source::StoredLayer<T>& layer : attention.layers) {
            panels.rows.push_back("layer " + std::to_string(layer.layer) +
                                  (targets.size() > 1 ? ", " + target.name : ""));
            for (const auto& heads : groups) {
                panels.cells.push_back(
                    patches_of(layer.weights, sequence, heads, target.query, grid));
                panels.titles.push_back(request.photo.mean_heads
                                            ? "mean of " + counted(heads.size(), "head")
                                            : "head " +
                                                  std::to_string(attention.heads[heads.front()]));
                panels.queries.push_back(target.query);
            }
        }
    }
    return panels;
}

std::size_t one_sequence(const source::SourceRequest& from, std::size_t batch) {
    if (from.sequences) require_indices_below(*from.sequences, batch, "--seq", "sequence");
    if (from.sequences && from.sequences->size() == 1) return from.sequences->front();
    if (batch == 1) return 0;
    fail(from.source, ": one picture shows one sequence of ", batch, "; choose it with --seq");
}

template <class T>
std::string draw_as(const DrawRequest& request, io::Inputs& inputs, const Warn& warn) {
    source::StoredAttention<T> attention =
        source::open_stored_attention<T>(inputs, {request.from.source, request.from.axes}, warn);
    inputs.release();
    source::select_layers(attention, request.from);
    const Shape& shape = attention.shape();
    const analysis::PatchGrid grid = analysis::parse_grid(request.photo.grid, shape[3]);
    if (shape[2] != shape[3])
        fail(request.from.source, ": has ", counted(shape[2], "query"), " and ", shape[3],
             " keys; --image needs attention among the patches of one picture");
    const std::size_t sequence = one_sequence(request.from, shape[0]);
    const auto targets = parse_targets(request.photo.targets, grid);
    const PhotoPanels panels = gather(attention, request, grid, targets, sequence);
    PhotoText text;
    text.title = targets.size() == 1 ? "what the " + targets.front().name + " looks at"
                                     : "what queries look at";
    if (grid.extra() > 0) text.note = "weights of the patches; those of other tokens are not drawn";
    text.description = "Attention weights of patches";
    return draw_panels(panels, grid, Photo(request.photo.image), request.heatmaps, text);
}

}  // namespace

std::vector<PhotoTarget> parse_targets(const std::string& text, const analysis::PatchGrid& grid) {
    std::vector<PhotoTarget> targets;
    for (const std::string& piece : split_at(text, ';'))
        targets.push_back(parse_target(piece, grid));
    return targets;
}

std::string draw_over_photo(const DrawRequest& request, const Warn& warn) {
    if (request.photo.grid.empty())
        fail("--image needs --grid ROWSxCOLUMNS, or ROWSxCOLUMNS+1 with a class token in front");
    io::Inputs inputs;
    const DType type = source::working_type(inputs, request.from.source, request.from.precision);
    return source::with_type(
        type, [&](auto number) { return draw_as<decltype(number)>(request, inputs, warn); });
}

}  // namespace attn::pipeline

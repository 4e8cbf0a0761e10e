#include "pipeline/photo_overlay.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "core/index_list.hpp"
#include "core/numbers.hpp"
#include "core/word_list.hpp"
#include "io/output_folder.hpp"
#include "pipeline/photo_panels.hpp"
#include "pipeline/stored_manifest.hpp"
#include "render/cell_layout.hpp"
#include "render/picture_format.hpp"
#include "results/folder_layout.hpp"
#include "results/manifest.hpp"

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

// What is drawn, read and judged before anything is written.
template <class T>
class PhotoAttention {
  public:
    PhotoAttention(const DrawRequest& request, io::Inputs& inputs, const Warn& warn)
        : request_(request),
          attention_(source::open_stored_attention<T>(
              inputs, {request.from.source, request.from.axes}, warn)),
          grid_(analysis::parse_grid(request.photo.grid, attention_.shape()[3])),
          photo_(request.photo.image) {
        inputs.also_reads(request.photo.image);
        inputs.release();
        source::select_layers(attention_, request.from);
        const Shape& shape = attention_.shape();
        if (shape[2] != shape[3])
            fail(request.from.source, ": has ", counted(shape[2], "query"), " and ", shape[3],
                 " keys; --image needs attention among the patches of one picture");
        targets_ = parse_targets(request.photo.targets, grid_);
        places_ = source::select_heads(attention_, request.from);
        if (request.from.sequences)
            require_indices_below(*request.from.sequences, shape[0], "--seq", "sequence");
    }

    // One picture of everything: a row a layer and target.
    std::string alone() const {
        const std::size_t batch = attention_.shape()[0];
        const std::vector<std::size_t> sequences = chosen_sequences();
        if (sequences.size() != 1)
            fail(request_.from.source, ": one picture shows one sequence of ", batch,
                 "; choose it with --seq");
        return page(attention_.layers, sequences.front(), words());
    }

    // A sheet of each layer, and one of all where there are several, of each sequence.
    void write_to(io::OutputFolder& folder) const {
        const std::string format = render::name_of(request_.heatmaps.print.format);
        const std::size_t batch = attention_.shape()[0];
        for (const std::size_t sequence : chosen_sequences()) {
            const std::string of =
                batch > 1 ? "sequence " + std::to_string(sequence) + ", " : std::string();
            for (const source::StoredLayer<T>& layer : attention_.layers)
                folder.write(
                    results::heads_picture(layer.layer, {sequence, batch}, format),
                    page({layer}, sequence, words_of(of + "layer " + std::to_string(layer.layer))));
            if (attention_.layers.size() > 1)
                folder.write(results::layers_picture({sequence, batch}, format),
                             page(attention_.layers, sequence, words_of(of + "every layer")));
        }
    }

    results::RunManifest manifest() const {
        results::RunManifest manifest = stored_manifest(attention_, places_);
        manifest.command = "heatmap";
        return manifest;
    }

  private:
    std::vector<std::size_t> chosen_sequences() const {
        return request_.from.sequences ? *request_.from.sequences : count_up(attention_.shape()[0]);
    }

    PhotoText words() const {
        PhotoText text;
        text.title = targets_.size() == 1 ? "what the " + targets_.front().name + " looks at"
                                          : "what queries look at";
        if (grid_.extra() > 0)
            text.note = "weights of the patches; those of other tokens are not drawn";
        text.description = "Attention weights of patches";
        return text;
    }

    // Those of one picture among others: a title of the user's does not hide which it is.
    PhotoText words_of(const std::string& which) const {
        PhotoText text = words();
        text.title = which + ": " + text.title;
        text.description += " of " + which;
        if (!request_.heatmaps.title.value_or("").empty())
            text.note = text.title + (text.note.empty() ? "" : "; " + text.note);
        return text;
    }

    std::string page(const std::vector<source::StoredLayer<T>>& layers, std::size_t sequence,
                     const PhotoText& text) const {
        return draw_panels(panels_of(layers, sequence), grid_, photo_, request_.heatmaps, text);
    }

    // A row a layer and target; the heads of one target in one layer take as many rows as are wide
    // and high alike, where the page is one of many.
    PhotoPanels panels_of(const std::vector<source::StoredLayer<T>>& layers,
                          std::size_t sequence) const {
        std::vector<std::vector<std::size_t>> groups{places_};
        if (!request_.photo.mean_heads) {
            groups.clear();
            for (const std::size_t place : places_) groups.push_back({place});
        }
        PhotoPanels panels;
        panels.columns = groups.size();
        for (const PhotoTarget& target : targets_) {
            for (const source::StoredLayer<T>& layer : layers) {
                panels.rows.push_back("layer " + std::to_string(layer.layer) +
                                      (targets_.size() > 1 ? ", " + target.name : ""));
                for (const auto& heads : groups) {
                    panels.cells.push_back(
                        patches_of(layer.weights, sequence, heads, target.query, grid_));
                    panels.titles.push_back(
                        request_.photo.mean_heads
                            ? "mean of " + counted(heads.size(), "head")
                            : "head " + std::to_string(attention_.heads[heads.front()]));
                    panels.queries.push_back(target.query);
                }
            }
        }
        if (!is_one_picture(request_.output) && panels.rows.size() == 1) {
            panels.columns = render::lay_out_sheet(groups.size()).across;
            panels.rows.clear();
        }
        return panels;
    }

    const DrawRequest& request_;
    source::StoredAttention<T> attention_;
    analysis::PatchGrid grid_;
    Photo photo_;
    std::vector<PhotoTarget> targets_;
    std::vector<std::size_t> places_;  // of the heads
};

// Calls `act` with the attention of the request in the type that it is read in.
template <class Act>
auto with_photo_attention(const DrawRequest& request, io::Inputs& inputs, const Warn& warn,
                          const Act& act) {
    if (request.photo.grid.empty())
        fail("--image needs --grid ROWSxCOLUMNS, or ROWSxCOLUMNS+1 with a class token in front");
    const DType type = source::working_type(inputs, request.from.source, request.from.precision);
    return source::with_type(type, [&](auto number) {
        return act(PhotoAttention<decltype(number)>(request, inputs, warn));
    });
}

}  // namespace

std::vector<PhotoTarget> parse_targets(const std::string& text, const analysis::PatchGrid& grid) {
    std::vector<PhotoTarget> targets;
    for (const std::string& piece : split_at(text, ';'))
        targets.push_back(parse_target(piece, grid));
    return targets;
}

std::string draw_over_photo(const DrawRequest& request, const Warn& warn) {
    io::Inputs inputs;
    return with_photo_attention(request, inputs, warn,
                                [](const auto& attention) { return attention.alone(); });
}

std::vector<std::string> draw_photo_folder(const DrawRequest& request, const Warn& warn) {
    io::Inputs inputs;
    return with_photo_attention(request, inputs, warn, [&](const auto& attention) {
        io::OutputFolder folder(request.output, {"heatmap", request.policy, inputs.paths()},
                                "a folder, or one picture FILE.png, FILE.svg or FILE.pdf");
        attention.write_to(folder);
        results::RunManifest manifest = attention.manifest();
        manifest.inputs = inputs.records(request.policy.sha256);
        manifest.files = folder.files();
        folder.commit(results::write_manifest(manifest));
        return folder.paths();
    });
}

}  // namespace attn::pipeline

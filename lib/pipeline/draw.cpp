#include "pipeline/draw.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <mutex>
#include <numeric>

#include "core/error.hpp"
#include "core/index_list.hpp"
#include "io/output_folder.hpp"
#include "io/tokens.hpp"
#include "pipeline/heatmap_sink.hpp"
#include "pipeline/layout.hpp"
#include "pipeline/manifest.hpp"
#include "pipeline/progress_sink.hpp"
#include "pipeline/stored_source.hpp"

namespace attn::pipeline {
namespace {

using LabelLists = std::vector<std::vector<std::string>>;

bool ends_in_png(const std::string& path) {
    const std::string extension = std::filesystem::path(path).extension().string();
    return extension == ".png" || extension == ".PNG";
}

// Keeps the layers that were asked for by number.
void select_layers(StoredAttention& attention, const DrawRequest& request) {
    if (!request.layers) return;
    std::vector<StoredLayer> chosen;
    for (std::size_t wanted : *request.layers) {
        const auto found =
            std::find_if(attention.layers.begin(), attention.layers.end(),
                         [&](const StoredLayer& layer) { return layer.layer == wanted; });
        if (found == attention.layers.end())
            fail("--layer ", wanted, ": ", request.source, " has no such layer");
        chosen.push_back(*found);
    }
    std::sort(chosen.begin(), chosen.end(),
              [](const StoredLayer& a, const StoredLayer& b) { return a.layer < b.layer; });
    attention.layers = std::move(chosen);
}

// The places of the heads that were asked for by number; all of them without a wish.
std::vector<std::size_t> select_heads(const StoredAttention& attention,
                                      const DrawRequest& request) {
    std::vector<std::size_t> places(attention.heads.size());
    std::iota(places.begin(), places.end(), std::size_t{0});
    if (!request.heads) return places;
    places.clear();
    for (std::size_t wanted : *request.heads) {
        const auto found = std::find(attention.heads.begin(), attention.heads.end(), wanted);
        if (found == attention.heads.end())
            fail("--head ", wanted, ": ", request.source, " has no such head");
        places.push_back(static_cast<std::size_t>(found - attention.heads.begin()));
    }
    std::sort(places.begin(), places.end());
    return places;
}

PictureChoice choose_pictures(const StoredAttention& attention, const DrawRequest& request) {
    PictureChoice choice;
    choice.heads = select_heads(attention, request);
    choice.head_numbers = attention.heads;
    choice.batch = attention.shape()[0];
    if (request.sequences) {
        require_indices_below(*request.sequences, choice.batch, "--seq", "sequence");
        choice.sequences = *request.sequences;
        std::sort(choice.sequences.begin(), choice.sequences.end());
    } else {
        choice.sequences.resize(choice.batch);
        std::iota(choice.sequences.begin(), choice.sequences.end(), std::size_t{0});
    }
    if (request.sheet) choice.single = false;
    return choice;
}

void require_label_counts(const LabelLists& lists, std::size_t batch, std::size_t count,
                          const std::string& file, const std::string& what) {
    if (lists.empty()) return;
    if (lists.size() != 1 && lists.size() != batch) {
        fail(file, ": has tokens for ", lists.size(), " sequences, the attention has ", batch);
    }
    for (const auto& list : lists) {
        if (list.size() != count) {
            fail(file, ": has ", list.size(), " tokens, the attention has ", count, " ", what);
        }
    }
}

// Tokens label both axes of square attention; otherwise the axis that has as many positions.
PictureLabels choose_labels(const StoredAttention& attention, const DrawRequest& request) {
    const Shape& shape = attention.shape();
    const std::string file = request.tokens.empty() ? request.source : request.tokens;
    const LabelLists tokens =
        request.tokens.empty() ? attention.tokens : io::load_tokens(request.tokens);
    PictureLabels labels;
    if (request.tokens.empty() && request.key_tokens.empty()) {
        labels = {attention.tokens, attention.key_tokens};
    } else if (!request.key_tokens.empty()) {
        labels.keys = io::load_tokens(request.key_tokens);
        require_label_counts(labels.keys, shape[0], shape[3], request.key_tokens, "keys");
        labels.queries = tokens;
    } else if (shape[2] == shape[3]) {
        labels = {tokens, tokens};
    } else if (!tokens.empty() && tokens.front().size() == shape[3]) {
        labels.keys = tokens;
    } else {
        labels.queries = tokens;
    }
    require_label_counts(labels.queries, shape[0], shape[2], file, "queries");
    require_label_counts(labels.keys, shape[0], shape[3], file, "keys");
    return labels;
}

// Everything that stands between the options and the first picture.
struct Drawing {
    io::Inputs inputs;
    StoredAttention attention;
    PictureChoice choice;
    PictureLabels labels;

    explicit Drawing(const DrawRequest& request)
        : attention(open_stored_attention(inputs, request.source)) {
        select_layers(attention, request);
        choice = choose_pictures(attention, request);
        labels = choose_labels(attention, request);
    }

    void stream_to(HeatmapDrawer& drawer, const Progress& progress) const {
        ProgressSink<float> counter(progress, attention.layers.size());
        HeatmapSink<float> sink(drawer);
        stream(attention, {&counter, &sink});
        drawer.finish();
    }
};

std::vector<std::string> draw_file(const DrawRequest& request, const Progress& progress) {
    Drawing drawing(request);
    PictureChoice& choice = drawing.choice;
    if (choice.sequences.size() > 1) {
        fail(request.output, ": one picture shows one sequence of ", choice.batch,
             "; choose it with --seq");
    }
    const bool one_head = choice.heads.size() == 1 && drawing.attention.layers.size() == 1;
    choice.single = one_head && !request.sheet;
    choice.overview = drawing.attention.layers.size() > 1;
    choice.sheets = !choice.single && !choice.overview;

    std::string picture;
    HeatmapDrawer drawer(request.heatmaps, choice, drawing.labels,
                         [&](const std::string&, const std::string& png) { picture = png; });
    drawing.stream_to(drawer, progress);
    io::write_file(request.output, picture);
    return {request.output};
}

std::vector<std::string> draw_folder(const DrawRequest& request, const Progress& progress) {
    std::error_code ignored;
    if (std::filesystem::equivalent(request.source, request.output, ignored)) {
        fail(request.output, ": is the source; choose another folder with -o");
    }
    const Drawing drawing(request);
    io::OutputFolder folder(request.output);
    HeatmapDrawer drawer(
        request.heatmaps, drawing.choice, drawing.labels,
        [&](const std::string& name, const std::string& png) { folder.write(name, png); });
    drawing.stream_to(drawer, progress);

    RunManifest manifest;
    manifest.command = "heatmap";
    manifest.inputs = drawing.inputs.records();
    for (const StoredLayer& layer : drawing.attention.layers)
        manifest.layers.push_back(layer.layer);
    for (std::size_t place : drawing.choice.heads)
        manifest.heads.push_back(drawing.attention.heads[place]);
    manifest.structure = drawing.attention.structure;
    manifest.tokens = drawing.labels.queries;
    manifest.key_tokens = drawing.labels.keys;
    manifest.files = folder.files();
    folder.commit(write_manifest(manifest));

    std::vector<std::string> paths;
    for (const std::string& file : manifest.files) {
        paths.push_back((std::filesystem::path(request.output) / file).string());
    }
    return paths;
}

}  // namespace

std::vector<std::string> draw(const DrawRequest& request, const Progress& progress) {
    return ends_in_png(request.output) ? draw_file(request, progress)
                                       : draw_folder(request, progress);
}

std::string draw_in_terminal(const DrawRequest& request, std::size_t columns, bool color) {
    Drawing drawing(request);
    if (!request.layers) drawing.attention.layers.resize(1);
    if (!request.heads) drawing.choice.heads.resize(1);
    if (!request.sequences) drawing.choice.sequences.resize(1);
    drawing.choice.single = drawing.choice.sheets = drawing.choice.overview = false;
    HeatmapDrawer drawer(request.heatmaps, drawing.choice, drawing.labels, nullptr);
    drawing.stream_to(drawer, nullptr);
    return drawer.text(columns, color);
}

}  // namespace attn::pipeline

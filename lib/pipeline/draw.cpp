#include "pipeline/draw.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>
#include <mutex>
#include <numeric>
#include <optional>

#include "attention/ranks_sink.hpp"
#include "core/error.hpp"
#include "core/lower_case.hpp"
#include "io/output_file.hpp"
#include "io/output_folder.hpp"
#include "io/same_files.hpp"
#include "pipeline/photo_overlay.hpp"
#include "pipeline/stored_manifest.hpp"
#include "results/folder_layout.hpp"
#include "results/heatmap_sink.hpp"
#include "results/manifest.hpp"
#include "source/idle_ranks.hpp"
#include "source/labels_beside.hpp"
#include "source/source_selection.hpp"

namespace attn::pipeline {
namespace {

std::optional<render::PictureFormat> format_of_name(const std::string& output) {
    const std::string ending = lower_case(std::filesystem::path(output).extension().string());
    for (const std::string& name : render::picture_format_names())
        if (ending == "." + name) return render::picture_format(name);
    return std::nullopt;
}

// The format of the one picture that the output is, or none for a folder of them.
std::optional<render::PictureFormat> one_picture(const DrawRequest& request) {
    if (request.output == "-") return request.heatmaps.print.format;
    return format_of_name(request.output);
}

io::FileKind kind_of(render::PictureFormat format) {
    switch (format) {
        case render::PictureFormat::svg:
            return io::FileKind::svg;
        case render::PictureFormat::pdf:
            return io::FileKind::pdf;
        case render::PictureFormat::png:
            break;
    }
    return io::FileKind::png;
}

template <class T>
results::PictureChoice choose_pictures(const source::StoredAttention<T>& attention,
                                       const DrawRequest& request) {
    results::PictureChoice choice;
    const auto chosen = [](const Chosen& some, std::size_t count) {
        if (some) return *some;
        std::vector<std::size_t> all(count);
        std::iota(all.begin(), all.end(), std::size_t{0});
        return all;
    };
    const Share share = source::choose_share(attention, request.from);
    choice.heads = chosen(share.heads, attention.heads.size());
    choice.head_numbers = attention.heads;
    choice.batch = attention.shape()[0];
    choice.sequences = chosen(share.sequences, choice.batch);
    if (request.sheet) choice.single = false;
    return choice;
}

// Everything that stands between the options and the first picture.
template <class T>
struct Drawing {
    io::Inputs& inputs;
    source::StoredAttention<T> attention;
    results::PictureChoice choice;
    results::PictureLabels labels;
    Communicator ranks;

    Drawing(const DrawRequest& request, io::Inputs& inputs_, const Warn& warn)
        : inputs(inputs_),
          attention(source::open_stored_attention<T>(
              inputs, {request.from.source, request.from.axes}, warn)),
          ranks(request.ranks) {
        source::add_labels_beside(inputs, request.from, attention, warn);
        inputs.release();
        io::require_same_files(ranks, inputs.paths());
        source::select_layers(attention, request.from);
        source::warn_of_causal_leak(attention, request.from.source, warn);
        choice = choose_pictures(attention, request);
        source::warn_of_idle_ranks(ranks, source::choose_share(attention, request.from), attention,
                                   warn);
        const source::AxisLabels names = source::choose_labels(attention, request.from);
        labels = {names.queries, names.keys};
        inputs.also_reads(request.from.tokens);
        inputs.also_reads(request.from.key_tokens);
        for (const std::string& font : request.heatmaps.fonts) inputs.also_reads(font);
    }

    io::OutputGuard guard(const DrawRequest& request) const {
        return {"heatmap", request.policy, inputs.paths()};
    }

    void stream_to(results::HeatmapDrawer& drawer, const Progress& progress) const {
        results::HeatmapSink<T> sink(drawer);
        RanksSink<T> shared(ranks);
        Sinks<T> sinks{&sink};
        // The one picture of one head is drawn by whoever streams it, and rank 0 needs it.
        if (!choice.alone || !choice.single) sinks.push_back(&shared);
        source::StoredSource<T>(attention).stream(sinks, {{}, choice.sequences, choice.heads},
                                                  progress);
        drawer.finish(ranks.is_root());
    }
};

template <class T>
std::vector<std::string> draw_file(const DrawRequest& request, io::Inputs& inputs,
                                   const Progress& progress, const Warn& warn) {
    Drawing<T> drawing(request, inputs, warn);
    results::PictureChoice& choice = drawing.choice;
    if (choice.sequences.size() > 1) {
        fail(request.output, ": one picture shows one sequence of ", choice.batch,
             "; choose it with --seq");
    }
    const bool one_head = choice.heads.size() == 1 && drawing.attention.layers.size() == 1;
    choice.single = one_head && !request.sheet;
    choice.overview = drawing.attention.layers.size() > 1;
    choice.sheets = !choice.single && !choice.overview;

    choice.alone = true;

    std::optional<io::OutputFile> file;
    if (request.ranks.is_root())
        file.emplace(request.output, kind_of(request.heatmaps.print.format),
                     drawing.guard(request));
    std::string picture;
    results::HeatmapDrawer drawer(
        request.heatmaps, choice, drawing.labels,
        [&](const std::string&, const std::string& bytes) { picture = bytes; }, warn);
    drawing.stream_to(drawer, progress);
    if (file) file->write(picture);
    if (request.output == "-") return {};
    return {request.output};
}

template <class T>
std::vector<std::string> draw_folder(const DrawRequest& request, io::Inputs& inputs,
                                     const Progress& progress, const Warn& warn) {
    const Drawing<T> drawing(request, inputs, warn);
    io::OutputFolder folder(request.output, drawing.guard(request),
                            "a folder, or one picture FILE.png, FILE.svg or FILE.pdf",
                            request.ranks);
    results::HeatmapDrawer drawer(
        request.heatmaps, drawing.choice, drawing.labels,
        [&](const std::string& name, const std::string& bytes) { folder.write(name, bytes); },
        warn);
    drawing.stream_to(drawer, progress);
    folder.gather_files();

    results::RunManifest manifest = stored_manifest(drawing.attention, drawing.choice.heads);
    manifest.command = "heatmap";
    if (drawing.ranks.is_root()) manifest.inputs = drawing.inputs.records(request.policy.sha256);
    manifest.tokens = drawing.labels.queries;
    manifest.key_tokens = drawing.labels.keys;
    manifest.files = folder.files();
    folder.commit(results::write_manifest(manifest));
    return folder.paths();
}

template <class T>
std::string draw_text(const DrawRequest& request, io::Inputs& inputs, std::size_t columns,
                      bool color, const Warn& warn) {
    Drawing<T> drawing(request, inputs, warn);
    if (!request.from.layers) drawing.attention.layers.resize(1);
    if (!request.from.heads) drawing.choice.heads.resize(1);
    if (!request.from.sequences) drawing.choice.sequences.resize(1);
    drawing.choice.single = drawing.choice.sheets = drawing.choice.overview = false;
    results::HeatmapDrawer drawer(request.heatmaps, drawing.choice, drawing.labels, nullptr);
    drawing.stream_to(drawer, nullptr);
    return drawer.text(columns, color);
}

std::vector<std::string> draw_photos(const DrawRequest& request, const Warn& warn) {
    if (!one_picture(request)) return draw_photo_folder(request, warn);
    io::Inputs inputs;
    inputs.also_reads(request.from.source);
    inputs.also_reads(request.photo.image);
    // It is of one head.
    if (request.ranks.is_root()) {
        io::OutputFile file(request.output, kind_of(request.heatmaps.print.format),
                            {"heatmap", request.policy, inputs.paths()});
        file.write(draw_over_photo(request, warn));
    }
    if (request.output == "-") return {};
    return {request.output};
}

}  // namespace

bool is_one_picture(const std::string& output) {
    return output == "-" || format_of_name(output).has_value();
}

std::vector<std::string> draw(const DrawRequest& asked, const Progress& progress,
                              const Warn& warn) {
    results::require_colour_range(asked.heatmaps);
    DrawRequest request = asked;
    request.heatmaps.origin.source = request.from.source;
    const std::optional<render::PictureFormat> format = one_picture(request);
    render::Print& print = request.heatmaps.print;
    if (format && request.heatmaps.chose_format && *format != print.format) {
        fail("--format ", render::name_of(print.format), ": ", request.output,
             " has the format of its name; leave the flag out, or change the name");
    }
    if (format) print.format = *format;
    if (!request.photo.image.empty()) return draw_photos(request, warn);
    io::Inputs inputs;
    const DType type = source::working_type(inputs, request.from.source, request.from.precision);
    return source::with_type(type, [&](auto number) {
        using T = decltype(number);
        return format ? draw_file<T>(request, inputs, progress, warn)
                      : draw_folder<T>(request, inputs, progress, warn);
    });
}

std::string draw_in_terminal(const DrawRequest& request, std::size_t columns, bool color,
                             const Warn& warn) {
    results::require_colour_range(request.heatmaps);
    io::Inputs inputs;
    const DType type = source::working_type(inputs, request.from.source, request.from.precision);
    return source::with_type(type, [&](auto number) {
        return draw_text<decltype(number)>(request, inputs, columns, color, warn);
    });
}

}  // namespace attn::pipeline

#include "pipeline/approx_triptychs.hpp"

#include "core/version.hpp"
#include "core/word_list.hpp"
#include "render/picture_format.hpp"
#include "results/triptych.hpp"

namespace attn::pipeline {

template <class T>
std::unique_ptr<analysis::ImpliedSink<T>> triptych_sink(
    const ApproxRequest& request, const ChosenMethods& chosen, const TriptychSizes& sizes,
    const std::string& source, std::optional<io::OutputFolder>& folder, const Warn& warn) {
    constexpr std::size_t kMostPictures = 100;
    constexpr std::size_t kMostCells = std::size_t{1} << 22;
    if (!folder || !request.pictures) return nullptr;
    std::vector<analysis::ApproxMethod> methods;
    for (const ChosenMethods::Runs& runs : chosen.runs()) {
        const analysis::ApproxMethod& method = chosen.methods()[runs.first];
        if (method.row().implies_weights()) methods.push_back(method);
    }
    if (methods.empty()) return nullptr;
    const std::size_t pictures = methods.size() * sizes.heads;
    if (pictures > kMostPictures || sizes.cells > kMostCells) {
        warn("pictures of single heads are left out: " +
             (sizes.cells > kMostCells
                  ? "a head has " + counted(sizes.cells, "weight") + ", at most " +
                        std::to_string(kMostCells) + " are drawn"
                  : std::to_string(pictures) + " of them, at most " +
                        std::to_string(kMostPictures) +
                        " are drawn; choose fewer with --method, --layers or --head"));
        return nullptr;
    }
    const auto take = [methods, &folder, source, batch = sizes.batch, options = request.heatmaps,
                       command = request.command](const analysis::ImpliedHead& head) {
        const std::string& spec = methods[head.method].text;
        const results::TriptychText text{
            "layer " + std::to_string(head.layer) +
                (batch ? ", sequence " + std::to_string(head.sequence) : "") + ", head " +
                std::to_string(head.head) + ": " + spec,
            source};
        const render::PictureFacts facts{{"Title", text.title},
                                         {"Source", source},
                                         {"Command", command},
                                         {"Software", std::string("attn-inspect ") + version()}};
        folder->write(results::triptych_file(head, spec, batch),
                      render::encode(results::draw_triptych(head, text, options),
                                     render::Font::embedded(), {}, facts));
    };
    return std::make_unique<analysis::ImpliedSink<T>>(methods, take);
}

template std::unique_ptr<analysis::ImpliedSink<float>> triptych_sink(
    const ApproxRequest&, const ChosenMethods&, const TriptychSizes&, const std::string&,
    std::optional<io::OutputFolder>&, const Warn&);
template std::unique_ptr<analysis::ImpliedSink<double>> triptych_sink(
    const ApproxRequest&, const ChosenMethods&, const TriptychSizes&, const std::string&,
    std::optional<io::OutputFolder>&, const Warn&);

}  // namespace attn::pipeline

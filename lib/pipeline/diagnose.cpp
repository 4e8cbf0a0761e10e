#include "pipeline/diagnose.hpp"

#include <filesystem>

#include "core/error.hpp"
#include "core/index_list.hpp"
#include "io/output_folder.hpp"
#include "pipeline/diagnosed_layer.hpp"
#include "pipeline/misfit_picture.hpp"
#include "pipeline/observed_array.hpp"
#include "pipeline/probe.hpp"
#include "results/manifest.hpp"
#include "source/computed_source.hpp"

namespace attn::pipeline {
namespace {

using analysis::Observation;

// Looks for the observation among the layers that are right.
class LayerSearchSink : public Sink<double> {
  public:
    LayerSearchSink(const source::ComputedInputs<double>& loaded, const Observation& observation)
        : loaded_(loaded), observation_(observation) {}

    Needs needs() const override { return needs_projections(); }
    void consume(const Tile<double>&) override {}

    void end_layer(const LayerOutputs<double>& layer) override {
        if (found || layer.projections == nullptr) return;
        const AttentionOptions<double> options = loaded_.options_of(layer.layer);
        const analysis::DenseInputs dense = dense_inputs(layer, loaded_, options);
        if (const auto residual = analysis::fits_right(dense, observation_))
            found = analysis::OtherLayer{layer.layer, *residual};
    }

    std::optional<analysis::OtherLayer> found;

  private:
    const source::ComputedInputs<double>& loaded_;
    const Observation& observation_;
};

// Another layer of the same sizes that gives what was observed. Layers that cannot be computed are
// not looked at.
std::optional<analysis::OtherLayer> find_layer(source::ComputedRequest request, std::size_t but,
                                               const source::ComputedInputs<double>& loaded,
                                               const Observation& observation, io::Inputs& files) {
    std::vector<std::size_t> others;
    for (std::size_t layer = 0; layer < loaded.layers.size(); ++layer) {
        if (layer != but && loaded.layers[layer].d_output == loaded.layers[but].d_output)
            others.push_back(layer);
    }
    if (others.empty() || !loaded.has_weights()) return std::nullopt;
    request.layers = others;
    try {
        const source::ComputedSource<double> source(request, files, [](const std::string&) {});
        LayerSearchSink sink(source.inputs(), observation);
        source.stream({&sink}, {others, {}, {}}, nullptr);
        return sink.found;
    } catch (const Error&) {
        return std::nullopt;
    }
}

// Thrown to leave a source behind the first layer that is wrong.
struct EnoughLayers {};

// Diagnoses the layers that it is attached to, while what each reads is there, up to the first that
// is wrong. Those behind it are only judged, where each reads what was given for it.
class DiagnosisSink : public Sink<double> {
  public:
    DiagnosisSink(const DiagnoseRequest& request, const source::ComputedInputs<double>& loaded,
                  io::Inputs& files, Progress progress)
        : request_(request), loaded_(loaded), files_(files), progress_(std::move(progress)) {}

    Needs needs() const override { return needs_projections(); }
    void consume(const Tile<double>&) override {}

    void end_layer(const LayerOutputs<double>& layer) override {
        const AttentionOptions<double> options = loaded_.options_of(layer.layer);
        analysis::DenseInputs dense = dense_inputs(layer, loaded_, options);
        const Observation observation = observe(request_, loaded_, layer.layer, files_, {});
        if (is_wrong_) {
            const auto residual = analysis::fits_right(dense, observation);
            verdicts_.push_back({layer.layer, true, residual.has_value(), residual});
            return;
        }
        look_at(layer, dense, observation);
        if (is_wrong_ && !loaded_.hidden_states) throw EnoughLayers{};
    }

    // `all`: several layers were asked for.
    DiagnoseResult result(bool all) {
        if (all) {
            for (std::size_t layer = verdicts_.size(); layer < loaded_.layers.size(); ++layer)
                verdicts_.push_back({layer, false, false, std::nullopt});
            result_.layers = verdicts_;
        }
        result_.computes_input = result_.layer > 0 && !loaded_.hidden_states;
        return std::move(result_);
    }

    const MisfitPicture& picture() const { return picture_; }

  private:
    void look_at(const LayerOutputs<double>& layer, analysis::DenseInputs& dense,
                 const Observation& observation) {
        source::ComputedRequest input = request_.input;
        input.layers = std::vector<std::size_t>{layer.layer};
        add_other_layers(dense, layer, loaded_, input, files_);
        analysis::DiagnosisOptions search{request_.seconds, progress_, {}};
        search.find_layer = [&] {
            return find_layer(input, layer.layer, loaded_, observation, files_);
        };
        analysis::Diagnosis found = analysis::diagnose(dense, observation, search);
        is_wrong_ = !found.correct;
        const double residual = found.correct ? found.explanations.front().residual : found.error;
        verdicts_.push_back({layer.layer, true, found.correct, residual});
        const bool worst = result_.diagnosis.explanations.empty() ||
                           residual > result_.diagnosis.explanations.front().residual;
        if (!is_wrong_ && !worst) return;
        if (!request_.output.empty())
            picture_ = draw_misfit(dense, observation, found.differences.place, layer.layer);
        result_ = {};
        result_.kind = observation.kind;
        result_.layer = layer.layer;
        result_.diagnosis = std::move(found);
    }

    const DiagnoseRequest& request_;
    const source::ComputedInputs<double>& loaded_;
    io::Inputs& files_;
    Progress progress_;
    bool is_wrong_ = false;
    std::vector<LayerVerdict> verdicts_;
    MisfitPicture picture_;
    DiagnoseResult result_;
};

// The picture in a folder of its own; its path.
std::string write_picture(const DiagnoseRequest& request, const MisfitPicture& picture,
                          const io::Inputs& inputs) {
    io::OutputFolder folder(request.output, {"diagnose", request.policy, inputs.paths()},
                            "a folder of pictures");
    folder.write(picture.file, picture.png);
    results::RunManifest manifest;
    manifest.command = "diagnose";
    manifest.inputs = inputs.records(request.policy.sha256);
    manifest.files = folder.files();
    folder.commit(results::write_manifest(manifest));
    return (std::filesystem::path(request.output) / picture.file).string();
}

DiagnoseResult diagnose_layers(const DiagnoseRequest& request,
                               const source::ComputedSource<double>& source, io::Inputs& inputs,
                               const std::vector<std::size_t>& layers, const Progress& progress) {
    DiagnosisSink sink(request, source.inputs(), inputs, progress);
    try {
        // The engine refuses what overflows, with its place.
        source.stream({&sink}, {layers, {}, {}}, nullptr);
    } catch (const EnoughLayers&) {
    }
    DiagnoseResult result = sink.result(layers.size() > 1);
    if (!request.output.empty()) result.picture = write_picture(request, sink.picture(), inputs);
    if (!request.probe.empty()) {
        result.probe =
            write_probe({request.probe, request.policy, request.input, result.layer, result.kind},
                        result.diagnosis.explanations, inputs);
    }
    return result;
}

}  // namespace

DiagnoseResult diagnose(const DiagnoseRequest& request, const Progress& progress,
                        const Warn& warn) {
    if (request.observed.empty())
        fail("diagnose needs --observed: the weights, scores or output that the other code gave");
    if (!request.probe.empty() && request.input.query.empty() && request.input.embeddings.empty())
        fail(
            "--probe: writes queries, keys and values, or embeddings: needs --query or "
            "--embeddings, not --hidden-states or --token-ids");
    const std::size_t layer = request.layer.value_or(0);
    io::Inputs inputs;
    source::ComputedRequest input = request.input;
    input.layers = std::vector<std::size_t>{layer};  // blocks behind it need not be whole
    const source::ComputedSource<double> source(input, inputs, warn);
    const source::ComputedInputs<double>& loaded = source.inputs();
    if (layer >= loaded.layers.size()) {
        fail("--layer ", layer, ": the weights have ", loaded.layers.size(), " layers");
    }
    // What does not fit is said before anything is computed.
    observe(request, loaded, layer, inputs, warn);
    const bool all = !request.layer && holds_all_layers(request, loaded, inputs);
    if (!all) return diagnose_layers(request, source, inputs, {layer}, progress);
    input.layers.reset();
    const source::ComputedSource<double> whole(input, inputs, {});
    return diagnose_layers(request, whole, inputs, count_up(loaded.layers.size()), {});
}

}  // namespace attn::pipeline

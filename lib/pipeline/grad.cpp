#include "pipeline/grad.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "core/index_list.hpp"
#include "core/word_list.hpp"
#include "io/json_text.hpp"
#include "io/npy_writer.hpp"
#include "io/output_folder.hpp"
#include "io/same_files.hpp"
#include "pipeline/gradient_check.hpp"
#include "pipeline/run_options.hpp"
#include "results/gradient_array_sink.hpp"
#include "results/gradient_picture.hpp"
#include "results/manifest.hpp"
#include "source/gradient_pass.hpp"

namespace attn::pipeline {
namespace {

// What the source must be able to give for the forward pass.
source::ComputedRequest differentiable(const GradRequest& request) {
    source::ComputedRequest input = request.input;
    const bool whole = input.query.empty() && input.hidden_states.empty();
    input.asked_by = request.upstream.named();
    input.logits = whole && request.upstream.kind == source::Upstream::Kind::logit;
    input.hidden = input.logits;
    return input;
}

template <class T>
class GradientRun {
  public:
    GradientRun(const GradRequest& request, const Warn& warn)
        : request_(request),
          warn_(warn),
          source_(differentiable(request), files_, warn),
          loaded_(source_.inputs()),
          pass_(source_, files_, request.upstream, request.ranks),
          layers_(sorted_indices(request.layers, loaded_.layers.size(), "--layers", "layer")),
          save_(request.save.value_or(results::usual_gradients(!loaded_.has_weights()))),
          measures_(request.spectral) {
        if (request.heads) {
            heads_ = sorted_indices(request.heads, loaded_.heads, "--head", "head");
        }
        require_what_is_saved();
        // So that the guard knows it before anything is computed.
        if (request.upstream.kind == source::Upstream::Kind::array)
            files_.find(request.upstream.array);
        io::require_same_files(request.ranks, files_.paths());
        warn_of_ranks();
        if (request.output.empty()) return;
        files_.also_reads(request.input.tokens);
        files_.also_reads(request.input.key_tokens);
        folder_.emplace(request.output, io::OutputGuard("grad", request.policy, files_.paths()),
                        "a folder", request.ranks);
    }

    GradResult execute(const Progress& progress) {
        GradResult result;
        report_ = &result.report;
        report_->batch = loaded_.batch > 1;
        report_->spectral = request_.spectral;
        report_->clipped = request_.clip.has_value();
        report_->of_logit = request_.upstream.kind == source::Upstream::Kind::logit;
        if (loaded_.has_weights()) report_->labels = loaded_.tokens;
        if (folder_) {
            folder_->require_space(bytes_of_cells());
            arrays_.emplace(*folder_, save_, loaded_.batch_axis, request_.ranks.is_root());
        }
        if (request_.verify) written_.resize(loaded_.x.size());
        backwards(progress);
        report_->model = analysis::summarise_layers(all_layers_, request_.clip, stacked());
        if (request_.verify)
            report_->check = check_gradients(differentiable(request_), request_.upstream,
                                             *request_.verify, written_, files_, request_.ranks);
        if (folder_) {
            if (request_.ranks.is_root())
                results::write_gradient_picture(*report_, {"upstream " + request_.upstream.text},
                                                *folder_);
            folder_->gather_files();
            const results::RunManifest manifest = describe();
            folder_->commit(results::write_manifest(manifest));
            result.files = manifest.files;
        }
        return result;
    }

  private:
    // One layer is a stack of one, unless every layer stands alone.
    bool stacked() const { return pass_.stacked() || loaded_.layers.size() == 1; }
    bool is_chosen_layer(std::size_t layer) const {
        return std::binary_search(layers_.begin(), layers_.end(), layer);
    }

    // What was asked for by name and is not there.
    void require_what_is_saved() const {
        if (request_.clip && !loaded_.has_weights())
            fail("--clip: --query, --key and --value have no projections whose norm is clipped");
        if (!request_.save || save_.all) return;
        const auto require = [](bool chosen, bool there, const std::string& what) {
            if (chosen && !there) fail("--save ", what);
        };
        require(save_.x, loaded_.has_weights(),
                "x: --query, --key and --value were given, there are no embeddings");
        require(save_.projections, loaded_.has_weights(),
                "projections: --query, --key and --value were given, there are none");
        require(save_.bias, !loaded_.options.mask.bias.empty(), "bias: there is no --bias");
        require(save_.sink, !loaded_.options.sinks.empty() || !loaded_.sinks.empty(),
                "sink: there is no --sink");
        require(save_.relative_bias,
                !loaded_.options.mask.relative.empty() || !loaded_.relative.empty(),
                "relative_bias: there is no --relative-bias");
    }

    void warn_of_ranks() const {
        const std::size_t parts = pass_.parts(), ranks = request_.ranks.size();
        if (!warn_ || ranks <= parts) return;
        if (parts == 1 && loaded_.batch * loaded_.kv_heads > 1)
            return warn_(
                "the gradient of a bias that several heads share is a sum in one order, so that "
                "every rank computes all heads");
        warn_("there " + std::string(parts == 1 ? "is " : "are ") +
              counted(parts, "key/value head") + " to take backwards and " + std::to_string(ranks) +
              " ranks, so that " + std::to_string(ranks - parts) + " of them have less to do");
    }

    // The bytes of the arrays that may be too large; the others are as large as what was read.
    std::size_t bytes_of_cells() const {
        const std::size_t arrays =
            (save_.scores ? std::size_t{1} : 0) + (save_.weights ? std::size_t{1} : 0);
        const std::size_t heads = heads_ ? heads_->size() : loaded_.heads;
        const Shape shape{layers_.size() * arrays * loaded_.batch, heads, loaded_.queries,
                          loaded_.keys};
        return arrays == 0 ? 0 : io::npy_file_size(dtype_of<T>(), shape);
    }

    void backwards(const Progress& progress) {
        GradientSinks<T> sinks{&measures_};
        if (arrays_) sinks.push_back(&*arrays_);
        typename source::GradientPass<T>::Visits visits;
        visits.before = [this](std::size_t layer) {
            if (arrays_) arrays_->want(is_chosen_layer(layer));
        };
        visits.layer = [this](const source::LayerPass<T>& layer) { take(layer); };
        visits.final_hidden = [this](const Array<T>& gradient) {
            if (arrays_) arrays_->write_final_hidden(gradient);
        };
        pass_.stream(sinks, heads_, visits, progress);
        // They came from the last to the first.
        std::reverse(all_layers_.begin(), all_layers_.end());
        std::reverse(report_->layers.begin(), report_->layers.end());
        std::stable_sort(report_->heads.begin(), report_->heads.end(),
                         [](const auto& a, const auto& b) { return a.layer < b.layer; });
    }

    void take(const source::LayerPass<T>& layer) {
        analysis::LayerGradientStats stats;
        stats.layer = layer.layer;
        stats.grad_out = analysis::norm_of(layer.d_out);
        if (layer.d_in) stats.grad_in = analysis::norm_of(*layer.d_in);
        if (layer.residual && stats.grad_out > 0)
            stats.branch_gain =
                analysis::norm_of_difference(*layer.d_in, layer.d_out) / stats.grad_out;
        if (layer.projections)
            analysis::measure_projections(layer.gradients.projections, *layer.projections, stats);
        require_finite(stats);
        stats.nonfinite_heads =
            std::any_of(measures_.heads().begin(), measures_.heads().end(),
                        [](const auto& head) { return analysis::is_nonfinite(head); });
        all_layers_.push_back(stats);
        if (layer.layer == 0 && layer.x) take_tokens(*layer.x, *layer.d_in);
        if (layer.d_in && layer.layer < written_.size())
            written_[layer.layer] = Array<double>(
                layer.d_in->shape(), {layer.d_in->values().begin(), layer.d_in->values().end()});
        if (warn_ && !measures_.violation().empty()) warn_(measures_.violation());
        if (is_chosen_layer(layer.layer)) {
            report_->layers.push_back(stats);
            report_->heads.insert(report_->heads.end(), measures_.heads().begin(),
                                  measures_.heads().end());
        }
        if (!arrays_) return;
        results::GradientArrays<T> arrays;
        arrays.layer = layer.layer;
        arrays.x = layer.d_in;
        arrays.gradients = &layer.gradients;
        arrays.shapes = input_shapes(layer.layer);
        arrays_->end_layer(arrays);
    }

    // The gradients of what a layer reads were looked at where they were made.
    void require_finite(const analysis::LayerGradientStats& stats) const {
        if (request_.input.allow_nonfinite) return;
        for (const auto& named : stats.projections) {
            if (!std::isfinite(named.gradient))
                fail("layer ", stats.layer, ": the gradient of ", named.name,
                     " leaves the range of ",
                     sizeof(T) == sizeof(float) ? "float32; give --precision f64, or"
                                                : "float64; give",
                     " --allow-nonfinite to let it through");
        }
    }

    // Saliency of the tokens (Simonyan et al. 2014, and gradient times input).
    void take_tokens(const Array<T>& x, const Array<T>& dx) {
        const std::size_t width = x.extent(2);
        for (std::size_t row = 0; row < x.extent(0) * x.extent(1); ++row) {
            results::TokenGradient token{row / x.extent(1), row % x.extent(1), 0, 0};
            double squares = 0;
            for (std::size_t i = row * width; i < (row + 1) * width; ++i) {
                const auto d = static_cast<double>(dx.data()[i]);
                squares += d * d;
                token.grad_dot_input += d * static_cast<double>(x.data()[i]);
            }
            token.grad_norm = std::sqrt(squares);
            report_->tokens.push_back(token);
        }
    }

    // As the files have them, where that is not the order of our own.
    std::map<std::string, Shape> input_shapes(std::size_t layer) {
        std::map<std::string, Shape> shapes;
        if (!request_.input.attention.bias.empty())
            shapes["bias"] = files_.find(request_.input.attention.bias).shape;
        if (!loaded_.has_weights()) return shapes;
        for (const char* name : {"W_Q", "W_K", "W_V", "W_O"}) {
            const auto& arrays = loaded_.bundle->layers[layer];
            const auto found = arrays.find(name);
            if (found != arrays.end() && found->second.shape.size() == 3)
                shapes[name] = found->second.shape;
        }
        return shapes;
    }

    results::RunManifest describe() {
        results::RunManifest manifest;
        manifest.command = "grad";
        if (request_.ranks.is_root()) manifest.inputs = files_.records(request_.policy.sha256);
        manifest.options = describe_input_options(request_.input, loaded_);
        manifest.options.emplace_back("upstream", io::json_value(request_.upstream.text));
        manifest.options.emplace_back(
            "clip", request_.clip ? io::json_value(*request_.clip) : std::string("null"));
        manifest.layers = layers_;
        manifest.heads = heads_ ? *heads_ : source_.outline().heads;
        manifest.structure = loaded_.options.mask.structure;
        for (const std::size_t layer : layers_) {
            const auto window = source_.outline().window_left.find(layer);
            if (window != source_.outline().window_left.end()) manifest.window_left.insert(*window);
        }
        manifest.tokens = loaded_.tokens;
        manifest.key_tokens = loaded_.key_tokens;
        manifest.files = folder_->files();
        return manifest;
    }

    const GradRequest& request_;
    const Warn& warn_;
    io::Inputs files_;
    source::ComputedSource<T> source_;
    const source::ComputedInputs<T>& loaded_;
    source::GradientPass<T> pass_;
    std::vector<std::size_t> layers_;
    Chosen heads_;
    results::GradientChoice save_;
    analysis::HeadGradientSink<T> measures_;
    std::optional<io::OutputFolder> folder_;
    std::optional<results::GradientArraySink<T>> arrays_;
    std::vector<Array<double>> written_;  // gradients of the embeddings, to be verified
    std::vector<analysis::LayerGradientStats> all_layers_;
    results::GradientReport* report_ = nullptr;
};

}  // namespace

GradResult grad(const GradRequest& request, const Progress& progress, const Warn& warn) {
    if (request.input.precision == source::Precision::f64)
        return GradientRun<double>(request, warn).execute(progress);
    return GradientRun<float>(request, warn).execute(progress);
}

}  // namespace attn::pipeline

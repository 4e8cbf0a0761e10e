#include "pipeline/run.hpp"

#include <algorithm>
#include <memory>
#include <numeric>

#include "analysis/check_sink.hpp"
#include "analysis/verify_sink.hpp"
#include "attention/product_processor.hpp"
#include "attention/query_offset.hpp"
#include "attention/ranks_sink.hpp"
#include "core/error.hpp"
#include "core/index_list.hpp"
#include "core/phase_clock.hpp"
#include "core/version.hpp"
#include "io/npy_writer.hpp"
#include "io/output_folder.hpp"
#include "io/same_files.hpp"
#include "kernels/kernels.hpp"
#include "pipeline/check_judge.hpp"
#include "pipeline/ring_run.hpp"
#include "pipeline/run_journal.hpp"
#include "pipeline/run_options.hpp"
#include "pipeline/stats.hpp"
#include "results/array_sink.hpp"
#include "results/contribution_sink.hpp"
#include "results/heatmap_sink.hpp"
#include "results/layer_array_sink.hpp"
#include "results/needs_sink.hpp"
#include "results/packing_sink.hpp"
#include "results/received_sink.hpp"
#include "source/computed_source.hpp"

namespace attn::pipeline {
namespace {

// What was asked for, made definite by what the input holds.
struct Selection {
    std::vector<std::size_t> layers;
    std::vector<std::size_t> heads;
};

// Flags name the norm behind the residual.
bool has_own_norm(const RunRequest& request) {
    return !request.norm_weight.empty() || !request.norm_bias.empty();
}

// What the source must be able to give for what is saved.
source::ComputedRequest with_needs(const RunRequest& request) {
    source::ComputedRequest input = request.input;
    input.layers = request.layers;
    input.hidden = request.save.hidden;
    input.logits = request.save.logits || request.save.probs;
    // Then it is that norm's.
    if (has_own_norm(request)) input.norm_epsilon = std::nullopt;
    return input;
}

template <class T>
class Run {
  public:
    Run(const RunRequest& request, const Warn& warn)
        : request_(request),
          save_(request.save),
          warn_(warn),
          source_(with_needs(request), files_, warn),
          loaded_(source_.inputs()),
          outline_(source_.outline()),
          selection_{sorted_indices(request.layers, outline_.layers.size(), "--layers", "layer"),
                     sorted_indices(request.heads, outline_.heads.size(), "--head", "head")},
          folder_(request.output, guard(), "a folder", request.ranks,
                  request.resume ? io::OutputFolder::Leftover::taken_over
                                 : io::OutputFolder::Leftover::removed) {}

    results::RunManifest execute(const Progress& progress) {
        if (!folder_.is_taken_over()) folder_.require_space(bytes_to_write());
        results::HeatmapDrawer drawer(
            picture_options(), pictures(), {loaded_.tokens, loaded_.key_tokens},
            [this](const std::string& name, const std::string& bytes) {
                folder_.write(name, bytes);
            },
            save_.heatmaps ? warn_ : nullptr);
        results::ArraySink<T> arrays(folder_,
                                     {save_.scores, save_.weights, save_.context, save_.logsumexp},
                                     loaded_.batch_axis);
        results::HeatmapSink<T> heatmaps(drawer);
        analysis::StatsSink<T> stats(stats_options());
        results::LayerArraySink<T> layer_arrays(folder_, save_, loaded_.batch_axis);
        results::ReceivedSink<T> received(folder_, stats, loaded_.batch_axis);
        results::ContributionSink<T> contributions(folder_, save_, loaded_.batch_axis,
                                                   loaded_.options.kv_order, own_norm());
        results::PackingSink<T> packing(folder_, request_.format);

        if (request_.ring) return go_round(arrays, progress);
        RanksSink<T> ranks(ranks_, warn_);
        Sinks<T> sinks{&ranks, &arrays, for_rank_0(layer_arrays)};
        if (save_.heatmaps) sinks.push_back(&heatmaps);
        if (save_.stats || save_.received) sinks.push_back(&stats);
        if (save_.received) sinks.push_back(for_rank_0(received));
        analysis::CheckSink<T> check(loaded_.options.mask, {outline_.window_left, true});
        if (save_.check) sinks.push_back(&check);
        if (save_.adds()) sinks.push_back(for_rank_0(contributions));
        analysis::VerifySink<T> verify(
            [this](std::size_t layer) { return loaded_.options_of(layer); });
        if (request_.verify) sinks.push_back(&verify);
        sinks.push_back(for_rank_0(packing));
        std::optional<RunJournal<T>> journal;
        if (request_.resume) {
            journal.emplace(folder_, request_.output, facts(), ranks_);
            const Array<T> x = journal->replay(sinks);
            if (journal->last_layer()) source_.start_at(*journal->last_layer() + 1, x);
            journal->remember(sinks, [&drawer] { drawer.finish(false); });
            sinks.insert(sinks.begin(), journal->front());
            sinks.push_back(journal->back());
        }
        source_.stream(sinks, {selection_.layers, std::nullopt, selection_.heads}, progress);
        if (save_.heatmaps) drawer.finish(ranks_.is_root());
        if (save_.stats) {
            write_once("stats.json",
                       stats_json({loaded_.batch > 1, stats.heads(), stats.received(), {}}));
        }
        std::optional<CheckResult> verdicts;
        if (save_.check) verdicts = judge(check.heads());
        folder_.gather_files();
        results::RunManifest manifest = describe();
        manifest.check = std::move(verdicts);
        if (request_.verify) manifest.verification = verify.result();
        folder_.commit(results::write_manifest(manifest));
        return manifest;
    }

  private:
    // Each rank writes the rows of its own tokens.
    results::RunManifest go_round(results::ArraySink<T>& arrays, const Progress& progress) {
        if (loaded_.has_weights()) require_ring_tokens(loaded_.queries, ranks_);
        const std::size_t tokens = outline_.queries;
        const RingTokens own = ring_tokens(tokens, ranks_.rank(), ranks_.size());
        results::LayerArraySink<T> outputs(folder_, save_, loaded_.batch_axis, {{own, tokens}});
        source_.go_round(ranks_);
        source_.stream(Sinks<T>{&arrays, &outputs},
                       {selection_.layers, std::nullopt, selection_.heads}, progress);
        folder_.gather_files();
        results::RunManifest manifest = describe();
        folder_.commit(results::write_manifest(manifest));
        return manifest;
    }

    // The sink itself on rank 0; on others only what it needs.
    Sink<T>* for_rank_0(Sink<T>& sink) {
        if (ranks_.is_root()) return &sink;
        idle_sinks_.push_back(results::stand_in_for(sink));
        return idle_sinks_.back().get();
    }

    // What all ranks know.
    void write_once(const std::string& name, const std::string& bytes) {
        if (ranks_.is_root()) folder_.write(name, bytes);
    }

    io::OutputGuard guard() {
        files_.also_reads(request_.input.tokens);
        files_.also_reads(request_.input.key_tokens);
        for (const std::string& font : request_.heatmaps.fonts) files_.also_reads(font);
        io::require_same_files(ranks_, files_.paths());
        return {"run", request_.policy, files_.paths()};
    }

    // What must be the same for a run that goes on.
    RunFacts facts() const {
        if (request_.verify)
            fail("--resume and --verify exclude each other: what was verified is not kept");
        RunFacts facts = describe_options(request_, loaded_);
        for (const auto& fact : facts_of_command(request_.heatmaps.origin.command))
            facts.push_back(fact);
        for (const std::string& file : files_.paths()) {
            if (file == "-")
                fail("--resume: standard input cannot be read again; save it to a file first");
            facts.emplace_back("file " + file, mark_of_file(file));
        }
        facts.emplace_back("the kernels of this machine", kernels<T>().instruction_set);
        facts.emplace_back("the processor of OpenBLAS", product_processor());
        facts.emplace_back("the version", version());
        return facts;
    }

    // The norm behind the residual that flags name, for layers of any width.
    Norm<T> own_norm() {
        Norm<T> norm;
        if (!has_own_norm(request_)) return norm;
        if (!save_.contributions && !save_.mixing_ratio)
            fail(request_.norm_weight.empty() ? "--norm-bias" : "--norm-weight",
                 ": is for --save contributions and mixing_ratio");
        const auto load = [&](const std::string& name, const char* flag) {
            if (name.empty()) return Array<T>();
            Array<T> values = files_.load<T>(name, request_.input.non_finite());
            const std::size_t width = loaded_.layers.front().d_output;
            if (values.shape() != Shape{width})
                fail(name, " ", to_string(values.shape()), ": expected [", width, "] (", flag, ")");
            return values;
        };
        norm.kind = NormKind::layer;
        norm.weight = load(request_.norm_weight, "--norm-weight");
        norm.bias = load(request_.norm_bias, "--norm-bias");
        norm.epsilon = request_.input.norm_epsilon.value_or(1e-5);
        return norm;
    }

    results::HeatmapOptions picture_options() const {
        results::HeatmapOptions options = request_.heatmaps;
        std::string& source = options.origin.source;
        for (const std::string* file :
             {&request_.input.embeddings, &request_.input.hidden_states, &request_.input.token_ids,
              &request_.input.context, &request_.input.weights, &request_.input.query,
              &request_.input.key, &request_.input.value}) {
            if (!file->empty()) source += (source.empty() ? "" : ", ") + *file;
        }
        return options;
    }

    results::PictureChoice pictures() const {
        results::PictureChoice choice;
        choice.heads = selection_.heads;
        choice.head_numbers = outline_.heads;
        choice.batch = loaded_.batch;
        choice.sequences.resize(loaded_.batch);
        std::iota(choice.sequences.begin(), choice.sequences.end(), std::size_t{0});
        return choice;
    }

    analysis::StatsOptions stats_options() const {
        analysis::StatsOptions options;
        options.offsets = loaded_.options.mask.structure.offsets;
        const bool same_tokens =
            loaded_.queries == loaded_.keys && loaded_.tokens == loaded_.key_tokens;
        if (same_tokens && start_at_first_key(options.offsets)) options.tokens = loaded_.tokens;
        if (!request_.grid.empty())
            options.grid = analysis::parse_grid(request_.grid, loaded_.keys);
        options.scores = true;
        return options;
    }

    // Writes the verdicts, too.
    CheckResult judge(const std::vector<analysis::HeadCheck>& heads) {
        CheckedAttention<T> checked;
        checked.shape = {loaded_.batch, loaded_.heads, loaded_.queries, loaded_.keys};
        checked.heads = outline_.heads;
        checked.has_sinks = !loaded_.options.sinks.empty() || !loaded_.sinks.empty();
        checked.has_windows = !outline_.window_left.empty();
        checked.known_mask = true;
        checked.mask = loaded_.options.mask;
        CheckResult result{loaded_.batch > 1, CheckJudge<T>({}, checked, heads).judge()};
        write_once("check.json",
                   results::checks_json({{request_.output, result}}, false, !result.failed()));
        return result;
    }

    // Arrays of a layer; `d_value` and the output's width may differ by layer.
    std::size_t bytes_of_layer(std::size_t layer) const {
        const source::LayerShapes& sizes = loaded_.layers[layer];
        results::ArraySizes size{
            selection_.heads.size(), loaded_.kv_heads, loaded_.queries, loaded_.keys, sizes.d_head,
            sizes.d_value,           sizes.d_output};
        std::size_t bytes = 0;
        for (const results::LayerArray& array : results::layer_arrays(save_)) {
            Shape shape = array.shape(size);
            if (loaded_.batch_axis) shape.insert(shape.begin(), loaded_.batch);
            add_bytes(bytes, io::npy_file_size(dtype_of<T>(), shape));
        }
        return bytes;
    }

    void add_bytes(std::size_t& bytes, std::size_t more) const {
        if (__builtin_add_overflow(bytes, more, &bytes))
            fail(request_.output, ": the results are larger than any disk; save less (--save)");
    }

    std::size_t bytes_to_write() const {
        std::size_t bytes = 0;
        std::size_t largest = 0;
        for (std::size_t layer : selection_.layers) {
            const std::size_t own = bytes_of_layer(layer);
            add_bytes(bytes, own);
            largest = std::max(largest, own);
        }
        // A layer stands twice while its arrays are packed into one file.
        return request_.format == results::ArrayFormat::npy ? bytes : bytes + largest;
    }

    results::RunManifest describe() const {
        results::RunManifest manifest;
        manifest.command = "run";
        if (ranks_.is_root()) manifest.inputs = files_.records(request_.policy.sha256);
        manifest.options = describe_options(request_, loaded_);
        manifest.layers = selection_.layers;
        manifest.heads = selection_.heads;
        manifest.structure = loaded_.options.mask.structure;
        for (std::size_t layer : selection_.layers) {
            const auto window = outline_.window_left.find(layer);
            if (window != outline_.window_left.end()) manifest.window_left.insert(*window);
        }
        manifest.tokens = loaded_.tokens;
        manifest.key_tokens = loaded_.key_tokens;
        manifest.format = request_.format;
        manifest.files = folder_.files();
        return manifest;
    }

    const RunRequest& request_;
    const results::SaveChoice& save_;
    const Warn& warn_;
    const Communicator& ranks_ = request_.ranks;
    std::vector<std::unique_ptr<Sink<T>>> idle_sinks_;
    // Digests of all inputs are made while they are read; others than rank 0 write no manifest.
    io::Inputs files_{ranks_.is_root() ? io::DigestTime::while_reading
                                       : io::DigestTime::at_the_end};
    source::ComputedSource<T> source_;
    const source::ComputedInputs<T>& loaded_;
    const source::Outline& outline_;
    Selection selection_;
    io::OutputFolder folder_;
};

template <class T>
std::unique_ptr<Run<T>> open_run(const RunRequest& request, const Warn& warn) {
    const InPhase phase(Phase::open);
    return std::make_unique<Run<T>>(request, warn);
}

}  // namespace

results::RunManifest run(const RunRequest& request, const Progress& progress, const Warn& warn) {
    results::require_colour_range(request.heatmaps);
    if (request.ring) require_ring(request);
    if (request.input.precision == source::Precision::f64)
        return open_run<double>(request, warn)->execute(progress);
    return open_run<float>(request, warn)->execute(progress);
}

}  // namespace attn::pipeline

#include "pipeline/report.hpp"

#include <algorithm>
#include <filesystem>
#include <memory>

#include "analysis/check_sink.hpp"
#include "analysis/weight_codes.hpp"
#include "attention/layer.hpp"
#include "core/error.hpp"
#include "core/index_list.hpp"
#include "core/number_word.hpp"
#include "core/parallel.hpp"
#include "io/array_name.hpp"
#include "io/output_file.hpp"
#include "io/shared_standard_input.hpp"
#include "io/xxh3.hpp"
#include "pipeline/check_judge.hpp"
#include "pipeline/check_line.hpp"
#include "pipeline/report_image.hpp"
#include "pipeline/report_page.hpp"
#include "pipeline/report_projections.hpp"
#include "pipeline/report_rollout.hpp"
#include "pipeline/report_side.hpp"
#include "pipeline/report_size.hpp"
#include "render/page.hpp"
#include "results/report_difference.hpp"
#include "results/report_embedding.hpp"

namespace attn::pipeline {
namespace {

using results::ReportMatrices;
using results::ReportSink;

// A number that is no weight, and whose it is.
struct OddOfSource {
    std::string source;
    results::OddWeight weight;

    std::string text() const {
        return pipeline::text(source, ": layer ", weight.layer, ", sequence ", weight.sequence,
                              ", head ", weight.head, ": the weight of query ", weight.query,
                              " on key ", weight.key, " is ", word_of_number(weight.value));
    }
};

bool is_html_name(const std::string& path) {
    const std::string extension = std::filesystem::path(path).extension().string();
    return extension == ".html" || extension == ".htm";
}

void require_report_sense(const ReportRequest& request) {
    if (request.is_computed() && request.computed.weights.empty() && request.computed.query.empty())
        fail(
            "report needs SOURCE, attention that was saved, or --weights (or --query, --key and "
            "--value) to compute it from");
    if (request.output != "-" && !is_html_name(request.output))
        fail(request.output, ": expected a name that ends in .html, or - for standard output");
    if (!request.image.empty() && request.grid.empty())
        fail("--image ", request.image, ": needs --grid RxC, the patches that the keys are");
}

// A source is read once to look at it and once for its rollout. What two inputs want stays refused.
bool reads_standard_input(const ReportRequest& request) {
    const source::ComputedRequest& computed = request.computed;
    const auto inputs = {request.from.source, computed.embeddings, computed.hidden_states,
                         computed.token_ids,  computed.weights,    computed.context,
                         computed.query,      computed.key,        computed.value};
    return std::count_if(inputs.begin(), inputs.end(), [](const std::string& name) {
               return io::parse_array_name(name).path == "-";
           }) == 1;
}

// "weights.npz:attn" without its folder.
std::string file_name_of(const std::string& source) {
    const io::ArrayName name = io::parse_array_name(source);
    const std::filesystem::path path(name.path);
    const std::string file =
        path.has_filename() ? path.filename().string() : path.parent_path().filename().string();
    return name.key.empty() ? file : file + ":" + name.key;
}

// One array has its own digest, several have that of their digests.
std::string digest_of(const io::Inputs& inputs) {
    const std::vector<io::InputRecord> records = inputs.records();
    if (records.size() == 1) return "xxh3:" + records.front().xxh3;
    std::string all;
    for (const io::InputRecord& record : records) all += record.xxh3;
    return "xxh3:" + io::xxh3({reinterpret_cast<const std::byte*>(all.data()), all.size()});
}

template <class T>
class Report {
  public:
    Report(const ReportRequest& request, const Progress& progress, const Warn& warn)
        : request_(request), progress_(progress), warn_(warn) {}

    ReportResult execute() {
        if (request_.is_computed()) {
            a_ = compute_report_side<T>(request_, inputs_, warn_);
        } else {
            inputs_.hold(request_.from.source);
            a_ = open_report_side<T>(request_, request_.from, inputs_, warn_);
        }
        if (!request_.against.empty()) open_other();
        if (!request_.image.empty()) image_ = load_report_image(request_.image, *a_.stats.grid);
        if (!request_.is_computed()) {
            projection_inputs_.hold(request_.from.source);
            projections_ = load_report_projections(request_, a_, projection_inputs_);
        }
        io::OutputFile file(request_.output, io::FileKind::html, guard());
        for (io::Inputs* inputs : {&inputs_, &other_inputs_, &projection_inputs_})
            inputs->release();
        collect_facts();
        const render::Page page = within_budget();
        file.write_parts([&](const io::OutputFile::TakePart& take) { page.write(take); });
        return {a_.layers.size(), a_.heads.size(), a_.sequences.size(), facts_.queries,
                facts_.keys,      facts_.packing,  page.size()};
    }

  private:
    io::OutputGuard guard() {
        inputs_.also_reads(request_.from.tokens);
        inputs_.also_reads(request_.from.key_tokens);
        inputs_.also_reads(request_.image);
        std::vector<std::string> paths = inputs_.paths();
        for (const io::Inputs* inputs : {&other_inputs_, &projection_inputs_}) {
            const std::vector<std::string> others = inputs->paths();
            paths.insert(paths.end(), others.begin(), others.end());
        }
        return io::OutputGuard("report", request_.policy, paths);
    }

    void open_other() {
        source::SourceRequest from = request_.from;
        from.source = request_.against;
        from.axes = request_.against_axes;
        other_inputs_.hold(from.source);
        b_ = open_report_side<T>(request_, from, other_inputs_, warn_, "--axes-b");
        const auto sizes = [](const ReportSide<T>& side) {
            return std::vector<std::size_t>{side.layers.size(), side.outline().sequences,
                                            side.outline().heads.size(), side.outline().queries,
                                            side.outline().keys};
        };
        if (sizes(a_) == sizes(*b_)) return;
        fail("--against ", request_.against, ": has ", b_->layers.size(), " layers of ",
             to_string(b_->checked.shape), ", ", source_name(), " has ", a_.layers.size(), " of ",
             to_string(a_.checked.shape), " ([batch, heads, queries, keys]); expected the same");
    }

    void name_sources() {
        facts_.sources.push_back({file_name_of(source_name()), digest_of(inputs_)});
        if (b_)
            facts_.sources.push_back({file_name_of(request_.against), digest_of(other_inputs_)});
    }

    std::string source_name() const {
        if (!request_.is_computed()) return request_.from.source;
        return request_.computed.weights.empty() ? request_.computed.query
                                                 : request_.computed.weights;
    }

    void collect_facts() {
        const source::Outline& outline = a_.outline();
        facts_.title = request_.title.empty() ? file_name_of(source_name()) : request_.title;
        facts_.command = without_absolute_folders(request_.command);
        facts_.layers = a_.layers;
        facts_.heads = a_.heads;
        facts_.sequences = a_.sequences;
        facts_.batch = outline.sequences > 1;
        facts_.queries = outline.queries;
        facts_.keys = outline.keys;
        facts_.offsets = a_.offsets();
        if (!image_.bytes.empty()) facts_.image = image_.facts;
        facts_.tokens = chosen_labels(a_.labels.queries);
        facts_.key_tokens = chosen_labels(a_.labels.keys);
        facts_.narrowed = sizeof(T) > sizeof(float);
        facts_.start = request_.start;
        if (a_.stats.grid)
            facts_.grid = {a_.stats.grid->rows(), a_.stats.grid->columns(), a_.stats.grid->extra()};
        if (has_report_rollout(request_, a_, warn_))
            facts_.rollout_layers = count_up(a_.layers.size());
    }

    // The labels of the sequences that are in the page.
    std::vector<std::vector<std::string>> chosen_labels(
        const std::vector<std::vector<std::string>>& all) const {
        if (all.size() <= 1) return all;
        std::vector<std::vector<std::string>> chosen;
        for (const std::size_t sequence : a_.sequences) chosen.push_back(all[sequence]);
        return chosen;
    }

    ReportSize size() const {
        const bool plane = !projections_.empty() || request_.is_computed();
        return estimate_report_size(
            facts_, {a_.allowed_cells(), b_.has_value(), plane, image_.bytes.size()});
    }

    [[noreturn]] void fail_for_budget(const ReportSize& sizes) const {
        if (odd_) fail_for_odd();
        refuse_for_budget(request_, source_name(), facts_, sizes);
    }

    // Streams with coarser and coarser plans until the page fits; most often once.
    render::Page within_budget() {
        const ReportSize sizes = size();
        if (request_.budget < bytes_of_page_code()) fail_for_budget(sizes);
        ReportValues values = request_.values;
        std::optional<ReportPlan> plan;
        for (;;) {
            const auto next_plan = [&] {
                return plan_report(sizes, values, request_.budget, request_.top, plan);
            };
            plan = next_plan();
            if (!plan) fail_for_budget(sizes);
            facts_.packing = {plan->exact, plan->pool, plan->top};
            const bool last = !next_plan();
            chunks_ = std::make_unique<results::ReportChunks>(request_.budget, [this, sizes, last] {
                if (last) fail_for_budget(sizes);
            });
            const std::optional<OddOfSource> odd = stream_and_name(*chunks_);
            if (odd && !plan->exact) {
                odd_ = odd;
                if (request_.values != ReportValues::automatic) fail_for_odd();
                values = ReportValues::exact;
                plan.reset();
                continue;
            }
            if (chunks_->is_full()) continue;
            add_received(*chunks_);
            if (!facts_.rollout_layers.empty())
                add_report_rollout(request_, a_, facts_.packing, progress_, *chunks_);
            if (!image_.bytes.empty()) chunks_->add_as_is("image", image_.bytes);
            chunks_->pack();
            if (chunks_->is_full()) continue;
            render::Page page = report_page(facts_, *chunks_);
            if (static_cast<double>(page.size()) > request_.budget) continue;
            if (odd) warn_(odd->text() + "; see attn-inspect check");
            return page;
        }
    }

    // Cells of one byte cannot say what is no weight; numbers themselves can.
    [[noreturn]] void fail_for_odd() const {
        fail(odd_->text(),
             ", of which only an exact page can tell: --values exact, with --layer, --head or "
             "--budget as it needs; see attn-inspect check");
    }

    ReportMatrices matrices_of(const ReportSide<T>& side, const std::string& prefix) const {
        ReportMatrices matrices;
        matrices.prefix = prefix;
        matrices.knows_who_may_attend = side.knows_who_may_attend;
        return matrices;
    }

    // A digest takes one thread, streaming takes all: the first time both run at once. Where
    // attention is computed its inputs may be read while it streams; they are few.
    std::optional<OddOfSource> stream_and_name(results::ReportChunks& chunks) {
        if (!facts_.sources.empty()) return stream(chunks);
        std::optional<OddOfSource> odd;
        if (request_.is_computed()) {
            odd = stream(chunks);
            name_sources();
            return odd;
        }
        parallel_for(2, [&](std::size_t item) {
            if (item == 0)
                odd = stream(chunks);
            else
                name_sources();
        });
        return odd;
    }

    std::optional<OddOfSource> stream(results::ReportChunks& chunks) {
        ReportSink<T> packed(chunks, facts_.packing, matrices_of(a_, ""));
        ReportMatrices signs;
        signs.prefix = "d/";
        signs.allowed = "";
        signs.differences = true;
        signs.matrices = !facts_.packing.exact;
        ReportSink<T> signed_cells(chunks, facts_.packing, signs);
        results::DifferenceSink<T> difference(
            [this](std::size_t layer, std::size_t sequence, std::size_t head) {
                return b_->attention->layers[layer].weights.matrix(sequence, head);
            },
            signed_cells);
        Sinks<T> sinks{&packed};
        if (b_) sinks.push_back(&difference);
        results::EmbeddingSink<T> embedding(
            chunks,
            [this](std::size_t layer, const LayerOutputs<T>& outputs) {
                return projected(layer, outputs);
            },
            a_.kv_order);
        sinks.push_back(&embedding);
        stream_side(a_, sinks, "a");
        packed.finish();
        facts_.embedding = embedding.result();
        std::optional<OddOfSource> odd;
        if (packed.odd_weight()) odd = {source_name(), *packed.odd_weight()};
        if (!b_ || (odd && !facts_.packing.exact)) return odd;
        facts_.difference = difference.result();
        signed_cells.finish(static_cast<float>(facts_.difference->scale));
        ReportSink<T> other(chunks, facts_.packing, matrices_of(*b_, "b/"));
        stream_side(*b_, {&other}, "b");
        other.finish();
        if (!odd && other.odd_weight()) odd = {request_.against, *other.odd_weight()};
        return odd;
    }

    std::optional<results::ProjectedHeads<T>> projected(std::size_t layer,
                                                        const LayerOutputs<T>& outputs) const {
        if (!projections_.empty())
            return results::ProjectedHeads<T>{separate_heads(projections_.queries[layer]),
                                              separate_heads(projections_.keys[layer])};
        if (outputs.attention == nullptr) return std::nullopt;
        return results::ProjectedHeads<T>{outputs.attention->q.view, outputs.attention->k.view};
    }

    // With what is measured, the first time.
    void stream_side(const ReportSide<T>& side, Sinks<T> sinks, const std::string& name) {
        if (facts_.stats.size() > (name == "a" ? 0 : 1)) {
            side.source->stream(sinks, side.share, progress_);
            return;
        }
        analysis::StatsSink<T> stats(side.stats);
        analysis::CheckSink<T> check(
            side.checked.mask, {side.outline().window_left, request_.is_computed() && name == "a"});
        sinks.push_back(&stats);
        if (request_.checks) sinks.push_back(&check);
        side.source->stream(sinks, side.share, progress_);
        facts_.stats.push_back(by_slot(stats.heads()));
        received_.push_back(by_slot(stats.received()));
        if (!request_.checks) return;
        CheckRequest judged;
        judged.from = side.from;
        judged.attention = request_.computed.attention;
        for (const CheckLine& line : CheckJudge<T>(judged, side.checked, check.heads()).judge())
            facts_.checks.push_back({name, line});
    }

    // From the order of layers, sequences and heads to that of slots.
    template <class Value>
    std::vector<Value> by_slot(const std::vector<Value>& streamed) const {
        std::vector<Value> slots;
        const std::size_t heads = a_.heads.size(), sequences = a_.sequences.size();
        for (std::size_t sequence = 0; sequence < sequences; ++sequence) {
            for (std::size_t layer = 0; layer < a_.layers.size(); ++layer) {
                for (std::size_t head = 0; head < heads; ++head)
                    slots.push_back(streamed[(layer * sequences + sequence) * heads + head]);
            }
        }
        return slots;
    }

    void add_received(results::ReportChunks& chunks) const {
        for (std::size_t source = 0; source < received_.size(); ++source) {
            for (std::size_t sequence = 0; sequence < a_.sequences.size(); ++sequence) {
                for (std::size_t layer = 0; layer < a_.layers.size(); ++layer)
                    chunks.add_later(results::chunk_name(source == 0 ? "received" : "b/received",
                                                         sequence, layer),
                                     received_of(received_[source], sequence, layer));
            }
        }
    }

    std::string received_of(const std::vector<std::vector<double>>& received, std::size_t sequence,
                            std::size_t layer) const {
        std::vector<float> sums;
        for (std::size_t head = 0; head < a_.heads.size(); ++head) {
            const std::vector<double>& keys = received[facts_.slot(sequence, layer, head)];
            for (std::size_t first = 0; first < keys.size(); first += facts_.packing.pool) {
                double sum = 0;
                for (std::size_t key = first;
                     key < std::min(keys.size(), first + facts_.packing.pool); ++key)
                    sum += keys[key];
                sums.push_back(static_cast<float>(sum));
            }
        }
        return analysis::byte_planes(sums);
    }

    const ReportRequest& request_;
    const Progress& progress_;
    const Warn& warn_;
    io::Inputs inputs_;
    io::Inputs other_inputs_;
    io::Inputs projection_inputs_;
    ReportSide<T> a_;
    std::optional<ReportSide<T>> b_;
    ReportProjections<T> projections_;  // of A, where they were saved
    EmbeddedImage image_;
    std::optional<OddOfSource> odd_;  // why the page must be exact
    results::ReportFacts facts_;
    std::unique_ptr<results::ReportChunks> chunks_;  // which the page reads until it is written
    std::vector<std::vector<std::vector<double>>> received_;  // of A and B, by slot
};

}  // namespace

ReportResult report(const ReportRequest& request, const Progress& progress, const Warn& warn) {
    require_report_sense(request);
    if (reads_standard_input(request)) io::keep_standard_input();
    DType type =
        request.computed.precision == source::Precision::f64 ? DType::float64 : DType::float32;
    if (!request.is_computed()) {
        io::Inputs inputs;
        type = source::working_type(inputs, request.from.source, request.from.precision);
    }
    return source::with_type(type, [&](auto number) {
        return Report<decltype(number)>(request, progress, warn).execute();
    });
}

}  // namespace attn::pipeline

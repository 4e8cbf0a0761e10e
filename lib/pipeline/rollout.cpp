#include "pipeline/rollout.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "analysis/specificity.hpp"
#include "analysis/uniform_rollout.hpp"
#include "attention/query_offset.hpp"
#include "core/error.hpp"
#include "core/index_list.hpp"
#include "core/memory.hpp"
#include "core/parallel.hpp"
#include "core/word_list.hpp"
#include "io/json_text.hpp"
#include "io/same_files.hpp"
#include "pipeline/rollout_computed.hpp"
#include "pipeline/rollout_flow.hpp"
#include "pipeline/rollout_photo.hpp"
#include "pipeline/rollout_picture.hpp"
#include "pipeline/rollout_product.hpp"
#include "pipeline/rollout_streamed.hpp"
#include "pipeline/rollout_words.hpp"
#include "pipeline/rollout_writer.hpp"
#include "pipeline/stored_manifest.hpp"
#include "results/manifest.hpp"

namespace attn::pipeline {
namespace {

// Below it all targets read much the same, and a picture of them says nothing about a token.
constexpr double kUnspecific = 0.02;

// All targets of a flow are taken up to so many tokens.
constexpr std::size_t kMostFlowTargets = 64;

template <class T>
RolloutParts<T> open_parts(const RolloutRequest& request, CausalLooks looks, io::Inputs& inputs,
                           const Warn& warn) {
    RolloutParts<T> parts;
    if (request.is_computed())
        parts = compute_rollout_parts<T>(request, inputs, warn, nullptr);
    else
        parts.decoder = open_rollout_source<T>(request, looks, inputs, warn);
    parts.cross = open_cross(request, parts.decoder, inputs, warn);
    if (parts.cross) parts.encoder = open_encoder(request, *parts.cross, inputs, warn);
    inputs.release();
    return parts;
}

template <class T>
class Rollout {
  public:
    Rollout(const RolloutRequest& request, CausalLooks looks, io::Inputs& inputs, const Warn& warn)
        : request_(request),
          options_(request.options()),
          warn_(warn),
          inputs_(inputs),
          parts_(open_parts<T>(request, looks, inputs, warn)),
          labels_(source::choose_labels(stack().attention, request.of_decoder())),
          share_(source::choose_share(stack().attention, request.from)) {
        if (parts_.cross) encoder_labels_ = encoder_labels(request, *parts_.cross);
        choose_lines();
        choose_grids();
        layout_.name = array_name_of(request.method);
        layout_.batch_axis = stack().attention.batch_axis;
        sequences_ = share_.sequences.value_or(count_up(stack().sequences()));
        layout_.sequences = sequences_.size();
        if (options_.fuse == analysis::Fuse::per_head) layout_.heads = stack().heads.size();
        layout_.layers = request.save.layers ? stack().layers() : 0;
        layout_.rows = by_source() ? tokens() : lines_.size();
        layout_.columns = columns_.size();
        layout_.cross_columns = parts_.cross ? parts_.cross->keys() : 0;
        layout_.array = request.save.rollout;
        layout_.lift = request.uniform_baseline;
        require_room();
        io::require_same_files(request.ranks, inputs.paths());
        if (request.ranks.size() > sequences_.size())
            warn_(idle_ranks_text(stack().name, sequences_.size(), request.ranks.size()));
        if (request.image.empty()) return;
        photo_.emplace(request, layout_.cross_grid ? *layout_.cross_grid : *layout_.grid, lines_);
    }

    RolloutResult execute(const Progress& progress) {
        const Communicator& ranks = request_.ranks;
        if (!request_.output.empty() && ranks.is_root()) open_output();
        if (parts_.streamed) stream(progress);
        for (std::size_t first = 0; first < sequences_.size(); first += ranks.size()) {
            roll_round(first);
            const std::size_t done = std::min(first + ranks.size(), sequences_.size());
            if (!parts_.streamed) progress(done, sequences_.size());
        }
        finish_summary();
        if (folder_) finish_output();
        result_.batch = stack().sequences() > 1;
        result_.queries = labels_.queries;
        result_.keys = labels_.keys;
        result_.encoder_keys = encoder_labels_;
        return std::move(result_);
    }

  private:
    const RolloutStack<T>& stack() const { return parts_.decoder; }
    std::size_t tokens() const { return stack().keys(); }
    bool is_flow() const { return request_.method == RolloutMethod::flow; }
    bool is_crossed_relevance() const {
        return request_.method == RolloutMethod::relevance && parts_.cross.has_value();
    }
    // Columns were made, all rows of them.
    bool by_source() const { return request_.sources && !is_flow(); }
    bool whole() const { return !by_source() && lines_.size() == tokens(); }

    // Which targets, or sources.
    void choose_lines() {
        const auto take = [&](const std::vector<std::size_t>& asked, const char* flag) {
            require_indices_below(asked, tokens(), flag, "token");
            lines_ = asked;
        };
        columns_ = request_.sources.value_or(count_up(tokens()));
        require_indices_below(columns_, tokens(), "--sources", "token");
        if (by_source()) return take(*request_.sources, "--sources");
        if (request_.targets) return take(*request_.targets, "--targets");
        const std::size_t most = is_flow() ? kMostFlowTargets : kMostWholeTokens;
        if (!request_.last_target && tokens() <= most) {
            lines_ = count_up(tokens());
            return;
        }
        lines_ = {tokens() - 1};
        if (!request_.last_target)
            warn_(stack().name + ": has " + counted(tokens(), "token") + ", this is the " +
                  array_name_of(request_.method) +
                  " of the last one; --targets and --sources name others");
    }

    // Patches are whatever has as many tokens: what is rolled out, the encoder's, or both.
    void choose_grids() {
        if (request_.grid.empty()) return;
        if (!parts_.cross) {
            layout_.grid = analysis::parse_grid(request_.grid, tokens());
            return;
        }
        const auto fitting = [&](std::size_t count) -> std::optional<analysis::PatchGrid> {
            try {
                return analysis::parse_grid(request_.grid, count);
            } catch (const Error&) {
                return std::nullopt;
            }
        };
        layout_.grid = fitting(tokens());
        layout_.cross_grid = fitting(parts_.cross->keys());
        if (!layout_.grid && !layout_.cross_grid)
            analysis::parse_grid(request_.grid, parts_.cross->keys());
    }

    void require_room() const {
        if (request_.save.layers && tokens() > kMostWholeTokens)
            fail("--save layers: is a whole matrix for each layer, which is made of up to ",
                 kMostWholeTokens, " tokens; ", stack().name, " has ", tokens());
        if (is_crossed_relevance() && std::max(tokens(), parts_.cross->keys()) > kMostWholeTokens)
            fail(
                "--method relevance: of an encoder and a decoder takes whole matrices, which are "
                "made of up to ",
                kMostWholeTokens, " tokens; ", stack().name, " has ", tokens(), ", ",
                parts_.cross->name, " ", parts_.cross->keys());
        const std::size_t heads = std::max<std::size_t>(layout_.heads, 1);
        const std::size_t matrices = request_.save.layers || is_crossed_relevance() ? 4 : 0;
        std::size_t cells = 0;
        if (__builtin_mul_overflow(3 * heads * layout_.rows, layout_.columns, &cells) ||
            cells > std::numeric_limits<std::size_t>::max() / 64)
            fail(stack().name, ": the result is larger than any memory; name fewer --targets");
        require_memory(sizeof(T) * (cells + matrices * tokens() * tokens()),
                       stack().name + ": its rollout");
    }

    void open_output() {
        inputs_.also_reads(request_.from.tokens);
        inputs_.also_reads(request_.from.key_tokens);
        inputs_.also_reads(request_.image);
        for (const std::string& font : request_.heatmaps.fonts) inputs_.also_reads(font);
        folder_.emplace(request_.output,
                        io::OutputGuard("rollout", request_.policy, inputs_.paths()));
        writer_.emplace(*folder_, layout_);
        if (!request_.save.heatmaps) return;
        const auto write = [this](const std::string& name, const std::string& bytes) {
            folder_->write(name, bytes);
        };
        results::HeatmapOptions options = request_.heatmaps;
        options.origin.source = stack().name;
        picture_.emplace(picture_facts(), options, write, warn_);
        if (!parts_.cross) return;
        // A part of the matrix is one of the decoder's own tokens.
        options.keys.clear();
        cross_picture_.emplace(cross_picture_facts(), options, write, warn_);
    }

    RolloutPictureFacts picture_facts() const {
        RolloutPictureFacts facts;
        facts.words = {rollout_title(request_, stack().heads.size()), layout_.name,
                       value_name_of(request_.method), kRoutingNote};
        facts.labels.queries =
            by_source() ? labels_.queries : labels_of_lines(labels_.queries, lines_, tokens());
        facts.labels.keys = labels_of_lines(labels_.keys, columns_, tokens());
        facts.sequences = sequences_;
        facts.batch = stack().sequences();
        if (layout_.heads > 0)
            for (const std::size_t place : stack().heads)
                facts.heads.push_back(stack().attention.heads[place]);
        facts.rows = layout_.rows;
        facts.columns = layout_.columns;
        facts.ends = drawn_keys();
        return facts;
    }

    RolloutPictureFacts cross_picture_facts() const {
        RolloutPictureFacts facts = picture_facts();
        facts.words.title = "of the encoder: " + facts.words.title;
        facts.words.file = "cross_" + layout_.name;
        facts.labels.keys = encoder_labels_;
        facts.columns = layout_.cross_columns;
        facts.ends.clear();
        return facts;
    }

    // Behind these keys a causal model reads nothing.
    std::vector<std::size_t> drawn_keys() const {
        if (!stack().structure.causal || request_.sources) return {};
        if (!start_at_first_key(stack().structure.offsets)) return {};
        std::vector<std::size_t> keys;
        for (const std::size_t target : lines_) keys.push_back(target + 1);
        return keys;
    }

    // Each rank rolls a sequence of its own out; then all have the rows of all of them.
    void roll_round(std::size_t first) {
        const std::size_t own = first + request_.ranks.rank();
        RolloutRows<T> rows;
        if (own < sequences_.size()) rows = rows_of(own, sequences_[own]);
        std::vector<RolloutRows<T>> all = rows_of_all(request_.ranks, std::move(rows));
        for (std::size_t i = 0; i < all.size() && first + i < sequences_.size(); ++i)
            take(first + i, std::move(all[i]));
    }

    // Large gradients, and arrays that are no weights, leave the range of T.
    void require_finite(const Matrix<T>& rows) const {
        const auto is_finite = [](T value) { return std::isfinite(value); };
        if (std::all_of(rows.values.begin(), rows.values.end(), is_finite)) return;
        fail(
            stack().name, ": its rollout leaves the range of float", 8 * sizeof(T), "; ",
            request_.gradients.empty() ? "are these weights?" : "divide --gradients by a constant");
    }

    void take(std::size_t place, RolloutRows<T> rows) {
        for (const Matrix<T>& head : rows.heads) require_finite(head);
        require_finite(rows.cross);
        const std::size_t sequence = sequences_[place];
        if (request_.uniform_baseline) write_lift(place, sequence, rows.heads);
        for (std::size_t head = 0; head < rows.heads.size(); ++head) {
            const Matrix<T>& one = rows.heads[head];
            list_targets(sequence, head, one);
            if (!request_.sources && !is_flow()) {
                const auto found = analysis::specificity<T>(one.view());
                if (found) specificities_.push_back(*found);
            }
            if (photo_)
                photo_->add(layout_.cross_grid ? rows.cross : one, shown_sequence(sequence),
                            shown_head(head));
            if (picture_) picture_->add(sequence, head, one);
        }
        if (parts_.cross) list_encoder(rows.cross);
        if (cross_picture_) cross_picture_->add(sequence, 0, rows.cross);
        if (!folder_) return;
        writer_->write_rows(place, rows.heads);
        if (parts_.cross) writer_->write_cross(place, rows.cross);
    }

    void stream(const Progress& progress) {
        const std::vector<std::size_t> own = dealt_to(request_.ranks, sequences_);
        if (own.empty()) return;
        streamed_ = by_source() ? parts_.streamed->sources(lines_, options_, own, progress)
                                : parts_.streamed->targets(lines_, options_, own, progress);
    }

    RolloutRows<T> rows_of(std::size_t place, std::size_t sequence) {
        if (parts_.streamed) return {{std::move(streamed_.at(sequence))}, Matrix<T>()};
        if (is_flow()) return {{flow_.rows(stack(), sequence, sequences_.size())}, Matrix<T>()};
        if (by_source()) return {roll_sources<T>(stack(), options_, lines_, sequence), Matrix<T>()};
        if (is_crossed_relevance()) return roll_crossed_relevance(parts_, lines_, sequence);
        const bool upwards = (whole() || request_.save.layers) && !parts_.cross;
        if (!upwards) return roll_targets(parts_, options_, lines_, sequence);
        EachProduct<T> each;
        if (request_.save.layers && folder_)
            each = [&](std::size_t layer, const Matrix<T>& product) {
                writer_->write_layer(layer, place, product);
            };
        RolloutRows<T> rows{roll_sources<T>(stack(), options_, count_up(tokens()), sequence, each),
                            Matrix<T>()};
        for (Matrix<T>& head : rows.heads) {
            if (whole() && lines_ == count_up(tokens())) continue;
            head = chosen_rows(head, lines_);
        }
        return rows;
    }

    void write_lift(std::size_t place, std::size_t sequence, const std::vector<Matrix<T>>& heads) {
        if (!folder_) return;
        const Matrix<double> uniform = request_.sources
                                           ? uniform_sources(stack(), options_, lines_, sequence)
                                           : uniform_targets(stack(), options_, lines_, sequence);
        std::vector<Matrix<T>> lift;
        for (const Matrix<T>& head : heads) lift.push_back(analysis::lift_of(head, uniform));
        writer_->write_lift(place, lift);
    }

    void list_targets(std::size_t sequence, std::size_t head, const Matrix<T>& rows) {
        std::vector<results::RolloutTarget>& all = result_.summary.targets;
        const std::size_t before = all.size();
        all.resize(before + rows.rows);
        parallel_for(rows.rows, [&](std::size_t row) {
            results::RolloutTarget& target = all[before + row];
            target.sequence = sequence;
            target.head = shown_head(head);
            target.query = by_source() ? row : lines_[row];
            for (const auto& [place, value] : largest(rows, row))
                target.top.emplace_back(columns_[place], value);
        });
    }

    // Lists the targets that were listed last, in the order of the rows.
    void list_encoder(const Matrix<T>& rows) {
        auto& targets = result_.summary.targets;
        for (std::size_t row = 0; row < rows.rows; ++row)
            targets[targets.size() - rows.rows + row].cross_top = largest(rows, row);
    }

    // Places and values, of equal ones the first.
    results::RolloutTop largest(const Matrix<T>& rows, std::size_t row) const {
        const Span<const T> values = rows.row(row);
        std::vector<std::size_t> order = count_up(rows.columns);
        const std::size_t count = std::min(request_.top, order.size());
        std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count),
                          order.end(), [&](std::size_t a, std::size_t b) {
                              return values[a] > values[b] || (values[a] == values[b] && a < b);
                          });
        results::RolloutTop top;
        for (std::size_t i = 0; i < count; ++i)
            top.emplace_back(order[i], static_cast<double>(values[order[i]]));
        return top;
    }

    void finish_summary() {
        results::RolloutSummary& summary = result_.summary;
        summary.method = name_of(request_.method);
        summary.layers = stack().attention.layer_numbers();
        doubt_weights();
        if (is_flow()) flow_.summarise(summary, warn_);
        if (specificities_.empty()) return;
        double sum = 0;
        for (const double one : specificities_) sum += one;
        summary.specificity = sum / static_cast<double>(specificities_.size());
        if (*summary.specificity >= kUnspecific || request_.method == RolloutMethod::relevance)
            return;
        summary.warnings.push_back(
            "all targets read nearly the same (specificity " + short_number(*summary.specificity) +
            "), so the rollout says little about a token; see --first-key residual, --baseline "
            "uniform and --method contributions");
        warn_(summary.warnings.back());
    }

    // The first row that is far from one says enough.
    void doubt_weights() {
        std::vector<const RolloutStack<T>*> stacks{&parts_.decoder};
        if (parts_.cross) stacks.push_back(&*parts_.cross);
        if (parts_.encoder) stacks.push_back(&*parts_.encoder);
        for (const RolloutStack<T>* one : stacks) {
            if (!one->sums) continue;
            const auto row = analysis::first_of_all(request_.ranks, *one->sums);
            if (!row) continue;
            result_.summary.warnings.push_back(doubt_of_row(one->name, *row, one->sequences() > 1));
            return warn_(result_.summary.warnings.back());
        }
    }

    // What tells panels apart.
    std::optional<std::size_t> shown_sequence(std::size_t sequence) const {
        return stack().sequences() > 1 ? std::optional(sequence) : std::nullopt;
    }
    std::optional<std::size_t> shown_head(std::size_t head) const {
        if (layout_.heads == 0) return std::nullopt;
        return stack().attention.heads[stack().heads[head]];
    }

    void finish_output() {
        writer_->close();
        if (picture_) picture_->finish();
        if (cross_picture_) cross_picture_->finish();
        if (photo_) {
            results::HeatmapOptions options = request_.heatmaps;
            options.origin.source = stack().name;
            folder_->write("photo." + render::name_of(options.print.format),
                           photo_->draw(rollout_title(request_, stack().heads.size()),
                                        value_name_of(request_.method), options));
        }
        results::RunManifest manifest = stored_manifest(stack().attention, stack().heads);
        manifest.command = "rollout";
        manifest.inputs = inputs_.records(request_.policy.sha256);
        manifest.options = rollout_manifest_options(request_);
        manifest.structure = stack().structure;
        manifest.tokens = labels_.queries;
        manifest.key_tokens = labels_.keys;
        manifest.files = folder_->files();
        folder_->commit(results::write_manifest(manifest));
        result_.files = folder_->paths();
    }

    const RolloutRequest& request_;
    analysis::RolloutOptions options_;
    const Warn& warn_;
    io::Inputs& inputs_;
    RolloutParts<T> parts_;
    source::AxisLabels labels_;
    std::vector<std::vector<std::string>> encoder_labels_;
    Share share_;
    std::vector<std::size_t> sequences_;
    std::map<std::size_t, Matrix<T>> streamed_;  // of each sequence, where blocks are streamed
    std::vector<std::size_t> lines_;             // targets; or sources, where columns are made
    std::vector<std::size_t> columns_;           // of the result
    RolloutFlow<T> flow_{request_, lines_, columns_};
    RolloutLayout layout_;
    std::optional<io::OutputFolder> folder_;
    std::optional<RolloutWriter<T>> writer_;
    std::optional<RolloutPicture> picture_;
    std::optional<RolloutPicture> cross_picture_;
    std::optional<RolloutPhoto> photo_;
    std::vector<double> specificities_;
    RolloutResult result_;
};

// Nobody hears the same twice.
Warn once(const Warn& warn) {
    if (!warn) return nullptr;
    const auto said = std::make_shared<std::set<std::string>>();
    return [&warn, said](const std::string& text) {
        if (said->insert(text).second) warn(text);
    };
}

template <class T>
RolloutResult execute_rollout(const RolloutRequest& request, io::Inputs& inputs,
                              const Progress& progress, const Warn& warn) {
    const Warn own_warn = once(warn);
    try {
        return Rollout<T>(request, CausalLooks::some_rows, inputs, own_warn).execute(progress);
    } catch (const analysis::NotCausal&) {
        return Rollout<T>(request, CausalLooks::all_layers, inputs, own_warn).execute(progress);
    }
}

}  // namespace

RolloutResult rollout(const RolloutRequest& request, const Progress& progress, const Warn& warn) {
    require_rollout_sense(request);
    results::require_colour_range(request.heatmaps);
    io::Inputs inputs;
    if (request.is_computed()) {
        if (request.from.precision == DType::float64)
            return execute_rollout<double>(request, inputs, progress, warn);
        return execute_rollout<float>(request, inputs, progress, warn);
    }
    const DType type = source::working_type(inputs, request.from.source, request.from.precision);
    return source::with_type(type, [&](auto number) {
        return execute_rollout<decltype(number)>(request, inputs, progress, warn);
    });
}

}  // namespace attn::pipeline

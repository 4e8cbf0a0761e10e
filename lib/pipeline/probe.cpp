#include "pipeline/probe.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <optional>
#include <random>

#include "core/error.hpp"
#include "io/npy_writer.hpp"
#include "io/output_folder.hpp"
#include "pipeline/diagnosed_layer.hpp"
#include "results/manifest.hpp"
#include "source/computed_source.hpp"

namespace attn::pipeline {
namespace {

using analysis::DenseAttention;
using analysis::Explanation;
using analysis::Observed;

constexpr std::array<Observed, 3> kProbeKinds{Observed::weights, Observed::output,
                                              Observed::scores};
// As far as they must be apart, of the largest number: beyond what any precision does.
constexpr double kApart = 0.02;

// One array of the input: its flag, its name in the folder, and the member that holds its path.
struct ProbeArray {
    const char* flag;
    const char* name;
    std::string source::ComputedRequest::*path;
};

std::vector<ProbeArray> probe_arrays(const source::ComputedRequest& input) {
    using Request = source::ComputedRequest;
    if (!input.query.empty())
        return {{"-q", "q.npy", &Request::query},
                {"-k", "k.npy", &Request::key},
                {"-v", "v.npy", &Request::value}};
    if (!input.embeddings.empty()) return {{"-x", "x.npy", &Request::embeddings}};
    return {};
}

// What can be computed again. Where numbers were dropped at random, or rounded, it cannot.
std::vector<const Explanation*> told_by_input(const std::vector<Explanation>& explanations) {
    std::vector<const Explanation*> chosen;
    for (const Explanation& explanation : explanations) {
        const bool random = drops(explanation) || has(explanation, analysis::Fit::rounding);
        const bool other_layer =
            !explanation.mistakes.empty() && explanation.mistakes[0] == &analysis::another_layer();
        if (explanation.fits() && !random && !other_layer) chosen.push_back(&explanation);
    }
    return chosen;
}

const Array<double>& of_kind(const DenseAttention& attention, Observed kind) {
    return kind == Observed::weights  ? attention.weights
           : kind == Observed::scores ? attention.scores
                                      : attention.output;
}

// The largest distance, of the largest finite number.
double apart(const Array<double>& a, const Array<double>& b) {
    double farthest = 0, largest = 0;
    for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
        farthest = std::max(farthest, analysis::distance(a.data()[i], b.data()[i]));
        for (const double value : {a.data()[i], b.data()[i]}) {
            if (std::isfinite(value)) largest = std::max(largest, std::abs(value));
        }
    }
    return largest > 0 ? std::min(1.0, farthest / largest) : 0;
}

// How far the nearest two explanations are from each other, of each of kProbeKinds.
class ProbeSink : public Sink<double> {
  public:
    ProbeSink(const source::ComputedRequest& request, const source::ComputedInputs<double>& loaded,
              const std::vector<const Explanation*>& explanations, io::Inputs& files)
        : request_(request), loaded_(loaded), explanations_(explanations), files_(files) {}

    Needs needs() const override { return needs_projections(); }
    void consume(const Tile<double>&) override {}

    void end_layer(const LayerOutputs<double>& layer) override {
        const AttentionOptions<double> options = loaded_.options_of(layer.layer);
        analysis::DenseInputs dense = dense_inputs(layer, loaded_, options);
        add_other_layers(dense, layer, loaded_, request_, files_);
        std::vector<DenseAttention> made;
        for (const Explanation* explanation : explanations_)
            made.push_back(compute_dense(dense, explanation->made));
        for (std::size_t kind = 0; kind < kProbeKinds.size(); ++kind) {
            nearest[kind] = 1;
            for (std::size_t a = 0; a < made.size(); ++a) {
                for (std::size_t b = a + 1; b < made.size(); ++b) {
                    nearest[kind] =
                        std::min(nearest[kind], apart(of_kind(made[a], kProbeKinds[kind]),
                                                      of_kind(made[b], kProbeKinds[kind])));
                }
            }
        }
    }

    std::array<double, kProbeKinds.size()> nearest{};

  private:
    const source::ComputedRequest& request_;
    const source::ComputedInputs<double>& loaded_;
    const std::vector<const Explanation*>& explanations_;
    io::Inputs& files_;
};

// An input that may be the one.
struct Attempt {
    std::size_t tokens;
    double size;
    unsigned seed;
};

std::string random_file(Shape shape, const Attempt& attempt, unsigned number) {
    shape[shape.size() - 2] = std::min(shape[shape.size() - 2], attempt.tokens);
    std::mt19937 random(attempt.seed + number);
    std::vector<float> values(element_count(shape, "probe"));
    for (float& value : values) {
        // The sum of twelve uniform numbers: the same with every standard library.
        double sum = -6;
        for (int i = 0; i < 12; ++i) sum += static_cast<double>(random()) / 4294967296.0;
        value = static_cast<float>(attempt.size * sum);
    }
    std::string bytes = io::npy_header(DType::float32, shape);
    bytes.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
    return bytes;
}

class ProbeWriter {
  public:
    ProbeWriter(const ProbeRequest& request, const std::vector<const Explanation*>& explanations,
                io::Inputs& files)
        : request_(request),
          explanations_(explanations),
          arrays_(probe_arrays(request.input)),
          folder_(request.folder, {"diagnose", request.policy, files.paths()}) {
        for (const ProbeArray& array : arrays_)
            shapes_.push_back(files.find(request.input.*array.path).shape);
    }

    results::Probe run() {
        std::size_t all = 0;
        for (const Shape& shape : shapes_) all = std::max(all, shape[shape.size() - 2]);
        std::vector<Attempt> attempts;
        constexpr std::size_t kFew = 12;
        for (const std::size_t tokens : {std::min(kFew, all), all}) {
            for (const double size : {1.0, 2.0, 4.0, 0.5})
                attempts.push_back({tokens, size, static_cast<unsigned>(16 * attempts.size())});
        }
        results::Probe probe;
        std::optional<Attempt> best;
        for (const Attempt& attempt : attempts) {
            const auto nearest = try_out(attempt);
            if (!nearest) continue;
            for (std::size_t kind = 0; kind < kProbeKinds.size(); ++kind) {
                const bool kept = kProbeKinds[kind] == request_.kind;
                const bool had = best && probe.observe == request_.kind;
                const double far = (*nearest)[kind];
                if (far < kApart || (had && !kept)) continue;
                if (best && kept == had && far <= probe.apart) continue;
                best = attempt;
                probe.observe = kProbeKinds[kind];
                probe.apart = far;
            }
            if (best && probe.observe == request_.kind) break;
        }
        if (!best) {
            probe.reason = "on all inputs that were tried the explanations give the same";
            return probe;
        }
        write(*best);
        commit(probe);
        return probe;
    }

  private:
    void write(const Attempt& attempt) {
        for (std::size_t i = 0; i < arrays_.size(); ++i) {
            folder_.write(arrays_[i].name,
                          random_file(shapes_[i], attempt, static_cast<unsigned>(i)));
        }
    }

    // Nothing where the flags do not go with so few tokens.
    std::optional<std::array<double, kProbeKinds.size()>> try_out(const Attempt& attempt) {
        write(attempt);
        source::ComputedRequest input = request_.input;
        input.tokens = input.key_tokens = "";
        input.layers = std::vector<std::size_t>{request_.layer};
        for (const ProbeArray& array : arrays_)
            input.*array.path = folder_.staged(array.name).path.string();
        std::optional<std::array<double, kProbeKinds.size()>> nearest;
        try {
            io::Inputs files;
            const source::ComputedSource<double> source(input, files, {});
            ProbeSink sink(input, source.inputs(), explanations_, files);
            source.stream({&sink}, {std::vector<std::size_t>{request_.layer}, {}, {}}, nullptr);
            nearest = sink.nearest;
        } catch (const Error&) {
        }
        for (const ProbeArray& array : arrays_) folder_.discard(array.name);
        return nearest;
    }

    void commit(results::Probe& probe) {
        results::RunManifest manifest;
        manifest.command = "diagnose";
        manifest.files = folder_.files();
        folder_.commit(results::write_manifest(manifest));
        for (const ProbeArray& array : arrays_) {
            probe.files.push_back((std::filesystem::path(request_.folder) / array.name).string());
            probe.flags.emplace_back(array.flag);
        }
    }

    const ProbeRequest& request_;
    const std::vector<const Explanation*>& explanations_;
    std::vector<ProbeArray> arrays_;
    std::vector<Shape> shapes_;
    io::OutputFolder folder_;
};

}  // namespace

results::Probe write_probe(const ProbeRequest& request,
                           const std::vector<Explanation>& explanations, io::Inputs& files) {
    results::Probe probe;
    const std::vector<const Explanation*> chosen = told_by_input(explanations);
    if (chosen.size() < 2) {
        probe.reason = chosen.empty() ? "there is no explanation to tell from others"
                                      : "there is one explanation only";
        return probe;
    }
    return ProbeWriter(request, chosen, files).run();
}

}  // namespace attn::pipeline

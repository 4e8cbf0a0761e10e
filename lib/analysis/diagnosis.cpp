#include "analysis/diagnosis.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "analysis/row_sum_cause.hpp"

namespace attn::analysis {
namespace {

constexpr double kMask = -1e4;
constexpr double kWrongMask = 1e6;  // the residual of a cell that only one side masks
constexpr std::size_t kNearest = 5;

double largest(const Array<double>& values) {
    double high = 0;
    for (const double value : values.values()) {
        if (value > kMask && std::isfinite(value)) high = std::max(high, std::abs(value));
    }
    return high;
}

double distance(double a, double b) {
    const bool a_masked = a <= kMask, b_masked = b <= kMask;
    if (a_masked || b_masked) return a_masked == b_masked ? 0 : kWrongMask;
    const double difference = std::abs(a - b);
    return std::isnan(difference) ? (std::isnan(a) && std::isnan(b) ? 0 : kWrongMask) : difference;
}

double residual(const Array<double>& expected, const Array<double>& observed, double unit) {
    if (expected.shape() != observed.shape()) return kWrongMask;
    double worst = 0;
    for (std::size_t i = 0; i < expected.size(); ++i)
        worst = std::max(worst, distance(expected.data()[i], observed.data()[i]));
    return worst / unit;
}

// Takes back what was done to the matrices after softmax over the keys: a second softmax turns a
// row w into exp(w) / sum, and w summed to one.
std::vector<double> undo(const Observation& observation, const Mistakes& mistakes) {
    const Array<double>& seen = observation.values;
    std::vector<double> values(seen.data(), seen.data() + seen.size());
    const std::size_t rows = seen.extent(2), keys = seen.extent(3);
    if (mistakes.transposed && rows == keys) {
        for (std::size_t i = 0; i < values.size(); ++i) {
            const std::size_t row = i / keys % rows, key = i % keys;
            values[i] = seen.data()[i / (rows * keys) * rows * keys + key * keys + row];
        }
    }
    if (mistakes.softmax_twice && observation.kind == Observed::weights) {
        for (std::size_t row = 0; row < values.size(); row += keys) {
            double sum = 0;
            for (std::size_t key = 0; key < keys; ++key)
                sum += values[row + key] = std::log(values[row + key]);
            for (std::size_t key = 0; key < keys; ++key)
                values[row + key] += (1 - sum) / static_cast<double>(keys);
        }
    }
    return values;
}

// One line of cells along the axis of softmax.
struct Line {
    std::size_t first, stride, count;
};

std::vector<Line> lines_of(const Shape& shape, SoftmaxAxis axis) {
    const std::size_t heads = shape[1], queries = shape[2], keys = shape[3];
    const std::size_t matrix = queries * keys;
    std::vector<Line> lines;
    for (std::size_t b = 0; b < shape[0]; ++b) {
        const std::size_t start = b * heads * matrix;
        if (axis == SoftmaxAxis::heads) {
            for (std::size_t i = 0; i < matrix; ++i) lines.push_back({start + i, matrix, heads});
        } else if (axis == SoftmaxAxis::queries) {
            for (std::size_t i = 0; i < heads * keys; ++i)
                lines.push_back({start + i / keys * matrix + i % keys, keys, queries});
        } else {
            for (std::size_t i = 0; i < heads * queries; ++i)
                lines.push_back({start + i * keys, 1, keys});
        }
    }
    return lines;
}

// The factor between products and scores, from the two largest weights of each line: their
// logarithms differ by the factor times the difference of the products. The median of the lines.
double estimate_scale(const Array<double>& products, const Observation& observation,
                      const Mistakes& mistakes) {
    if (products.shape() != observation.values.shape()) return 1;
    const std::vector<double> seen = undo(observation, mistakes);
    std::vector<double> estimates;
    for (const Line& line : lines_of(products.shape(), mistakes.axis)) {
        std::size_t first = line.first, second = line.first;
        for (std::size_t i = 1, cell = line.first + line.stride; i < line.count;
             ++i, cell += line.stride) {
            if (!std::isfinite(seen[cell])) continue;
            if (!(seen[cell] <= seen[first])) {
                second = first;
                first = cell;
            } else if (second == first || !(seen[cell] <= seen[second])) {
                second = cell;
            }
        }
        const double step = products.data()[first] - products.data()[second];
        double rise = seen[first] - seen[second];
        if (observation.kind == Observed::weights) {
            if (!(seen[second] > 0)) continue;
            rise = std::log(seen[first] / seen[second]);
        }
        if (first != second && std::isfinite(rise) && std::abs(step) > 1e-3)
            estimates.push_back(rise / step);
    }
    if (estimates.empty()) return 1;
    const auto middle = estimates.begin() + static_cast<std::ptrdiff_t>(estimates.size() / 2);
    std::nth_element(estimates.begin(), middle, estimates.end());
    return *middle;
}

struct Dropout {
    double probability = 0;
    double residual = kWrongMask;
};

// Every weight is zero or 1 / (1 - p) of what it should be.
Dropout fit_dropout(const Array<double>& expected, const Observation& observation) {
    if (observation.kind != Observed::weights || expected.shape() != observation.values.shape())
        return {};
    std::vector<double> factors;
    double zeros = 0, cells = 0;
    for (std::size_t i = 0; i < expected.size(); ++i) {
        if (!(expected.data()[i] > 1e-4)) continue;
        cells += 1;
        const double seen = observation.values.data()[i];
        zeros += seen == 0;
        if (seen > 0) factors.push_back(seen / expected.data()[i]);
    }
    if (factors.empty() || zeros == 0) return {};
    const auto middle = factors.begin() + static_cast<std::ptrdiff_t>(factors.size() / 2);
    std::nth_element(factors.begin(), middle, factors.end());
    Dropout fit{1 - 1 / *middle, 0};
    // As many zeros as the factor promises, give or take; a mistaken mask has other numbers.
    const double share = zeros / cells;
    const double spread = 4 * std::sqrt(share * (1 - share) / cells) + 1 / cells;
    if (!(fit.probability > 0) || std::abs(share - fit.probability) > spread) return {};
    for (std::size_t i = 0; i < expected.size(); ++i) {
        const double seen = observation.values.data()[i];
        const double right = seen == 0 ? 0 : expected.data()[i] * *middle;
        fit.residual = std::max(fit.residual, distance(right, seen));
    }
    return fit;
}

std::string number(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.4g", value);
    return text;
}

class Search {
  public:
    Search(const DenseInputs& inputs, const Observation& observation, const Progress& progress)
        : inputs_(inputs), observation_(observation), progress_(progress) {
        for (const Hypothesis& hypothesis : hypotheses()) {
            const bool fits =
                hypothesis.fit == Fit::nothing || observation.kind != Observed::output;
            if (hypothesis.possible(inputs) && fits) possible_.push_back(&hypothesis);
        }
        unit_ = observation.kind == Observed::weights
                    ? 1
                    : std::max(1e-30, largest(observation.values));
        choose_tolerance();
    }

    Diagnosis run() {
        const Explanation right = try_out({});
        std::vector<Explanation> tried;
        for (const Hypothesis* hypothesis : possible_) {
            tried.push_back(try_out({hypothesis}));
            if (progress_) progress_(tried.size(), possible_.size());
        }
        sort(tried);
        // Rounding blurs small effects: what explains much better than "correct" wins.
        constexpr double kMuchBetter = 4;
        const double best = tried.empty() ? kWrongMask : tried.front().residual;
        const bool exact = right.residual <= kExact;
        diagnosis_.correct = right.residual <= diagnosis_.tolerance &&
                             (exact || right.residual <= kMuchBetter * best + kExact);
        if (diagnosis_.correct) {
            diagnosis_.explanations = {right};
            return diagnosis_;
        }
        if (!keep_fitting(tried)) {
            std::vector<Explanation> pairs = try_pairs();
            if (!keep_fitting(pairs)) {
                tried.insert(tried.end(), pairs.begin(), pairs.end());
                tried.push_back(right);
                sort(tried);
                tried.resize(std::min(tried.size(), kNearest));
                diagnosis_.explanations = std::move(tried);
            }
        }
        return diagnosis_;
    }

  private:
    static constexpr double kExact = 1e-5;  // float32 arithmetic

    void choose_tolerance() {
        std::vector<float> values;
        for (const double value : observation_.values.values())
            values.push_back(static_cast<float>(value));
        diagnosis_.precision = half_precision_of({values.data(), values.size()});
        diagnosis_.tolerance = diagnosis_.precision.empty()        ? kExact
                               : diagnosis_.precision == "float16" ? 2e-3
                                                                   : 1.6e-2;
    }

    Rounding rounding() const {
        if (diagnosis_.precision.empty()) return Rounding::none;
        return diagnosis_.precision == "float16" ? Rounding::float16 : Rounding::bfloat16;
    }

    const Array<double>& seen_part(const DenseAttention& attention) const {
        switch (observation_.kind) {
            case Observed::weights:
                return attention.weights;
            case Observed::scores:
                return attention.scores;
            case Observed::output:
                break;
        }
        return attention.output;
    }

    Explanation try_out(std::vector<const Hypothesis*> hypotheses) const {
        Explanation explanation{std::move(hypotheses), 0, ""};
        Mistakes mistakes;
        mistakes.rounding = rounding();
        bool drops = false;
        for (const Hypothesis* hypothesis : explanation.mistakes) {
            hypothesis->commit(inputs_, mistakes);
            drops = drops || hypothesis->fit == Fit::dropout;
        }
        for (const Hypothesis* hypothesis : explanation.mistakes) {
            if (hypothesis->fit != Fit::scale) continue;
            mistakes.scale =
                estimate_scale(compute_dense(inputs_, mistakes).products, observation_, mistakes);
            explanation.detail = "scale " + number(*mistakes.scale);
        }
        const DenseAttention attention = compute_dense(inputs_, mistakes);
        if (drops) {
            const Dropout fit = fit_dropout(attention.weights, observation_);
            explanation.residual = fit.residual;
            explanation.detail += "p = " + number(fit.probability);
        } else {
            explanation.residual = residual(seen_part(attention), observation_.values, unit_);
        }
        return explanation;
    }

    static void sort(std::vector<Explanation>& list) {
        std::stable_sort(list.begin(), list.end(), [](const Explanation& a, const Explanation& b) {
            return a.residual < b.residual;
        });
    }

    // Keeps those of a sorted list that explain the observation, and not much worse than the best.
    bool keep_fitting(const std::vector<Explanation>& list) {
        constexpr double kAsGood = 4;
        for (const Explanation& explanation : list) {
            const bool fits = explanation.residual <= diagnosis_.tolerance;
            const bool good = explanation.residual <= kAsGood * list.front().residual + kExact;
            if (fits && good) diagnosis_.explanations.push_back(explanation);
        }
        // A number that was estimated says nothing where a mistake with a name gives the same.
        auto& kept = diagnosis_.explanations;
        const auto estimates = [](const Explanation& explanation) {
            return !explanation.detail.empty();
        };
        if (!std::all_of(kept.begin(), kept.end(), estimates))
            kept.erase(std::remove_if(kept.begin(), kept.end(), estimates), kept.end());
        return !diagnosis_.explanations.empty();
    }

    std::vector<Explanation> try_pairs() const {
        std::vector<std::pair<const Hypothesis*, const Hypothesis*>> pairs;
        for (std::size_t a = 0; a < possible_.size(); ++a) {
            for (std::size_t b = a + 1; b < possible_.size(); ++b) {
                if (possible_[a]->part != possible_[b]->part)
                    pairs.emplace_back(possible_[a], possible_[b]);
            }
        }
        std::vector<Explanation> tried;
        for (const auto& [a, b] : pairs) {
            tried.push_back(try_out({a, b}));
            if (progress_) progress_(tried.size(), pairs.size());
        }
        sort(tried);
        return tried;
    }

    const DenseInputs& inputs_;
    const Observation& observation_;
    const Progress& progress_;
    std::vector<const Hypothesis*> possible_;
    double unit_ = 1;
    Diagnosis diagnosis_;
};

}  // namespace

Diagnosis diagnose(const DenseInputs& inputs, const Observation& observation,
                   const Progress& progress) {
    return Search(inputs, observation, progress).run();
}

}  // namespace attn::analysis

#include "analysis/estimates.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace attn::analysis {
namespace {

// Takes back what was done to the matrices after softmax over the keys: a second softmax turns a
// row w into exp(w) / sum, and w summed to one.
std::vector<double> undo(const Faced& faced, Observed kind, const Mistakes& mistakes) {
    std::vector<double> values = faced.seen;
    const std::size_t keys = faced.width;
    if (mistakes.softmax_twice && kind == Observed::weights) {
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

std::vector<Line> lines_of(const DenseCells& cells, SoftmaxAxis axis) {
    const std::size_t heads = cells.heads.size(), queries = cells.queries.size(),
                      keys = cells.keys.size();
    const std::size_t matrix = queries * keys;
    std::vector<Line> lines;
    if (axis == SoftmaxAxis::heads) {
        for (std::size_t i = 0; i < matrix; ++i) lines.push_back({i, matrix, heads});
    } else if (axis == SoftmaxAxis::queries) {
        for (std::size_t i = 0; i < heads * keys; ++i)
            lines.push_back({i / keys * matrix + i % keys, keys, queries});
    } else {
        for (std::size_t i = 0; i < heads * queries; ++i) lines.push_back({i * keys, 1, keys});
    }
    return lines;
}

// How much of one row is left beside its sink, times what dropout multiplied it with: the observed
// weights over those of a softmax without a sink. After a second softmax that is the rise of their
// logarithms with those.
double share_left(const double* expected, const double* seen, std::size_t keys, bool twice) {
    std::vector<double> shares;
    const std::size_t top =
        static_cast<std::size_t>(std::max_element(expected, expected + keys) - expected);
    for (std::size_t key = 0; key < keys; ++key) {
        if (!(expected[key] > 1e-4) && !twice) continue;
        if (!(seen[key] > 0)) continue;
        if (!twice) {
            shares.push_back(seen[key] / expected[key]);
        } else if (expected[top] - expected[key] > 1e-2) {
            shares.push_back(std::log(seen[top] / seen[key]) / (expected[top] - expected[key]));
        }
    }
    return shares.empty() ? 0 : median(shares);
}

// With a sink S a row keeps 1 / (1 + exp(S - log_sum)). Where dropout multiplies all of them with
// one unknown number, two rows of different sums tell S.
double sink_of(std::vector<SinkEstimate::Row> rows, bool drops) {
    std::vector<double> estimates;
    if (!drops) {
        // A rounded share tells little of the sink where it is near 0 or 1.
        const auto clarity = [](const SinkEstimate::Row& row) {
            return row.share * (1 - row.share);
        };
        double clearest = 0;
        for (const SinkEstimate::Row& row : rows) clearest = std::max(clearest, clarity(row));
        for (const SinkEstimate::Row& row : rows) {
            if (clarity(row) > 0 && clarity(row) >= clearest / 4)
                estimates.push_back(row.log_sum + std::log(1 / row.share - 1));
        }
    } else {
        std::sort(rows.begin(), rows.end(),
                  [](const SinkEstimate::Row& a, const SinkEstimate::Row& b) {
                      return a.log_sum < b.log_sum;
                  });
        for (std::size_t i = 0, half = rows.size() / 2; i < half; ++i) {
            const SinkEstimate::Row &a = rows[i], &b = rows[i + half];
            const double sink = std::log((b.share - a.share) / (a.share * std::exp(-a.log_sum) -
                                                                b.share * std::exp(-b.log_sum)));
            if (std::isfinite(sink)) estimates.push_back(sink);
        }
    }
    return estimates.empty() ? -std::numeric_limits<double>::infinity() : median(estimates);
}

}  // namespace

ScaleEstimate::ScaleEstimate(Observed kind, const Mistakes& mistakes, double computed)
    : kind_(kind), mistakes_(mistakes), computed_(computed) {}

// From the two largest weights of each line that are not masked: their logarithms differ by the
// factor times the difference of the products. The median of the lines.
void ScaleEstimate::add(const Faced& faced) {
    const std::vector<double>& products = faced.block.products;
    const auto is_masked = [&](std::size_t cell) { return std::isinf(faced.block.scores[cell]); };
    const std::vector<double> seen = undo(faced, kind_, mistakes_);
    for (const Line& line : lines_of(faced.block.cells, mistakes_.axis)) {
        constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();
        std::size_t first = kNone, second = kNone;
        for (std::size_t i = 0, cell = line.first; i < line.count; ++i, cell += line.stride) {
            if (is_masked(cell) || !std::isfinite(seen[cell])) continue;
            if (first == kNone || seen[cell] > seen[first]) {
                second = first;
                first = cell;
            } else if (second == kNone || seen[cell] > seen[second]) {
                second = cell;
            }
        }
        if (second == kNone) continue;
        const double step = products[first] - products[second];
        double rise = seen[first] - seen[second];
        if (kind_ == Observed::weights) {
            if (!(seen[second] > 0)) continue;
            rise = std::log(seen[first] / seen[second]);
        }
        const std::vector<double>& scores = faced.block.scores;
        rise -= scores[first] - scores[second] - computed_ * step;
        if (std::isfinite(rise) && std::abs(step) > 1e-3) estimates_.push_back(rise / step);
    }
}

double ScaleEstimate::value() {
    return estimates_.empty() ? 1 : median(estimates_);
}

SinkEstimate::SinkEstimate(const Mistakes& mistakes, std::size_t heads, bool drops)
    : mistakes_(mistakes), drops_(drops), rows_(heads) {}

void SinkEstimate::add(const Faced& faced) {
    const DenseCells& cells = faced.block.cells;
    const std::size_t keys = cells.keys.size(), queries = cells.queries.size();
    for (std::size_t row = 0; row < cells.heads.size() * queries; ++row) {
        const double* const weights = faced.block.weights.data() + row * keys;
        const double share =
            share_left(weights, faced.seen.data() + row * keys, keys, mistakes_.softmax_twice);
        if (!(share > 0)) continue;
        const std::size_t top =
            static_cast<std::size_t>(std::max_element(weights, weights + keys) - weights);
        const double log_sum = faced.block.scores[row * keys + top] - std::log(weights[top]);
        rows_[cells.heads[row / queries]].push_back({log_sum, share});
    }
}

std::vector<double> SinkEstimate::values() const {
    std::vector<double> sinks;
    for (const std::vector<Row>& rows : rows_) sinks.push_back(sink_of(rows, drops_));
    return sinks;
}

void DropoutEstimate::add(const Faced& faced) {
    constexpr std::size_t kMost = std::size_t{1} << 20;  // more tell nothing new
    for (std::size_t first = 0; first < faced.expected.size(); first += faced.width) {
        if (in_rows_ && row_agrees(faced, first, saved_)) {
            spared_ = true;
            continue;
        }
        for (std::size_t i = first; i < first + faced.width; ++i) {
            if (!(faced.expected[i] > 1e-4)) continue;
            cells_ += 1;
            zeros_ += faced.seen[i] == 0;
            if (faced.seen[i] > 0 && factors_.size() < kMost)
                factors_.push_back(faced.seen[i] / faced.expected[i]);
        }
    }
}

double DropoutEstimate::factor() {
    if (factors_.empty() || zeros_ == 0) return 0;
    const double factor = median(factors_);
    const double probability = 1 - 1 / factor;
    const double share = zeros_ / cells_;
    // What the factor promises may come out so much more or less; nobody trains with less than
    // 0.001, which is rounding.
    constexpr double kLeast = 1e-3;
    const double spread = 4 * std::sqrt(probability * (1 - probability) / cells_) + 1 / cells_;
    if (!(probability > kLeast) || std::abs(share - probability) > spread) return 0;
    return factor;
}

double fit_number(const std::function<std::vector<double>(double)>& compute,
                  const std::vector<double>& seen, double start) {
    constexpr int kSteps = 8;
    double number = start;
    for (int step = 0; step < kSteps; ++step) {
        const double away = 1e-4 * number;
        const std::vector<double> here = compute(number), there = compute(number + away);
        double up = 0, down = 0;
        for (std::size_t i = 0; i < seen.size(); ++i) {
            const double slope = (there[i] - here[i]) / away;
            const double missing = seen[i] - here[i];
            if (!std::isfinite(slope) || !std::isfinite(missing)) continue;
            up += slope * missing;
            down += slope * slope;
        }
        if (!(down > 0)) break;
        const double next = std::clamp(number + up / down, number / 2, number * 2);
        const bool settled = std::abs(next - number) <= 1e-9 * number;
        number = next;
        if (settled) break;
    }
    return number;
}

}  // namespace attn::analysis

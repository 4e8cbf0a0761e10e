#include "attention/approx/quest.hpp"

#include <algorithm>
#include <limits>

#include "core/divide_up.hpp"
#include "core/error.hpp"

namespace attn::approx {
namespace {

// Runs of `size` keys, chosen for groups of rows.
class ChosenRuns final : public KeptKeys {
  public:
    ChosenRuns(std::size_t size, std::size_t runs, std::size_t groups,
               std::vector<std::size_t> group_of_row)
        : size_(size), runs_(runs), chosen_(runs * groups), group_(std::move(group_of_row)) {}

    void choose(std::size_t group, std::size_t run) { chosen_[group * runs_ + run] = 1; }
    // Chooses the best of the candidates until `count` are chosen; ties by the lower run.
    void choose_best(std::size_t group, const std::vector<double>& scores, std::size_t candidates,
                     std::size_t count) {
        std::vector<std::size_t> order;
        std::size_t chosen = 0;
        for (std::size_t run = 0; run < runs_; ++run) {
            if (chosen_[group * runs_ + run])
                ++chosen;
            else if (run < candidates)
                order.push_back(run);
        }
        std::stable_sort(order.begin(), order.end(),
                         [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
        for (std::size_t t = 0; t < order.size() && chosen < count; ++t, ++chosen)
            choose(group, order[t]);
    }
    void count_scored(std::size_t count) { scored_ += count; }

    void keep(const ExactRows::Row& row, KeyRange keys, std::uint8_t* keep) const override {
        const std::uint8_t* chosen = chosen_.data() + group_[row.query] * runs_;
        for (std::size_t j = keys.begin; j < keys.end; ++j)
            keep[j - keys.begin] = chosen[j / size_];
    }
    std::size_t scored() const override { return scored_; }

  private:
    std::size_t size_, runs_;
    std::vector<std::uint8_t> chosen_;  // [groups, runs]
    std::vector<std::size_t> group_;
    std::size_t scored_ = 0;
};

// The run at a position; what stands behind all keys belongs to the last.
std::size_t run_at(std::ptrdiff_t position, std::size_t size, std::size_t runs) {
    const auto place = static_cast<std::size_t>(std::max<std::ptrdiff_t>(0, position));
    return std::min(place / size, runs - 1);
}

// Channel-wise least and most of each page, [pages, d].
struct PageBounds {
    Matrix<double> least, most;

    PageBounds(MatrixView<const double> k, std::size_t page)
        : least(divide_up(k.rows, page), k.columns), most(least.rows, k.columns) {
        constexpr double kInfinity = std::numeric_limits<double>::infinity();
        std::fill(least.values.begin(), least.values.end(), kInfinity);
        std::fill(most.values.begin(), most.values.end(), -kInfinity);
        for (std::size_t j = 0; j < k.rows; ++j) {
            for (std::size_t c = 0; c < k.columns; ++c) {
                double& low = least.at(j / page, c);
                double& high = most.at(j / page, c);
                low = std::min(low, k.row(j)[c]);
                high = std::max(high, k.row(j)[c]);
            }
        }
    }
    double bound(Span<const double> q, std::size_t page) const {
        double sum = 0;
        for (std::size_t c = 0; c < q.size(); ++c)
            sum += std::max(q[c] * most.at(page, c), q[c] * least.at(page, c));
        return sum;
    }
};

// Rows that share a block of positions, in their order.
std::vector<std::size_t> blocks_of_rows(const Sizes& sizes, std::size_t block) {
    std::vector<std::size_t> blocks(sizes.queries);
    for (std::size_t i = 0; i < sizes.queries; ++i) {
        const std::ptrdiff_t position = std::max<std::ptrdiff_t>(0, sizes.position(i));
        blocks[i] = static_cast<std::size_t>(position) / block;
    }
    return blocks;
}

// The means of rows of the same group, [groups, columns].
Matrix<double> means_of_groups(MatrixView<const double> rows,
                               const std::vector<std::size_t>& groups, std::size_t count) {
    Matrix<double> means(count, rows.columns);
    std::vector<double> sizes(count);
    for (std::size_t i = 0; i < rows.rows; ++i) {
        ++sizes[groups[i]];
        for (std::size_t c = 0; c < rows.columns; ++c) means.at(groups[i], c) += rows.row(i)[c];
    }
    for (std::size_t g = 0; g < count; ++g) {
        for (double& x : means.row(g)) x /= std::max(1.0, sizes[g]);
    }
    return means;
}

// How much blocks of keys are worth to blocks of queries, [blocks of queries, blocks of keys].
Matrix<double> block_scores(const Options& options, const HeadInput& head,
                            const std::vector<std::size_t>& of_rows, std::size_t row_blocks,
                            std::size_t key_blocks) {
    const std::size_t block = options.whole("block");
    Matrix<double> scores(row_blocks, key_blocks);
    if (options.word("estimate") == "oracle") {
        head.exact->visit(0, head.sizes.queries, [&](const ExactRows::Row& row) {
            for (std::size_t j = row.allowed.begin; j < row.allowed.end; ++j)
                scores.at(of_rows[row.query], j / block) += row.weights[j];
        });
        return scores;
    }
    if (head.q.empty()) fail("block-topk: estimate=mean needs q, k, v; estimate=oracle does not");
    std::vector<std::size_t> of_keys(head.sizes.keys);
    for (std::size_t j = 0; j < of_keys.size(); ++j) of_keys[j] = j / block;
    const Matrix<double> q = means_of_groups(head.q, of_rows, row_blocks);
    const Matrix<double> k = means_of_groups(head.k, of_keys, key_blocks);
    for (std::size_t a = 0; a < row_blocks; ++a) {
        for (std::size_t b = 0; b < key_blocks; ++b) {
            for (std::size_t c = 0; c < q.columns; ++c)
                scores.at(a, b) += head.scale * q.at(a, c) * k.at(b, c);
        }
    }
    return scores;
}

}  // namespace

std::unique_ptr<KeptKeys> quest(const Options& options, const HeadInput& head) {
    const std::size_t page = options.whole("page"), count = options.whole("pages");
    const PageBounds bounds(head.k, page);
    const std::size_t pages = bounds.least.rows, rows = head.sizes.queries;
    std::vector<std::size_t> each(rows);
    for (std::size_t i = 0; i < rows; ++i) each[i] = i;
    auto chosen = std::make_unique<ChosenRuns>(page, pages, rows, each);
    std::vector<double> scores(pages);
    for (std::size_t i = 0; i < rows; ++i) {
        const std::size_t own = run_at(head.sizes.position(i), page, pages);
        const std::size_t candidates = head.causal ? own : pages;
        for (std::size_t p = 0; p < candidates; ++p)
            scores[p] = bounds.bound(head.q.row(i), p) * (head.scale < 0 ? -1 : 1);
        if (head.causal) chosen->choose(i, own);
        chosen->choose_best(i, scores, candidates, count);
        chosen->count_scored(candidates);
    }
    return chosen;
}

std::unique_ptr<KeptKeys> block_topk(const Options& options, const HeadInput& head) {
    const std::size_t block = options.whole("block"), blocks = divide_up(head.sizes.keys, block);
    const std::vector<std::size_t> of_rows = blocks_of_rows(head.sizes, block);
    const std::size_t row_blocks = of_rows.empty() ? 0 : of_rows.back() + 1;
    const Matrix<double> scores = block_scores(options, head, of_rows, row_blocks, blocks);
    auto chosen = std::make_unique<ChosenRuns>(block, blocks, row_blocks, of_rows);
    for (std::size_t a = of_rows.empty() ? 0 : of_rows.front(); a < row_blocks; ++a) {
        const std::size_t candidates = head.causal ? std::min(a + 1, blocks) : blocks;
        for (std::size_t b = 0; b < std::min(options.whole("sinks"), candidates); ++b)
            chosen->choose(a, b);
        if (head.causal) chosen->choose(a, candidates - 1);
        const auto row = scores.row(a);
        chosen->choose_best(a, {row.begin(), row.end()}, candidates, options.whole("blocks"));
        chosen->count_scored(candidates);
    }
    return chosen;
}

}  // namespace attn::approx

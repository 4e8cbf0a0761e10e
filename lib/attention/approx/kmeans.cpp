#include "attention/approx/kmeans.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "attention/approx/decompositions.hpp"
#include "attention/approx/philox.hpp"

namespace attn::approx {
namespace {

// Gives the row a length of 1; of zeros it has none.
bool normalise(Span<double> row) {
    const double square = std::inner_product(row.begin(), row.end(), row.begin(), 0.0);
    if (square == 0) return false;
    for (double& x : row) x /= std::sqrt(square);
    return true;
}

Matrix<double> unit_rows(const HeadInput& head) {
    Matrix<double> rows(head.q.rows + head.k.rows, head.sizes.d_head);
    for (std::size_t i = 0; i < rows.rows; ++i) {
        const auto source = i < head.q.rows ? head.q.row(i) : head.k.row(i - head.q.rows);
        std::copy(source.begin(), source.end(), rows.row(i).begin());
        normalise(rows.row(i));
    }
    return rows;
}

std::vector<std::size_t> nearest_centres(const Matrix<double>& rows,
                                         const Matrix<double>& centres) {
    const Matrix<double> dots = product_transposed(rows.view(), centres.view());
    std::vector<std::size_t> nearest(rows.rows);
    for (std::size_t i = 0; i < rows.rows; ++i) {
        const auto row = dots.row(i);
        nearest[i] =
            static_cast<std::size_t>(std::max_element(row.begin(), row.end()) - row.begin());
    }
    return nearest;
}

// The normalised sums of their rows; a cluster without any keeps its centre.
void move_centres(const Matrix<double>& rows, const std::vector<std::size_t>& nearest,
                  Matrix<double>& centres) {
    Matrix<double> sums(centres.rows, centres.columns);
    for (std::size_t i = 0; i < rows.rows; ++i) {
        const Span<double> sum = sums.row(nearest[i]);
        for (std::size_t c = 0; c < rows.columns; ++c) sum[c] += rows.at(i, c);
    }
    for (std::size_t t = 0; t < centres.rows; ++t) {
        if (!normalise(sums.row(t))) continue;
        std::copy(sums.row(t).begin(), sums.row(t).end(), centres.row(t).begin());
    }
}

class SameCluster final : public KeptKeys {
  public:
    SameCluster(std::vector<std::size_t> clusters, std::size_t queries)
        : clusters_(std::move(clusters)), queries_(queries) {}

    void keep(const ExactRows::Row& row, KeyRange keys, std::uint8_t* keep) const override {
        for (std::size_t j = keys.begin; j < keys.end; ++j)
            keep[j - keys.begin] = clusters_[queries_ + j] == clusters_[row.query];
    }

  private:
    std::vector<std::size_t> clusters_;
    std::size_t queries_;
};

}  // namespace

std::vector<std::size_t> cluster_tokens(const Options& options, const HeadInput& head) {
    const Matrix<double> rows = unit_rows(head);
    std::vector<std::size_t> all(rows.rows);
    std::iota(all.begin(), all.end(), std::size_t{0});
    const RandomStream stream(options.seed(), Purpose::cluster_start, head.head, head.layer);
    const std::vector<std::size_t> start = stream.choose(all, options.whole("clusters"));
    Matrix<double> centres(start.size(), rows.columns);
    for (std::size_t t = 0; t < start.size(); ++t) {
        const auto row = rows.row(start[t]);
        std::copy(row.begin(), row.end(), centres.row(t).begin());
    }
    std::vector<std::size_t> nearest = nearest_centres(rows, centres);
    for (std::size_t step = 0; step < options.whole("iterations"); ++step) {
        move_centres(rows, nearest, centres);
        nearest = nearest_centres(rows, centres);
    }
    return nearest;
}

std::unique_ptr<KeptKeys> kmeans(const Options& options, const HeadInput& head) {
    return std::make_unique<SameCluster>(cluster_tokens(options, head), head.sizes.queries);
}

}  // namespace attn::approx

#include "analysis/approximation_error.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "core/nearest.hpp"
#include "core/word_list.hpp"

namespace attn::analysis {

const std::vector<ApproxMeasure>& approx_measures() {
    using M = ApproxMeasures;
    static const std::vector<ApproxMeasure> all{
        {"context_error", &M::context_error, false, "Frobenius error of the contexts, relative"},
        {"weights_error", &M::weights_error, false, "the same of the weights"},
        {"kept_mass", &M::kept_mass, false, "mean share of attention that stays where it was"},
        {"kept_mass_min", &M::kept_mass_min, false, "the same of the worst row"},
        {"kept_mass_min_row", &M::kept_mass_min_row, true, "which row that is"},
        {"lost_mass", &M::lost_mass, false,
         "mean share of attention that is lost; with a sink keys have less than 1 of it"},
        {"tv", &M::tv, false, "mean total variation of the rows"},
        {"kl", &M::kl, false, "mean KL(approximation, exact)"},
        {"js", &M::js, false, "mean Jensen-Shannon divergence, 0 to 1"},
        {"top1", &M::top1, false, "share of rows with the same largest key"},
        {"top8", &M::top8, false, "mean share of the largest keys in common (--top-keys)"},
        {"cosine", &M::cosine, false, "mean cosine of the contexts"},
        {"worst_row_error", &M::worst_row_error, false, "largest error of one row's context"},
        {"worst_row", &M::worst_row, true, "which row that is"},
        {"row_sum_error", &M::row_sum_error, false, "farthest sum of a row from 1"},
        {"negative_mass", &M::negative_mass, false, "mean sum of weights below 0"},
        {"causal_leak", &M::causal_leak, false, "largest weight where nobody may attend"},
        {"cells", &M::cells, true, "cells that are kept"},
        {"density", &M::density, false, "the same of those that may be attended"},
        {"output_error", &M::output_error, false, "error behind W_O"},
        {"output_share", &M::output_share, false,
         "of prune-heads: norm of what a head puts out / that of its layer"},
        {"mean_error", &M::mean_error, false,
         "of prune-heads: error of the output with means over rows in the place of dropped heads, "
         "of a head alone"},
        {"pinv_residual", &M::pinv_residual, false,
         "of nystrom: largest |B Z B - B| of the inverse Z"},
        {"flops", &M::flops, true, "operations, 2 a multiply-add"},
        {"exact_flops", &M::exact_flops, true, "those of exact attention"},
        {"flops_ratio", &M::flops_ratio, false, "flops / exact_flops"},
        {"kept_bytes", &M::kept_bytes, true, "what stays in memory for the next query"},
        {"kept_ratio", &M::kept_ratio, false, "the same of that of exact attention"},
        {"read_bytes", &M::read_bytes, true, "what the last query reads of it"},
        {"read_ratio", &M::read_ratio, false, "the same of that of exact attention"},
        {"pays_from", &M::pays_from, true, "tokens from which flops are fewer than exact ones"},
        {"time", &M::time, false, "seconds (--time), of methods with a fast path"},
        {"time_ratio", &M::time_ratio, false, "time / that of exact attention"},
    };
    return all;
}

const ApproxMeasure& find_approx_measure(const std::string& name, const std::string& flag) {
    std::vector<std::string> names;
    for (const ApproxMeasure& measure : approx_measures()) {
        if (measure.name == name) return measure;
        names.emplace_back(measure.name);
    }
    fail(flag, " ", name, ": no such measure",
         did_you_mean(name, names, "; there are " + joined(names)));
}

void ErrorSums::add(const RowError& row) {
    ++rows_;
    weights_squares_ += row.weights_squares;
    weights_error_squares_ += row.weights_error_squares;
    context_squares_ += row.context_squares;
    context_error_squares_ += row.context_error_squares;
    mass_ += row.mass;
    kept_mass_ += row.kept_mass;
    tv_ += row.tv;
    kl_ += row.kl;
    js_ += row.js;
    top1_ += row.top1;
    top_ += row.top;
    if (!std::isnan(row.cosine)) cosine_ += row.cosine, ++cosine_rows_;
    if (row.kept_mass < kept_mass_min_)
        kept_mass_min_ = row.kept_mass, kept_mass_min_row_ = row.query;
    const double error = std::sqrt(row.context_error_squares / row.context_squares);
    if (row.context_squares > 0 && error > worst_) worst_ = error, worst_row_ = row.query;
    row_sum_error_ = std::max(row_sum_error_, row.row_sum_error);
    negative_mass_ += row.negative_mass;
    leak_ = std::max(leak_, row.leak);
    cells_ += row.cells;
    kept_ += row.kept;
    last_cells_ = row.cells;
    last_kept_ = row.kept;
}

void ErrorSums::add(const ErrorSums& more) {
    if (more.rows_ == 0) return;
    rows_ += more.rows_;
    for (double ErrorSums::*sum :
         {&ErrorSums::weights_squares_, &ErrorSums::weights_error_squares_,
          &ErrorSums::context_squares_, &ErrorSums::context_error_squares_, &ErrorSums::mass_,
          &ErrorSums::kept_mass_, &ErrorSums::tv_, &ErrorSums::kl_, &ErrorSums::js_,
          &ErrorSums::top1_, &ErrorSums::top_, &ErrorSums::cosine_, &ErrorSums::negative_mass_})
        this->*sum += more.*sum;
    cosine_rows_ += more.cosine_rows_;
    if (more.kept_mass_min_ < kept_mass_min_)
        kept_mass_min_ = more.kept_mass_min_, kept_mass_min_row_ = more.kept_mass_min_row_;
    if (more.worst_ > worst_) worst_ = more.worst_, worst_row_ = more.worst_row_;
    row_sum_error_ = std::max(row_sum_error_, more.row_sum_error_);
    leak_ = std::max(leak_, more.leak_);
    cells_ += more.cells_;
    kept_ += more.kept_;
    last_cells_ = more.last_cells_;
    last_kept_ = more.last_kept_;
}

double relative_error(double error_squares, double squares) {
    if (error_squares == 0) return 0;
    return std::sqrt(error_squares / squares);
}

ApproxMeasures ErrorSums::measures(bool counts_cells) const {
    ApproxMeasures m;
    if (rows_ == 0) return m;
    const auto rows = static_cast<double>(rows_);
    m.weights_error = relative_error(weights_error_squares_, weights_squares_);
    m.kept_mass = kept_mass_ / rows;
    m.lost_mass = (mass_ - kept_mass_) / rows;
    m.kept_mass_min = kept_mass_min_;
    m.kept_mass_min_row = static_cast<double>(kept_mass_min_row_);
    m.tv = tv_ / rows;
    m.kl = kl_ / rows;
    m.js = js_ / rows;
    m.top1 = top1_ / rows;
    m.top8 = top_ / rows;
    m.row_sum_error = row_sum_error_;
    m.negative_mass = negative_mass_ / rows;
    m.causal_leak = leak_;
    if (!std::isnan(context_squares_)) {
        m.context_error = relative_error(context_error_squares_, context_squares_);
        if (cosine_rows_ > 0) m.cosine = cosine_ / static_cast<double>(cosine_rows_);
        if (worst_ >= 0) {
            m.worst_row_error = worst_;
            m.worst_row = static_cast<double>(worst_row_);
        }
    }
    if (counts_cells) {
        m.cells = static_cast<double>(kept_);
        m.density = static_cast<double>(kept_) / static_cast<double>(cells_);
    }
    return m;
}

ApproxMeasures pooled_measures(const std::vector<const ErrorSums*>& sums,
                               const std::vector<const ApproxMeasures*>& heads,
                               std::size_t& worst_head, std::size_t& min_head) {
    using M = ApproxMeasures;
    M pooled;
    worst_head = min_head = 0;
    const auto mean = [&](double M::*value) {
        double sum = 0;
        for (const M* head : heads) sum += head->*value;
        pooled.*value = sum / static_cast<double>(heads.size());
    };
    const auto total = [&](double M::*value) {
        mean(value);
        pooled.*value *= static_cast<double>(heads.size());
    };
    for (double M::*value :
         {&M::kept_mass, &M::lost_mass, &M::tv, &M::kl, &M::js, &M::top1, &M::top8, &M::cosine,
          &M::negative_mass, &M::flops_ratio, &M::kept_ratio, &M::read_ratio})
        mean(value);
    for (double M::*value : {&M::cells, &M::flops, &M::exact_flops, &M::kept_bytes, &M::read_bytes})
        total(value);
    pooled.flops_ratio = pooled.flops / pooled.exact_flops;
    for (double M::*value : {&M::kept_ratio, &M::read_ratio}) mean(value);
    double weights = 0, weights_error = 0, context = 0, context_error = 0, cells = 0;
    for (std::size_t i = 0; i < heads.size(); ++i) {
        weights += sums[i]->weights_squares();
        weights_error += sums[i]->weights_error_squares();
        context += sums[i]->context_squares();
        context_error += sums[i]->context_error_squares();
        cells += static_cast<double>(sums[i]->cells());
        const M& head = *heads[i];
        const auto take = [&](bool better, std::size_t& place) {
            if (better) place = i;
        };
        take(head.worst_row_error > heads[worst_head]->worst_row_error ||
                 std::isnan(heads[worst_head]->worst_row_error),
             worst_head);
        take(head.kept_mass_min < heads[min_head]->kept_mass_min ||
                 std::isnan(heads[min_head]->kept_mass_min),
             min_head);
        pooled.row_sum_error = std::fmax(pooled.row_sum_error, head.row_sum_error);
        pooled.causal_leak = std::fmax(pooled.causal_leak, head.causal_leak);
        pooled.pinv_residual = std::fmax(pooled.pinv_residual, head.pinv_residual);
    }
    pooled.weights_error = relative_error(weights_error, weights);
    if (!std::isnan(context)) pooled.context_error = relative_error(context_error, context);
    pooled.worst_row_error = heads[worst_head]->worst_row_error;
    pooled.worst_row = heads[worst_head]->worst_row;
    pooled.kept_mass_min = heads[min_head]->kept_mass_min;
    pooled.kept_mass_min_row = heads[min_head]->kept_mass_min_row;
    pooled.density = pooled.cells / cells;
    return pooled;
}

}  // namespace attn::analysis

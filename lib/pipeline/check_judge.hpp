// From what was counted in each head to verdicts.
#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "analysis/check_sink.hpp"
#include "attention/mask.hpp"
#include "pipeline/check.hpp"
#include "source/stored_source.hpp"

namespace attn::pipeline {

// Above these a head is called uniform, collapsed, saturated (a share of its rows).
constexpr double kUniform = 0.999;
constexpr double kCollapsed = 0.99;
constexpr double kMostSaturated = 0.5;

// What the heads are of. T is float or double.
template <class T>
struct CheckedAttention {
    Shape shape;                     // [batch, heads, queries, keys]
    std::vector<std::size_t> heads;  // their numbers, by place
    bool has_sinks = false;
    bool has_windows = false;  // some layer has a window of its own
    bool known_mask = false;   // who may attend is said, not guessed
    MaskOptions<T> mask{};     // that
    // The weights of a head; null where they only streamed by.
    std::function<MatrixView<const T>(const analysis::HeadCheck&)> matrix{};
};

// That of a stored attention, which it keeps by reference.
template <class T>
CheckedAttention<T> checked_attention(const CheckRequest& request,
                                      const source::StoredAttention<T>& attention,
                                      MaskOptions<T> mask);

template <class T>
class CheckJudge {
  public:
    // `heads` are those that were asked for, at least one. Kept by reference.
    CheckJudge(const CheckRequest& request, const CheckedAttention<T>& attention,
               const std::vector<analysis::HeadCheck>& heads);

    // One line for each check that was asked for, in the order of check_names().
    std::vector<CheckLine> judge() const;

  private:
    using HeadCheck = analysis::HeadCheck;

    CheckLine judge_probabilities() const;
    CheckLine judge_finite() const;
    CheckLine judge_range() const;
    CheckLine judge_row_sums() const;
    CheckLine judge_leak(const char* name, analysis::Ban ban, const char* flag) const;
    CheckLine judge_dead_heads() const;
    CheckLine judge_flat_heads() const;
    CheckLine judge_collapsed_heads() const;
    CheckLine judge_duplicates() const;
    CheckLine judge_saturation() const;
    CheckLine judge_scores(bool raw) const;
    CheckLine judge_precision() const;
    CheckLine judge_almost_causal() const;
    CheckLine judge_masked_keys() const;

    bool wanted(const std::string& name) const;
    bool knows(analysis::Ban ban) const;
    double row_sum_offence(const HeadCheck& head) const;
    double row_sum_rounding(const HeadCheck& head) const;
    CheckPlace place_of(const HeadCheck& head) const;
    CheckPlace place_of(const HeadCheck& head, const analysis::Worst& worst,
                        bool with_key = true) const;
    MatrixView<const T> matrix_of(const HeadCheck& head) const;
    std::string row_sum_cause(const HeadCheck& head) const;
    std::string kind_of_scores(const HeadCheck& head, const char* raw) const;

    // The head with the largest offence; the first of equals.
    template <class Offence>
    const HeadCheck& worst_head(const Offence& offence) const {
        return *std::max_element(
            heads_.begin(), heads_.end(),
            [&](const HeadCheck& a, const HeadCheck& b) { return offence(a) < offence(b); });
    }

    // The places of all heads that are guilty.
    template <class Guilty, class Place>
    std::vector<CheckPlace> places_where(const Guilty& guilty, const Place& place) const {
        std::vector<CheckPlace> places;
        for (const HeadCheck& head : heads_) {
            if (guilty(head)) places.push_back(place(head));
        }
        return places;
    }

    // The heads of the same layer and sequence as the one at `first`, which come one after another.
    std::vector<const HeadCheck*> group_at(std::size_t first) const;
    bool may_underflow(const HeadCheck& head) const;
    std::string masked_text(const std::vector<const HeadCheck*>& group, double* keys,
                            std::optional<std::size_t>* key) const;

    // One line for all heads whose `offence` is above the bound: suspicious, but not wrong. `worst`
    // is the largest.
    template <class Offence>
    CheckLine warn_heads(const char* name, const Offence& offence, double bound,
                         const std::string& message) const;

    const CheckRequest& request_;
    double atol_;
    const CheckedAttention<T>& attention_;
    const MaskOptions<T>& mask_;
    const std::vector<HeadCheck>& heads_;
};

}  // namespace attn::pipeline

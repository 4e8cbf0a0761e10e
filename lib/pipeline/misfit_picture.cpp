#include "pipeline/misfit_picture.hpp"

#include <algorithm>
#include <limits>

#include "analysis/pieces.hpp"
#include "core/index_list.hpp"
#include "pipeline/difference_picture.hpp"
#include "results/folder_layout.hpp"

namespace attn::pipeline {
namespace {

using analysis::Observed;

// What is masked is no number.
void append_shown(std::vector<float>& all, const std::vector<double>& values, bool scores) {
    for (const double value : values) {
        all.push_back(scores && value <= analysis::kMask ? std::numeric_limits<float>::quiet_NaN()
                                                         : static_cast<float>(value));
    }
}

std::string path_in_folder(const analysis::Observation& observation, const Shape& place,
                           std::size_t layer) {
    const results::SequenceName sequence{place[0], observation.values.extent(0)};
    if (observation.kind != Observed::output)
        return results::head_picture(layer, place[1], sequence);
    return results::layer_folder(layer) + "/" + results::named_picture("output", sequence);
}

}  // namespace

MisfitPicture draw_misfit(const analysis::DenseInputs& inputs,
                          const analysis::Observation& observation, const Shape& place,
                          std::size_t layer) {
    analysis::DenseInputs wanted = inputs;
    const bool is_output = observation.kind == Observed::output;
    wanted.wants_output = is_output;
    analysis::DenseHeadsStore store;
    const analysis::DenseComputation right(wanted, {}, store);
    const std::vector<std::size_t> rows =
        observation.queries.empty() ? count_up(right.queries()) : observation.queries;
    std::vector<float> seen, expected;
    constexpr std::size_t kRows = 256;
    for (std::size_t first = 0; first < rows.size(); first += kRows) {
        const auto begin = rows.begin() + static_cast<std::ptrdiff_t>(first);
        const auto count = static_cast<std::ptrdiff_t>(std::min(kRows, rows.size() - first));
        const analysis::Piece piece{
            place[0],
            is_output ? count_up(right.heads()) : std::vector<std::size_t>{place[1]},
            {begin, begin + count}};
        const analysis::Faced faced = face(right, observation, piece);
        append_shown(seen, faced.seen, observation.kind == Observed::scores);
        append_shown(expected, faced.expected, observation.kind == Observed::scores);
    }
    const std::size_t columns = seen.size() / rows.size();
    DifferenceTitles titles;
    titles.head = "layer " + std::to_string(layer) +
                  (is_output ? ", output" : ", head " + std::to_string(place[1]));
    titles.a = "observed";
    titles.b = "expected";
    titles.value = observation.kind == Observed::weights  ? "attention weight"
                   : observation.kind == Observed::scores ? "attention score"
                                                          : "output";
    titles.below_zero = observation.kind != Observed::weights;
    return {path_in_folder(observation, place, layer),
            draw_difference<float>({seen.data(), rows.size(), columns},
                                   {expected.data(), rows.size(), columns}, titles)};
}

}  // namespace attn::pipeline

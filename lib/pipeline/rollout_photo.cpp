#include "pipeline/rollout_photo.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "core/index_list.hpp"
#include "core/word_list.hpp"
#include "pipeline/rollout_words.hpp"

namespace attn::pipeline {
namespace {

constexpr std::size_t kMostPanels = 64;

std::string name_of_token(const analysis::PatchGrid& grid, std::size_t token) {
    if (token < grid.extra())
        return token == 0 && grid.extra() == 1 ? "class token" : "token " + std::to_string(token);
    const std::size_t patch = token - grid.extra();
    return "patch " + std::to_string(patch / grid.columns()) + "," +
           std::to_string(patch % grid.columns());
}

}  // namespace

RolloutPhoto::RolloutPhoto(const RolloutRequest& request, const analysis::PatchGrid& grid,
                           const std::vector<std::size_t>& targets)
    : grid_(grid), photo_(request.image), targets_(targets), drawn_(count_up(targets.size())) {
    const bool named = request.targets || request.last_target;
    if (!named && grid.extra() > 0 && targets.size() == grid.keys()) drawn_ = {0};
    if (drawn_.size() > kMostPanels)
        fail("--image: draws a panel for each of ", counted(drawn_.size(), "token"),
             "; name up to ", kMostPanels, " with --targets");
}

template <class T>
void RolloutPhoto::add(const Matrix<T>& rows, std::optional<std::size_t> sequence,
                       std::optional<std::size_t> head) {
    for (const std::size_t place : drawn_) {
        const T* const patches = rows.row(place).data() + grid_.extra();
        std::vector<float> cells;
        for (std::size_t i = 0; i < grid_.rows() * grid_.columns(); ++i)
            cells.push_back(static_cast<float>(patches[i]));
        panels_.cells.push_back(std::move(cells));
        panels_.queries.push_back(targets_[place]);
        std::string name = name_of_token(grid_, targets_[place]);
        if (head) name += ", head " + std::to_string(*head);
        if (sequence) name += ", sequence " + std::to_string(*sequence);
        panels_.titles.push_back(std::move(name));
    }
}

std::string RolloutPhoto::draw(const std::string& title, const std::string& value_name,
                               const results::HeatmapOptions& options) {
    // A row for each head and sequence, or as wide as high.
    const std::size_t count = panels_.cells.size();
    panels_.columns =
        drawn_.size() > 1 && count > drawn_.size()
            ? drawn_.size()
            : static_cast<std::size_t>(std::ceil(std::sqrt(static_cast<double>(count))));
    PhotoText text;
    text.title = title;
    text.note = kRoutingNote;
    text.value_name = value_name;
    text.description = "What tokens are made of, shares of patches";
    return draw_panels(panels_, grid_, photo_, options, text);
}

template void RolloutPhoto::add(const Matrix<float>&, std::optional<std::size_t>,
                                std::optional<std::size_t>);
template void RolloutPhoto::add(const Matrix<double>&, std::optional<std::size_t>,
                                std::optional<std::size_t>);

}  // namespace attn::pipeline

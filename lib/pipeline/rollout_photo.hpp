// rollout --image: what tokens are made of, drawn over the photograph whose patches the tokens are.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/matrix.hpp"
#include "pipeline/photo_panels.hpp"
#include "pipeline/rollout_request.hpp"

namespace attn::pipeline {

class RolloutPhoto {
  public:
    // Reads the photograph. `targets`: the rows that will come; all of them are drawn where they
    // were named, else that of the first token before the patches. Throws Error for more than can
    // be drawn, and for a file that is no picture.
    RolloutPhoto(const RolloutRequest& request, const analysis::PatchGrid& grid,
                 const std::vector<std::size_t>& targets);

    // Rows [targets, tokens]. `sequence` and `head` where there are several, for the titles.
    template <class T>
    void add(const Matrix<T>& rows, std::optional<std::size_t> sequence,
             std::optional<std::size_t> head);

    // All that was added, with the words of the picture of the matrix.
    std::string draw(const std::string& title, const std::string& value_name,
                     const results::HeatmapOptions& options);

  private:
    analysis::PatchGrid grid_;
    Photo photo_;
    std::vector<std::size_t> targets_;
    std::vector<std::size_t> drawn_;  // places of them
    PhotoPanels panels_;
};

}  // namespace attn::pipeline

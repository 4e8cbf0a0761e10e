// Numbers that were to be written into cells which are too small for them.
#pragma once

#include <cstddef>
#include <mutex>
#include <string>

#include "core/span.hpp"
#include "render/heatmap.hpp"

namespace attn::results {

// Remembers the pictures that were drawn without numbers. Threads may use it at once.
class LeftOutNumbers {
  public:
    // `look` is that of the picture of the cells.
    void look_at(MatrixView<const float> cells, const render::HeatmapStyle& look);

    // One sentence about `pictures` ("sheets "; "": all) with the flags that make room in all of
    // them; empty where none was left out.
    std::string warning(const std::string& pictures = "") const;

  private:
    mutable std::mutex mutex_;
    std::size_t rows_ = 0;
    std::size_t columns_ = 0;
    std::size_t pixels_ = 0;
    std::size_t side_ = 0;  // of a cell with room for the longest number
};

}  // namespace attn::results

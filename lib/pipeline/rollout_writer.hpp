// The arrays of a rollout, written sequence by sequence.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "analysis/patch_grid.hpp"
#include "core/matrix.hpp"
#include "io/npy_writer.hpp"
#include "io/output_folder.hpp"

namespace attn::pipeline {

// How the arrays of all sequences lie.
struct RolloutLayout {
    std::string name;  // "rollout"; of the array and the picture
    bool batch_axis = false;
    std::size_t sequences = 1;  // that are written
    std::size_t heads = 0;      // 0: no axis of heads
    std::size_t layers = 0;     // that are written one by one; 0: none
    std::size_t rows = 0;       // [rows, columns] of each sequence and head
    std::size_t columns = 0;
    std::size_t cross_columns = 0;  // 0: there is no encoder
    bool array = true;
    bool lift = false;
    std::optional<analysis::PatchGrid> grid;        // of the columns
    std::optional<analysis::PatchGrid> cross_grid;  // of the encoder's tokens
};

// T is float or double.
template <class T>
class RolloutWriter {
  public:
    // Throws Error where the disk has no room.
    RolloutWriter(io::OutputFolder& folder, const RolloutLayout& layout);

    // All by the place of the sequence among those that are written.
    void write_rows(std::size_t sequence, const std::vector<Matrix<T>>& heads);
    void write_lift(std::size_t sequence, const std::vector<Matrix<T>>& heads);
    void write_cross(std::size_t sequence, const Matrix<T>& rows);
    void write_layer(std::size_t layer, std::size_t sequence, const Matrix<T>& product);

    void close();

  private:
    io::NpyWriter& file(const std::string& name, Shape of_sequence);
    void write(const std::string& name, std::size_t sequence, const std::vector<Matrix<T>>& heads);
    void write_map(const std::string& name, std::size_t sequence,
                   const std::vector<Matrix<T>>& heads, const analysis::PatchGrid& grid);

    io::OutputFolder& folder_;
    RolloutLayout layout_;
    std::map<std::string, std::unique_ptr<io::NpyWriter>> files_;
};

}  // namespace attn::pipeline

// The weights, contexts and kept keys that approximations imply, as arrays in a folder: for each
// layer and method layerLL/<spec>/weights.npy, context.npy and keep.npy.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "analysis/implied_sink.hpp"
#include "core/array.hpp"
#include "io/npy_writer.hpp"
#include "io/output_folder.hpp"

namespace attn::results {

struct ImpliedChoice {
    bool weights = false;  // [(batch,) heads, queries, keys]
    bool context = false;  // [(batch,) heads, queries, d_value]
    bool keep = false;     // as weights: 1 where a method that keeps keys keeps one, else 0
};

// "weights,context". Throws Error for an empty list and for other names, with the nearest.
ImpliedChoice parse_implied_save(const std::string& list);
const std::vector<std::string>& implied_save_names();

// Numbers of what is written, in the order of the axes.
struct ImpliedAxes {
    std::vector<std::size_t> sequences, heads;
    bool batch = false;  // there is an axis of sequences
};

template <class T>
class ImpliedArrays {
  public:
    // `specs`: what the methods of the heads are called; one with / has + in its folder's name.
    // Keeps the folder.
    ImpliedArrays(io::OutputFolder& folder, std::vector<std::string> specs, ImpliedChoice choice,
                  ImpliedAxes axes)
        : folder_(folder), specs_(std::move(specs)), choice_(choice), axes_(std::move(axes)) {}

    // From several threads. Heads of one layer come after those of the layers before it.
    void take(const analysis::ImpliedHead& head);

    // Closes what is open.
    void close();

  private:
    // Where the head begins in the array [(batch,) heads, rows, columns], in matrices.
    std::size_t place_of(const analysis::ImpliedHead& head) const;
    io::NpyWriter& file(const analysis::ImpliedHead& head, const std::string& name,
                        std::size_t rows, std::size_t columns);
    void write(const analysis::ImpliedHead& head, const std::string& name,
               MatrixView<const double> matrix);

    io::OutputFolder& folder_;
    std::vector<std::string> specs_;
    ImpliedChoice choice_;
    ImpliedAxes axes_;
    std::mutex mutex_;
    std::size_t layer_ = 0;
    std::map<std::string, io::NpyWriter> files_;  // of one layer
};

}  // namespace attn::results

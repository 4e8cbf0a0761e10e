// Pictures of single heads that approx writes: exact weights, implied ones and their difference.
#pragma once

#include <memory>

#include "analysis/implied_sink.hpp"
#include "io/output_folder.hpp"
#include "pipeline/approx.hpp"
#include "pipeline/approx_methods.hpp"

namespace attn::pipeline {

// The sizes of what is streamed.
struct TriptychSizes {
    std::size_t heads = 0;  // of all layers and sequences
    std::size_t cells = 0;  // of a head
    bool batch = false;
};

// A sink that draws a picture of every method and head into the folder; of random methods with the
// first seed. Null where nobody wants pictures, or where there would be too many or too large ones,
// which `warn` is told. The folder must outlive it.
template <class T>
std::unique_ptr<analysis::ImpliedSink<T>> triptych_sink(
    const ApproxRequest& request, const ChosenMethods& chosen, const TriptychSizes& sizes,
    const std::string& source, std::optional<io::OutputFolder>& folder, const Warn& warn);

}  // namespace attn::pipeline

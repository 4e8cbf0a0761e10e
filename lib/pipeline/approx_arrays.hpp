// What `approx --save` writes: the implied weights, contexts and kept keys of every method.
#pragma once

#include <memory>
#include <optional>

#include "analysis/implied_sink.hpp"
#include "io/output_folder.hpp"
#include "pipeline/approx.hpp"
#include "pipeline/approx_methods.hpp"
#include "results/implied_arrays.hpp"

namespace attn::pipeline {

template <class T>
struct ApproxArrays {
    std::unique_ptr<results::ImpliedArrays<T>> arrays;
    std::unique_ptr<analysis::ImpliedSink<T>> sink;  // null where nothing is saved
};

// Random methods give what their first seed gives. `values` are those of stored attention, or
// empty; `layers`: how many are streamed. The folder must outlive the result. Throws Error where no
// method has what is asked for, and where the disk has no room.
template <class T>
ApproxArrays<T> approx_arrays(const ApproxRequest& request, const ChosenMethods& chosen,
                              const results::ImpliedAxes& axes, const ApproxSurroundings& around,
                              const Array<T>& values, std::size_t layers,
                              std::optional<io::OutputFolder>& folder);

}  // namespace attn::pipeline

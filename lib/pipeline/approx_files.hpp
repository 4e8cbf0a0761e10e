// What files tell approx beside its input: values of stored attention, Linformer's projections of a
// trained model, and the budget of each head.
#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "analysis/approx_layer.hpp"
#include "attention/approx/spec.hpp"
#include "core/matrix.hpp"
#include "io/inputs.hpp"

namespace attn::pipeline {

// The values that stored attention lacks, for every head of every sequence: [(batch,) heads, keys,
// d_value], or of fewer heads that share them, for attention of that shape. Throws Error for
// others.
template <class T>
Array<T> load_values(const std::string& name, const Shape& attention, io::Inputs& inputs);

// [k, positions] each, of as many positions as there are keys or more; f may be missing.
struct LinformerFiles {
    std::string e_name, f_name;
    std::shared_ptr<const Matrix<double>> e, f;
};

// Reads --linformer-e and --linformer-f: matrices [k, m] or [m, k], whose longer axis is that of
// the keys. Throws Error for other shapes, for fewer positions than `keys`, and where k differs.
LinformerFiles load_linformer(const std::string& e, const std::string& f, std::size_t keys,
                              io::Inputs& inputs);

// What needs.json of `--needs -o` holds: of each head the smallest budget of several kinds; nothing
// where none is enough.
struct HeadBudgetFile {
    std::string name;
    std::map<std::string, std::map<std::array<std::size_t, 3>, std::optional<double>>> columns;

    // "topk", …: the column whose numbers are the method's main option; empty: none is, or the spec
    // says that option itself.
    static std::string column_of(const approx::Spec& spec);
};

// Throws Error for anything but a list of such heads, with the place.
HeadBudgetFile load_head_budgets(const std::string& name);

// The budget of every chosen (layer, sequence, head), `top` where none is enough. Throws Error for
// a head that the file does not have.
std::shared_ptr<const analysis::HeadNumbers> budgets_of(
    const HeadBudgetFile& file, const std::string& column, double top,
    const std::vector<std::array<std::size_t, 3>>& heads);

}  // namespace attn::pipeline

// Arrays that a family does not know: which of them are harmless, and what the others may change.
#pragma once

#include <optional>
#include <string>

#include "core/shape.hpp"
#include "model/layout_match.hpp"

namespace attn::model {

// A buffer that the computation does without: masks, counters, tables that are made anew.
// `name` is as it stands in the file.
bool is_harmless(const Layout& layout, const std::string& name, const Shape& shape);

// What an array of a layer changes, by its name inside the layer. Everything outside of the
// feed-forward part is taken to change the attention, or what it reads.
LeftOver::Part part_of_layer(const Layout& layout, const std::string& name);

// What an array outside of the layers changes, by its name inside the model. Nothing: heads of
// tasks and parts of other models.
std::optional<LeftOver::Part> part_of_model(const Layout& layout, const std::string& name);

// "; it holds a LoRA adapter …", where names tell why a file is not a checkpoint as it should be.
std::string unusual_contents(const io::Container& container);

}  // namespace attn::model

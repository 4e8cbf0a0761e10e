// JSON as it is written everywhere: into files, and to standard output, where nothing in it may
// steer a terminal. Texts that are no UTF-8 (file names) keep what can be kept.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace attn::io {

// A document: indented by two, with a line end.
std::string json_document(const nlohmann::ordered_json& value);

// A value on one line, without a line end.
std::string json_value(const nlohmann::json& value);

}  // namespace attn::io

// JSON documents: small ones that are read whole, and all that are written, into files and to
// standard output, where nothing in them may steer a terminal. Texts that are no UTF-8 (file names)
// keep what can be kept.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace attn::io {

// A document that may be anybody's: discarded (see nlohmann::json::is_discarded) where the file is
// no JSON or has more than kMaxJsonDepth values inside one another. Throws Error as map_file does.
nlohmann::json read_json_document(const std::string& path);

// A document: indented by two, with a line end.
std::string json_document(const nlohmann::ordered_json& value);

// A value on one line, without a line end.
std::string json_value(const nlohmann::json& value);

}  // namespace attn::io

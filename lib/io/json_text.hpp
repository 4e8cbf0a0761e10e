// JSON documents: small ones that are read whole, and all that are written, into files and to
// standard output, where nothing in them may steer a terminal. Texts that are no UTF-8 (file names)
// keep what can be kept.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace attn::io {

// A document that may be anybody's: discarded (see nlohmann::json::is_discarded) where the file is
// no JSON or has more than kMaxJsonDepth values inside one another. Throws Error as map_file does.
nlohmann::json read_json_document(const std::string& path);

// JSON that we wrote ourselves, or a small piece of somebody's: discarded where it is none. With
// its members in their order where they are written again. One place parses and writes, as each
// that does takes seconds to compile.
nlohmann::json parse_json(std::string_view text);
nlohmann::ordered_json parse_ordered_json(std::string_view text);
bool is_json(std::string_view text);

// Every byte as it is, on one line; bytes that are no UTF-8 are replaced.
std::string compact_json(const nlohmann::json& value);
std::string compact_json(const nlohmann::ordered_json& value);

// A document: indented by two, with a line end.
std::string json_document(const nlohmann::ordered_json& value);

// A value on one line, without a line end.
std::string json_value(const nlohmann::json& value);

}  // namespace attn::io

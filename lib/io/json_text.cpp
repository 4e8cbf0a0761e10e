#include "io/json_text.hpp"

#include <nlohmann/json.hpp>

#include "core/printable.hpp"
#include "core/text_of.hpp"
#include "io/file_bytes.hpp"
#include "io/json_syntax.hpp"

namespace attn::io {

nlohmann::json read_json_document(const std::string& path) {
    constexpr std::size_t kMost = std::size_t{64} << 20;
    const FileBytes file = map_file(path, kMost);
    bool deep = false;
    const auto watch_depth = [&](int depth, nlohmann::json::parse_event_t, nlohmann::json&) {
        deep = deep || static_cast<std::size_t>(depth) > kMaxJsonDepth;
        return !deep;
    };
    nlohmann::json document =
        nlohmann::json::parse(text_of(file.bytes), watch_depth, /*allow_exceptions=*/false);
    if (deep) return nlohmann::json::value_t::discarded;
    return document;
}

nlohmann::json parse_json(std::string_view text) {
    return nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
}

nlohmann::ordered_json parse_ordered_json(std::string_view text) {
    return nlohmann::ordered_json::parse(text, nullptr, /*allow_exceptions=*/false);
}

bool is_json(std::string_view text) {
    return nlohmann::json::accept(text);
}

std::string compact_json(const nlohmann::json& value) {
    return value.dump(-1, ' ', /*ensure_ascii=*/false, nlohmann::json::error_handler_t::replace);
}

std::string compact_json(const nlohmann::ordered_json& value) {
    return value.dump(-1, ' ', /*ensure_ascii=*/false,
                      nlohmann::ordered_json::error_handler_t::replace);
}

std::string json_document(const nlohmann::ordered_json& value) {
    constexpr auto kReplace = nlohmann::ordered_json::error_handler_t::replace;
    return printable_json(value.dump(2, ' ', /*ensure_ascii=*/false, kReplace)) + "\n";
}

std::string json_value(const nlohmann::json& value) {
    return printable_json(compact_json(value));
}

}  // namespace attn::io

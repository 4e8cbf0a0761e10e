#include "io/json_text.hpp"

#include <nlohmann/json.hpp>

#include "core/printable.hpp"

namespace attn::io {

std::string json_document(const nlohmann::ordered_json& value) {
    constexpr auto kReplace = nlohmann::ordered_json::error_handler_t::replace;
    return printable_json(value.dump(2, ' ', /*ensure_ascii=*/false, kReplace)) + "\n";
}

std::string json_value(const nlohmann::json& value) {
    constexpr auto kReplace = nlohmann::json::error_handler_t::replace;
    return printable_json(value.dump(-1, ' ', /*ensure_ascii=*/false, kReplace));
}

}  // namespace attn::io

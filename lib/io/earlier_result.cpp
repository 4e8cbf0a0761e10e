#include "io/earlier_result.hpp"

#include <nlohmann/json.hpp>

#include "io/inner_folder.hpp"
#include "io/json_text.hpp"

namespace attn::io {

std::optional<EarlierResult> read_earlier_result(int folder) {
    const std::optional<std::string> text = read_inner(folder, kManifestName);
    if (!text) return std::nullopt;
    const auto manifest = parse_json(*text);
    if (!manifest.is_object() || manifest.value("tool", nlohmann::json()) != "attn-inspect")
        return std::nullopt;
    EarlierResult result;
    const auto command = manifest.find("command");
    if (command != manifest.end() && command->is_string())
        result.command = command->get<std::string>();
    const auto list = manifest.find("files");
    if (list == manifest.end() || !list->is_array()) return result;
    for (const nlohmann::json& entry : *list) {
        if (!entry.is_string()) continue;
        if (const auto file = inner_path(entry.get<std::string>()))
            result.files.insert(file->string());
    }
    return result;
}

}  // namespace attn::io

#include "io/safetensors_index.hpp"

#include <filesystem>
#include <utility>

#include "core/error.hpp"
#include "core/text_of.hpp"
#include "io/config.hpp"
#include "io/foreign_file.hpp"
#include "io/safetensors.hpp"

namespace attn::io {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFormat = "sharded safetensors";

Container read_file(const std::string& path) {
    const FileBytes file = map_file(path);
    if (!is_safetensors(file.bytes)) refuse_foreign(path, text_of(file.bytes));
    Container container;
    container.files.push_back({path, file.bytes, file.owner});
    parse_safetensors(file, path, container);
    return container;
}

std::map<std::string, std::string> weight_map_in(const FileBytes& file, const std::string& path) {
    Container index;
    parse_config(file, path, index);
    const std::string prefix = "weight_map/";
    std::map<std::string, std::string> files;
    for (const auto& [place, setting] : index.settings) {
        if (place.rfind(prefix, 0) != 0) continue;
        const std::string* name = std::get_if<std::string>(&setting);
        if (name == nullptr) fail(path, ": ", place, " is not the name of a file");
        const bool inside = !name->empty() && *name != "." && *name != ".." &&
                            name->find_first_of("/\\") == std::string::npos &&
                            name->find('\0') == std::string::npos;
        // A zero byte would end the message.
        if (!inside)
            fail(path, ": ", place, " names '", name->substr(0, name->find('\0')),
                 "', expected a file in the same folder");
        files[place.substr(prefix.size())] = *name;
    }
    if (files.empty())
        fail(path, ": has no weight_map, expected {\"weight_map\": {\"tensor\": \"file\"}}");
    return files;
}

void add_settings_and_files(Container& from, Container& to) {
    to.settings.merge(from.settings);
    for (SourceFile& file : from.files) to.files.push_back(std::move(file));
}

}  // namespace

std::map<std::string, std::string> read_weight_map(const std::string& path) {
    return weight_map_in(map_file(path), path);
}

Container read_safetensors_index(const std::string& path) {
    Container result;
    result.path = path;
    result.format = kFormat;
    const FileBytes index = map_file(path);
    result.files.push_back({path, index.bytes, index.owner});

    std::map<std::string, Container> shards;
    for (const auto& [key, name] : weight_map_in(index, path)) {
        auto found = shards.find(name);
        if (found == shards.end()) {
            const fs::path file = fs::path(path).parent_path() / name;
            std::error_code ignored;
            if (!fs::exists(file, ignored))
                fail(file.string(), ": is missing; ", path, " names it");
            found = shards.emplace(name, read_file(file.string())).first;
        }
        Container& shard = found->second;
        if (const auto array = shard.arrays.extract(key)) {
            result.arrays[key] = std::move(array.mapped());
        } else if (const auto reason = shard.unreadable.extract(key)) {
            result.unreadable[key] = std::move(reason.mapped());
        } else {
            fail(path, ":", key, ": is not in ", name, ", where the index puts it");
        }
    }
    for (auto& [name, shard] : shards) add_settings_and_files(shard, result);
    return result;
}

Container join_safetensors(const std::vector<std::string>& paths) {
    Container result;
    result.format = paths.size() == 1 ? "safetensors" : kFormat;
    std::map<std::string, std::string> homes;
    for (const std::string& path : paths) {
        Container file = read_file(path);
        const auto settle = [&](const std::string& key) {
            const auto [home, is_new] = homes.emplace(key, path);
            if (!is_new)
                fail(path, ":", key, ": is also in ", home->second, "; name one of the files");
        };
        for (const auto& [key, array] : file.arrays) settle(key);
        for (const auto& [key, reason] : file.unreadable) settle(key);
        result.arrays.merge(file.arrays);
        result.unreadable.merge(file.unreadable);
        add_settings_and_files(file, result);
    }
    return result;
}

}  // namespace attn::io

#include "io/tokens.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <map>
#include <string_view>

#include "core/error.hpp"
#include "core/text_of.hpp"
#include "core/utf8.hpp"
#include "core/word_list.hpp"
#include "io/array_name.hpp"
#include "io/config.hpp"
#include "io/container.hpp"
#include "io/file_bytes.hpp"
#include "io/json_text.hpp"
#include "io/npy.hpp"
#include "io/npz.hpp"

namespace attn::io {
namespace {

// Bytes of a file with labels: a book has a thousandth of it.
constexpr std::size_t kMost = std::size_t{1} << 30;

using Lists = std::vector<std::vector<std::string>>;

std::vector<std::string> lines_of(std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
        lines.emplace_back(line);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

// Whether text is JSON and not tokens one a line, of which "[" and "{" may be the first.
bool is_json(const ArrayName& name, std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos || (text[first] != '[' && text[first] != '{')) return false;
    if (!name.key.empty() || std::filesystem::path(name.path).extension() == ".json") return true;
    const bool quotes = text.find('"') != std::string_view::npos;
    if (text[first] == '[' && quotes) return text.find(']') != std::string_view::npos;
    const std::string_view line = text.substr(first, text.find_first_of("\r\n", first) - first);
    return (quotes || line.size() > 1) && io::is_json(text);
}

// Whether the file is one of arrays and texts by name, and not plain text.
bool is_container(const ArrayName& name, const FileBytes& file) {
    const std::string_view text = text_of(file.bytes);
    if (is_npy(file.bytes) || is_zip(file.bytes)) return true;
    if (std::filesystem::path(name.path).extension() == ".safetensors") return true;
    if (!is_utf8(text)) fail(name.path, ": is not UTF-8 text, expected tokens");
    return is_json(name, text);
}

// Lists of objects: "tokens/7/text" among the settings is the text of the eighth of "tokens".
std::map<std::string, std::map<std::size_t, std::string>> texts_of_objects(
    const Container& container) {
    static const std::vector<std::string> kFields{"text", "token", "word", "str", "label"};
    std::map<std::string, std::map<std::size_t, std::string>> lists;
    for (const auto& [place, setting] : container.settings) {
        const std::string* text = std::get_if<std::string>(&setting);
        const std::string padded = "/" + place;
        const std::size_t field = padded.rfind('/');
        if (text == nullptr || field == 0) continue;
        if (std::find(kFields.begin(), kFields.end(), padded.substr(field + 1)) == kFields.end())
            continue;
        const std::size_t number = padded.rfind('/', field - 1);
        std::size_t index = 0;
        const char* end = padded.data() + field;
        const auto [stop, problem] = std::from_chars(padded.data() + number + 1, end, index);
        if (problem != std::errc() || stop != end) continue;
        const std::string key = number == 0 ? "" : padded.substr(1, number - 1);
        if (!lists[key].emplace(index, *text).second) {
            fail(full_name({container.path, key}), ": entry ", index,
                 " has several texts, expected one of ", joined(kFields));
        }
    }
    return lists;
}

bool may_be_ids(const StoredArray& array) {
    return array.dtype != DType::boolean && (array.shape.size() == 1 || array.shape.size() == 2);
}

// Token ids as their own labels.
Lists labels_of_ids(const StoredArray& stored) {
    if (!may_be_ids(stored)) {
        fail(stored.name, " (", attn::to_string(stored.dtype), " ", attn::to_string(stored.shape),
             "): expected token ids [tokens] or [sequences, tokens]");
    }
    const Array<double> ids = convert<double>(stored, NonFinite::never);
    const std::size_t count = stored.shape.back();
    Lists lists;
    for (std::size_t i = 0; i < ids.size(); ++i) {
        const double id = ids.data()[i];
        constexpr double kExact = 9007199254740992;  // 2^53
        if (id != std::floor(id) || std::abs(id) > kExact)
            fail(stored.name, ": holds ", id, ", expected token ids, which are whole numbers");
        if (i % count == 0) lists.emplace_back();
        lists.back().push_back(std::to_string(static_cast<long long>(id)));
    }
    return lists;
}

// The labels under a key, and none where there are no labels.
Lists labels_at(const Container& container, const std::string& key) {
    const auto texts = container.texts.find(key);
    if (texts != container.texts.end()) return texts->second;
    const auto objects = texts_of_objects(container);
    const auto list = objects.find(key);
    if (list != objects.end()) {
        Lists labels(1);
        for (const auto& [index, text] : list->second) {
            if (index != labels[0].size()) {
                fail(full_name({container.path, key}), ": entry ", labels[0].size(),
                     " has no text, the others do");
            }
            labels[0].push_back(text);
        }
        return labels;
    }
    const auto ids = container.arrays.find(key);
    return ids == container.arrays.end() ? Lists() : labels_of_ids(ids->second);
}

// What may be labels when no key was given.
std::vector<std::string> label_keys(const Container& container) {
    std::vector<std::string> keys;
    for (const auto& [key, texts] : container.texts) keys.push_back(key);
    for (const auto& [key, texts] : texts_of_objects(container)) keys.push_back(key);
    if (keys.empty() && container.arrays.size() == 1)
        keys.push_back(container.arrays.begin()->first);
    return keys;
}

[[noreturn]] void refuse_key(const Container& container, const ArrayName& name) {
    for (const auto* list : {&container.unreadable, &container.absent}) {
        const auto reason = list->find(name.key);
        if (reason != list->end()) fail(full_name(name), ": ", reason->second, ", expected labels");
    }
    const std::vector<std::string> keys = label_keys(container);
    fail(full_name(name), ": holds no labels",
         keys.empty() ? ": expected a list of texts, or one for each sequence"
                      : "; " + name.path + " has them under " + joined(keys));
}

}  // namespace

Lists load_tokens(const std::string& array_name) {
    const ArrayName name = parse_array_name(array_name);
    FileBytes file;
    std::error_code ignored;
    const bool folder = std::filesystem::is_directory(name.path, ignored);
    if (!folder) file = read_file_or_pipe(name.path, kMost);
    if (!folder && !is_container(name, file)) {
        if (!name.key.empty()) fail(array_name, ": ", name.path, " is plain text and has no keys");
        return {lines_of(text_of(file.bytes))};
    }
    const bool pipe = !folder && !file.mapped;
    const Container container = pipe ? read_container(file, name.path) : open_container(name.path);
    std::string key = name.key;
    if (key.empty()) {
        const std::vector<std::string> keys = label_keys(container);
        const bool tokens = std::find(keys.begin(), keys.end(), "tokens") != keys.end();
        if (keys.size() > 1 && !tokens) {
            fail(name.path, ": holds labels under ", joined(keys), "; choose one as ", name.path,
                 ":KEY");
        }
        if (!keys.empty()) key = tokens ? "tokens" : keys.front();
    }
    Lists labels = labels_at(container, key);
    if (labels.empty()) refuse_key(container, {name.path, key});
    return labels;
}

std::map<std::string, Lists> labels_in(const Container& container) {
    std::map<std::string, Lists> labels = container.texts;
    for (const SourceFile& file : container.files) {
        if (file.path == container.path) continue;
        if (std::filesystem::path(file.path).filename() != "config.json") continue;
        Container config;
        read_config(file.path, config);
        for (const auto& [key, texts] : config.texts) labels.erase(key);
    }
    try {
        for (const auto& [key, texts] : texts_of_objects(container))
            labels.emplace(key, labels_at(container, key));
    } catch (const Error&) {
        // Objects of which some lack a text, or have several, are no labels.
    }
    return labels;
}

}  // namespace attn::io

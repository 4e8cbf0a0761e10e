#include "io/inputs.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "core/nearest.hpp"
#include "core/parallel.hpp"
#include "io/array_name.hpp"
#include "io/sha256.hpp"

namespace attn::io {
namespace {

constexpr std::size_t kMaxListed = 8;

std::vector<std::string> keys_of(const Container& container) {
    std::vector<std::string> keys;
    for (const auto& [key, array] : container.arrays) keys.push_back(key);
    return keys;
}

std::string listed(const std::vector<std::string>& keys) {
    if (keys.empty()) return "no arrays";
    std::string text;
    for (std::size_t i = 0; i < std::min(keys.size(), kMaxListed); ++i)
        text += (i > 0 ? ", " : "") + keys[i];
    if (keys.size() > kMaxListed)
        text += " and " + std::to_string(keys.size() - kMaxListed) + " more";
    return text;
}

// Arrays are called after their file, with or without a key.
bool holds(const SourceFile& file, const StoredArray& array) {
    return array.name == file.path || array.name.rfind(file.path + ":", 0) == 0;
}

}  // namespace

const Container& Inputs::open(const std::string& path) {
    const auto found = containers_.find(path);
    if (found != containers_.end()) return found->second;
    return containers_.emplace(path, open_container(path)).first->second;
}

StoredArray Inputs::find(const std::string& array_name) {
    const ArrayName name = parse_array_name(array_name);
    const Container& container = open(name.path);
    const auto found = container.arrays.find(name.key);
    if (found != container.arrays.end()) return found->second;

    const std::vector<std::string> keys = keys_of(container);
    if (name.key.empty()) {
        if (keys.size() == 1) return container.arrays.begin()->second;
        fail(name.path, ": holds ", listed(keys), "; choose one as ", name.path, ":KEY");
    }
    const std::string close = nearest(name.key, keys);
    fail(name.path, ": has no array ", name.key,
         close.empty() ? "; it holds " + listed(keys) : "; did you mean " + close + "?");
}

template <class T>
Array<T> Inputs::load(const std::string& array_name, NonFinite non_finite) {
    return load<T>(find(array_name), non_finite);
}

template <class T>
Array<T> Inputs::load(const StoredArray& stored, NonFinite non_finite) {
    Array<T> values = convert<T>(stored, non_finite);
    remember(stored);
    return values;
}

template <class T>
Array<T> Inputs::load_rows(const StoredArray& stored, const std::vector<std::size_t>& rows,
                           NonFinite non_finite) {
    const StoredArray table = fetched(stored);
    remember(stored);
    const bool whole = table.column_major;
    const Array<T> all = whole ? convert<T>(table, non_finite) : Array<T>();
    Shape shape = table.shape;
    shape.at(0) = rows.size();
    std::vector<T> values;
    values.reserve(element_count(shape, stored.name));
    for (const std::size_t row : rows) {
        const Array<T> picked =
            whole ? all.rows(row, 1) : convert<T>(rows_of(table, row, 1), non_finite);
        values.insert(values.end(), picked.values().begin(), picked.values().end());
    }
    return Array<T>(std::move(shape), std::move(values));
}

void Inputs::remember(const StoredArray& stored) {
    const bool known = std::any_of(loaded_.begin(), loaded_.end(), [&](const StoredArray& earlier) {
        return earlier.name == stored.name;
    });
    if (!known) loaded_.push_back(stored);
}

std::vector<InputRecord> Inputs::records() const {
    std::vector<const SourceFile*> files;
    for (const auto& [path, container] : containers_) {
        for (const SourceFile& file : container.files) {
            const auto in_file = [&](const StoredArray& array) { return holds(file, array); };
            if (std::any_of(loaded_.begin(), loaded_.end(), in_file)) files.push_back(&file);
        }
    }
    std::vector<std::string> digests(files.size());
    parallel_for(files.size(), [&](std::size_t i) { digests[i] = sha256(files[i]->bytes); });

    std::vector<InputRecord> records;
    for (const StoredArray& array : loaded_) {
        const auto found = std::find_if(files.begin(), files.end(), [&](const SourceFile* file) {
            return holds(*file, array);
        });
        const std::string& digest = digests[static_cast<std::size_t>(found - files.begin())];
        records.push_back({array.name, array.dtype, array.shape, digest});
    }
    return records;
}

template Array<float> Inputs::load(const std::string&, NonFinite);
template Array<double> Inputs::load(const std::string&, NonFinite);
template Array<float> Inputs::load(const StoredArray&, NonFinite);
template Array<double> Inputs::load(const StoredArray&, NonFinite);
template Array<float> Inputs::load_rows(const StoredArray&, const std::vector<std::size_t>&,
                                        NonFinite);
template Array<double> Inputs::load_rows(const StoredArray&, const std::vector<std::size_t>&,
                                         NonFinite);

}  // namespace attn::io

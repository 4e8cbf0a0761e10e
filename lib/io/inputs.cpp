#include "io/inputs.hpp"

#include <algorithm>
#include <cassert>

#include "core/error.hpp"
#include "core/nearest.hpp"
#include "core/parallel.hpp"
#include "core/phase_clock.hpp"
#include "core/word_list.hpp"
#include "io/array_name.hpp"
#include "io/sha256.hpp"
#include "io/xxh3.hpp"

namespace attn::io {
namespace {

constexpr std::size_t kMaxListed = 8;

std::vector<std::string> keys_of(const Container& container) {
    std::vector<std::string> keys;
    for (const auto& [key, array] : container.arrays) keys.push_back(key);
    for (const auto& [key, reason] : container.unreadable) keys.push_back(key);
    std::sort(keys.begin(), keys.end());
    return keys;
}

std::string keys_text(const std::vector<std::string>& keys) {
    return keys.empty() ? "no arrays" : listed(keys, kMaxListed);
}

// The name may be that of something else than an array.
void refuse_other_entry(const Container& container, const ArrayName& name) {
    const auto absent = container.absent.find(name.key);
    if (absent != container.absent.end())
        fail(full_name(name), ": ", absent->second, ", expected an array");
    if (container.texts.count(name.key) != 0)
        fail(full_name(name), ": holds texts, expected an array of numbers");
    if (container.settings.count(name.key) != 0)
        fail(full_name(name), ": is one value, expected an array");
}

// Element `row` along the first axis of a row-major array, named so in messages.
StoredArray row_of(const StoredArray& table, std::size_t row) {
    const std::size_t size = table.bytes.size() / table.shape[0];
    StoredArray part = table;
    part.name += ", row " + std::to_string(row) + ",";
    part.shape[0] = 1;
    part.bytes = {table.bytes.data() + row * size, size};
    return part;
}

}  // namespace

const Container& Inputs::open(const std::string& path) {
    const auto found = containers_.find(path);
    if (found != containers_.end()) return found->second;
    if (path != "-") {
        settle_results(path);
        settle_results_around(path);
    }
    return containers_.emplace(path, open_container(path)).first->second;
}

void Inputs::hold(const std::string& source) {
    held_.try_emplace(source, source);
}

void Inputs::release() {
    held_.clear();
}

void Inputs::also_reads(const std::string& array_name) {
    if (!array_name.empty()) others_.push_back(parse_array_name(array_name).path);
}

std::vector<std::string> Inputs::paths() const {
    std::vector<std::string> paths = others_;
    for (const auto& [path, container] : containers_) {
        paths.push_back(path);
        for (const SourceFile& file : container.files) paths.push_back(file.path);
    }
    return paths;
}

StoredArray Inputs::find(const std::string& array_name) {
    const ArrayName name = parse_array_name(array_name);
    const Container& container = open(name.path);
    std::string key = name.key;
    if (key.empty() && container.arrays.size() + container.unreadable.size() == 1)
        key = keys_of(container).front();
    const auto found = container.arrays.find(key);
    if (found != container.arrays.end()) return found->second;
    const auto refused = container.unreadable.find(key);
    if (refused != container.unreadable.end())
        fail(full_name(ArrayName{name.path, key}), ": ", refused->second);
    refuse_other_entry(container, {name.path, key});

    const std::vector<std::string> keys = keys_of(container);
    if (key.empty())
        fail(name.path, ": holds ", keys_text(keys), "; choose one as ", name.path, ":KEY");
    if (keys.size() == 1 && keys[0].empty())
        fail(name.path, ": has no array ", key, "; it is one array without a name, leave :", key,
             " out");
    fail(name.path, ": has no array ", key,
         did_you_mean(key, keys, "; it holds " + keys_text(keys)));
}

template <class T>
Array<T> Inputs::load(const std::string& array_name, NonFinite non_finite) {
    return load<T>(find(array_name), non_finite);
}

template <class T>
Array<T> Inputs::load(const StoredArray& stored, NonFinite non_finite) {
    const StoredArray at_hand = fetched(stored);
    Array<T> values;
    remember(stored, at_hand, [&] { values = convert<T>(at_hand, non_finite); });
    // A copy was made of them.
    const bool in_place = static_cast<const void*>(values.data()) == at_hand.bytes.data();
    if (at_hand.mapped && !in_place) drop_pages(at_hand.bytes);
    return values;
}

template <class T>
Array<T> Inputs::load_rows(const StoredArray& stored, const std::vector<std::size_t>& rows,
                           NonFinite non_finite) {
    const StoredArray table = fetched(stored);
    remember(stored, table, [] {});
    const bool whole = table.column_major;
    const Array<T> all = whole ? convert<T>(table, non_finite) : Array<T>();
    Shape shape = table.shape;
    shape.at(0) = rows.size();
    std::vector<T> values;
    values.reserve(element_count(shape, stored.name));
    for (const std::size_t row : rows) {
        const Array<T> picked =
            whole ? all.rows(row, 1) : convert<T>(row_of(table, row), non_finite);
        values.insert(values.end(), picked.values().begin(), picked.values().end());
    }
    return Array<T>(std::move(shape), std::move(values));
}

void Inputs::remember(const StoredArray& stored, const StoredArray& at_hand,
                      const std::function<void()>& work) {
    const bool known = std::any_of(loaded_.begin(), loaded_.end(), [&](const StoredArray& earlier) {
        return earlier.name == stored.name;
    });
    if (known) return work();
    std::string digest;
    Digested what;
    if (digests_ == DigestTime::while_reading) what = digested(at_hand);
    const bool digests = !what.name.empty() && known_.count(what.name) == 0;
    // The digest is one long sum that only one thread can make.
    parallel_for(digests ? 2 : 1, [&](std::size_t part) {
        if (part == 0) return work();
        const InPhase phase(Phase::convert);
        digest = xxh3(what.bytes);
    });
    if (digests) known_[what.name] = digest;
    loaded_.push_back(stored);
}

Inputs::Digested Inputs::digested(const StoredArray& array) const {
    if (array.own_digest) return {array.name, array.bytes, array.fetch, true, array.mapped};
    const SourceFile& file = file_of(array);
    return {file.path, file.bytes, nullptr, false, false};
}

std::vector<InputRecord> Inputs::records(bool sha256_too) const {
    const InPhase phase(Phase::convert);
    std::vector<InputRecord> records;
    // A file may be behind many records, but is digested once.
    std::vector<Digested> all;
    std::map<std::string, std::size_t> places;
    std::vector<std::size_t> place_of;
    for (const StoredArray& array : loaded_) {
        Digested what = digested(array);
        const auto [place, is_new] = places.try_emplace(what.name, all.size());
        place_of.push_back(place->second);
        records.push_back({array.name, array.dtype, array.shape, "", "", what.array});
        if (is_new) all.push_back(std::move(what));
    }
    struct Digests {
        std::string xxh3;
        std::string sha256;
    };
    std::vector<Digests> digests(all.size());
    parallel_for(all.size(), [&](std::size_t i) {
        const auto known = known_.find(all[i].name);
        if (known != known_.end()) digests[i].xxh3 = known->second;
        if (known != known_.end() && !sha256_too) return;
        const FileBytes unpacked = all[i].fetch ? all[i].fetch() : FileBytes();
        const Span<const std::byte> bytes = all[i].fetch ? unpacked.bytes : all[i].bytes;
        if (known == known_.end()) digests[i].xxh3 = xxh3(bytes);
        if (sha256_too) digests[i].sha256 = sha256(bytes);
        // There may be more of them than memory.
        if (all[i].mapped) drop_pages(bytes);
    });
    for (std::size_t i = 0; i < records.size(); ++i) {
        records[i].xxh3 = digests[place_of[i]].xxh3;
        records[i].sha256 = digests[place_of[i]].sha256;
    }
    return records;
}

// Arrays are called after their file, with or without a key.
const SourceFile& Inputs::file_of(const StoredArray& array) const {
    const SourceFile* found = nullptr;
    for (const auto& [path, container] : containers_) {
        for (const SourceFile& file : container.files) {
            if (array.name == file.path || array.name.rfind(file.path + ":", 0) == 0)
                return *(found = &file);
        }
    }
    return assert(found != nullptr), *found;
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

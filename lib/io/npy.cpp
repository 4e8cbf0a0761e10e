#include "io/npy.hpp"

#include "core/error.hpp"
#include "core/word_list.hpp"
#include "io/npy_texts.hpp"

namespace attn::io {

StoredArray described_by(const NpyHeader& header, const std::string& name) {
    StoredArray array;
    array.name = name;
    array.dtype = header.dtype;
    array.swapped_bytes = header.swapped_bytes;
    array.column_major = header.column_major;
    array.shape = header.shape;
    return array;
}

StoredArray parse_npy(const FileBytes& file, const std::string& name) {
    const NpyHeader header = parse_npy_header(file.bytes, name);
    if (!header.unreadable.empty()) fail(name, ": ", header.unreadable);
    const std::size_t held = file.bytes.size() - header.size;
    if (held < header.data_size) {
        fail(name, ": holds ", counted(held, "byte"), " of data, its header promises ",
             header.data_size, " (", to_string(header.dtype), " ", to_string(header.shape), ")");
    }
    require_no_more(held, header, name);
    StoredArray array = described_by(header, name);
    array.bytes = {file.bytes.data() + header.size, header.data_size};
    array.owner = file.owner;
    array.mapped = file.mapped;
    return array;
}

void add_npy(const FileBytes& file, const std::string& name, const std::string& key,
             Container& container) {
    const NpyHeader header = parse_npy_header(file.bytes, name);
    if (header.text_size > 0) {
        const std::size_t held = file.bytes.size() - header.size;
        add_npy_texts(header, {file.bytes.data() + header.size, held}, name, key, container);
    } else if (header.unreadable.empty()) {
        container.arrays[key] = parse_npy(file, name);
    } else {
        container.unreadable[key] = header.unreadable;
    }
}

}  // namespace attn::io

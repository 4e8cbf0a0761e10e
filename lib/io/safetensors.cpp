#include "io/safetensors.hpp"

#include <algorithm>
#include <cstring>
#include <tuple>
#include <utility>
#include <vector>

#include "core/error.hpp"
#include "core/word_list.hpp"
#include "io/safetensors_header.hpp"

namespace attn::io {
namespace {

constexpr std::size_t kLengthSize = 8;               // of the number in front of the header
constexpr std::size_t kMaxHeaderSize = 100'000'000;  // as the format's specification

std::string offsets_text(const TensorEntry& tensor) {
    return "data_offsets [" + std::to_string(tensor.begin) + ", " + std::to_string(tensor.end) +
           "]";
}

// Tensors, the header that told of them, and the file.
struct Layout {
    const std::string& path;
    std::vector<TensorEntry> tensors;
    std::size_t file_size = 0;
    std::size_t data_begin = 0;

    std::string name(const TensorEntry& tensor) const { return path + ":" + tensor.name; }
};

void require_size(const TensorEntry& tensor, DType dtype, const std::string& name) {
    std::size_t size = 0;
    if (__builtin_mul_overflow(element_count(tensor.shape, name), size_of(dtype), &size)) {
        fail(name, ": shape ", to_string(tensor.shape),
             " holds more values than memory can address");
    }
    if (size != tensor.end - tensor.begin) {
        fail(name, ": is ", to_string(dtype), " ", to_string(tensor.shape), ", which takes ",
             counted(size, "byte"), ", but its ", offsets_text(tensor), " hold ",
             tensor.end - tensor.begin);
    }
}

void require_whole(const Layout& layout) {
    const auto last =
        std::max_element(layout.tensors.begin(), layout.tensors.end(),
                         [](const TensorEntry& a, const TensorEntry& b) { return a.end < b.end; });
    const std::size_t held = layout.file_size - layout.data_begin;
    if (last == layout.tensors.end() || last->end <= held) return;
    std::size_t promised = 0;
    if (__builtin_add_overflow(last->end, layout.data_begin, &promised))
        fail(layout.name(*last), ": ", offsets_text(*last), " lie beyond what a file can hold");
    fail(layout.path, ": is ", counted(layout.file_size, "byte"), ", its header promises ",
         promised, "; was the download cut off?");
}

// The format allows neither overlaps nor bytes that belong to no tensor: they would hide data.
void require_no_gaps(Layout& layout) {
    std::vector<TensorEntry>& tensors = layout.tensors;
    std::sort(tensors.begin(), tensors.end(), [](const TensorEntry& a, const TensorEntry& b) {
        return std::tie(a.begin, a.end) < std::tie(b.begin, b.end);
    });
    std::size_t reached = 0;
    for (std::size_t i = 0; i < tensors.size(); ++i) {
        const TensorEntry& tensor = tensors[i];
        if (tensor.begin < reached) {
            fail(layout.name(tensor), ": its ", offsets_text(tensor), " overlap those of ",
                 tensors[i - 1].name, ", ", offsets_text(tensors[i - 1]));
        }
        if (tensor.begin > reached) {
            fail(layout.name(tensor), ": starts at byte ", tensor.begin, " of the data, but bytes ",
                 reached, " to ", tensor.begin - 1, " in front of it belong to no tensor");
        }
        reached = tensor.end;
    }
    const std::size_t held = layout.file_size - layout.data_begin;
    if (reached < held)
        fail(layout.path, ": its last ", held - reached, " bytes belong to no tensor");
}

}  // namespace

bool is_safetensors(Span<const std::byte> bytes) {
    // No header is as long as 2^48 bytes, and no text has a zero there.
    return bytes.size() > kLengthSize && bytes[6] == std::byte{0} && bytes[7] == std::byte{0} &&
           bytes[8] == std::byte{'{'};
}

void parse_safetensors(const FileBytes& file, const std::string& path, Container& container) {
    const Span<const std::byte> bytes = file.bytes;
    if (bytes.size() < kLengthSize)
        fail(path, ": is ", counted(bytes.size(), "byte"), ", too short for a safetensors file");
    std::uint64_t header_size = 0;
    std::memcpy(&header_size, bytes.data(), kLengthSize);
    if (header_size > kMaxHeaderSize) {
        fail(path, ": has a safetensors header of ", counted(header_size, "byte"),
             ", the format allows at most ", kMaxHeaderSize);
    }
    if (header_size > bytes.size() - kLengthSize) {
        fail(path, ": is ", counted(bytes.size(), "byte"), ", its header alone takes ",
             kLengthSize + header_size, "; was the download cut off?");
    }

    Layout layout{path, {}, bytes.size(), kLengthSize + header_size};
    const Span<const std::byte> header(bytes.data() + kLengthSize, header_size);
    layout.tensors = read_safetensors_header(header, path, container.settings);
    for (const TensorEntry& tensor : layout.tensors) {
        const std::string name = layout.name(tensor);
        if (tensor.begin > tensor.end)
            fail(name, ": its ", offsets_text(tensor), " end before they begin");
        if (const auto dtype = dtype_of_code(tensor.dtype)) require_size(tensor, *dtype, name);
    }
    require_whole(layout);
    require_no_gaps(layout);

    for (const TensorEntry& tensor : layout.tensors) {
        const auto dtype = dtype_of_code(tensor.dtype);
        if (!dtype) {
            container.unreadable[tensor.name] =
                "has the dtype " + tensor.dtype + ", which is not read";
            continue;
        }
        StoredArray array;
        array.name = layout.name(tensor);
        array.dtype = *dtype;
        array.shape = tensor.shape;
        array.bytes = {bytes.data() + layout.data_begin + tensor.begin, tensor.end - tensor.begin};
        array.owner = file.owner;
        array.mapped = file.mapped;
        array.own_digest = true;
        container.arrays[tensor.name] = std::move(array);
    }
}

}  // namespace attn::io

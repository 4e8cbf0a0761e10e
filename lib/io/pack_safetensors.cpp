#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <tuple>

#include "core/error.hpp"
#include "core/interrupt.hpp"
#include "io/file_bytes.hpp"
#include "io/json_text.hpp"
#include "io/npy.hpp"
#include "io/packing.hpp"
#include "io/safetensors_header.hpp"

namespace attn::io {
namespace {

// A file that is written from front to back.
class NewFile {
  public:
    explicit NewFile(const OutputPath& path)
        : path_(path),
          descriptor_(::open(path.path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)) {
        if (descriptor_ < 0) fail(path_.shown, ": cannot create: ", std::strerror(errno));
    }
    ~NewFile() {
        if (descriptor_ >= 0) ::close(descriptor_);
    }
    NewFile(const NewFile&) = delete;
    NewFile& operator=(const NewFile&) = delete;

    void write(Span<const std::byte> bytes) {
        const std::byte* from = bytes.begin();
        while (from < bytes.end()) {
            const ssize_t count =
                ::write(descriptor_, from, static_cast<std::size_t>(bytes.end() - from));
            if (count < 0 && errno == EINTR) continue;
            if (count < 0) refuse();
            from += count;
        }
    }

    void close() {
        if (::close(std::exchange(descriptor_, -1)) != 0) refuse();
    }

  private:
    [[noreturn]] void refuse() const {
        fail(path_.shown, ": cannot write: ", std::strerror(errno));
    }

    OutputPath path_;
    int descriptor_;
};

struct Tensor {
    std::string name;
    StoredArray array;
};

std::vector<Tensor> open_tensors(const std::vector<std::pair<std::string, OutputPath>>& npy_files) {
    std::vector<Tensor> tensors;
    for (const auto& [name, file] : npy_files) {
        StoredArray array = parse_npy(map_staged_file(file), file.shown);
        if (array.column_major || array.swapped_bytes)
            fail(file.shown, ": is not in the order that safetensors files are in");
        tensors.push_back({name, std::move(array)});
    }
    const auto order = [](const Tensor& tensor) {
        return std::make_tuple(sizeof(double) - size_of(tensor.array.dtype), tensor.name);
    };
    std::sort(tensors.begin(), tensors.end(),
              [&](const Tensor& a, const Tensor& b) { return order(a) < order(b); });
    return tensors;
}

// The length and the header, padded so that the data starts at a cache line.
std::string header_of(const std::vector<Tensor>& tensors, const OutputPath& target) {
    nlohmann::ordered_json header = nlohmann::ordered_json::object();
    std::size_t begin = 0;
    for (const auto& [name, array] : tensors) {
        if (header.contains(name)) fail(target.shown, ": ", name, " stands twice");
        const std::size_t end = begin + array.bytes.size();
        header[name] = {{"dtype", code_of(array.dtype)},
                        {"shape", array.shape},
                        {"data_offsets", {begin, end}}};
        begin = end;
    }
    constexpr std::size_t kLine = 64;
    std::string text = compact_json(header);
    const std::size_t unpadded = sizeof(std::uint64_t) + text.size();
    text.append((kLine - unpadded % kLine) % kLine, ' ');
    std::string length;
    for (std::size_t i = 0; i < sizeof(std::uint64_t); ++i)
        length += static_cast<char>(std::uint64_t{text.size()} >> (8 * i) & 0xff);
    return length + text;
}

// Copies piece by piece, so that a file of any size takes little memory.
void copy(const StoredArray& array, NewFile& file) {
    constexpr std::size_t kPiece = std::size_t{16} << 20;
    for (std::size_t at = 0; at < array.bytes.size(); at += kPiece) {
        stop_if_interrupted();
        const Span<const std::byte> piece(array.bytes.data() + at,
                                          std::min(kPiece, array.bytes.size() - at));
        file.write(piece);
        drop_pages(piece);
    }
}

}  // namespace

void pack_safetensors(const OutputPath& target,
                      const std::vector<std::pair<std::string, OutputPath>>& npy_files) {
    const std::vector<Tensor> tensors = open_tensors(npy_files);
    const std::string header = header_of(tensors, target);
    NewFile file(target);
    file.write({reinterpret_cast<const std::byte*>(header.data()), header.size()});
    for (const Tensor& tensor : tensors) copy(tensor.array, file);
    file.close();
}

}  // namespace attn::io

#include "io/same_files.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "core/byte_text.hpp"
#include "io/sha256.hpp"

namespace attn::io {
namespace {

namespace fs = std::filesystem;

// The digest of the size, the first bytes, the last, and some in between; empty for what is no
// file.
std::string digest_of(const std::string& path) {
    constexpr std::size_t kParts = 64, kPart = 4096;
    std::error_code problem;
    if (!fs::is_regular_file(path, problem)) return "";
    const std::size_t size = fs::file_size(path, problem);
    std::ifstream file(path, std::ios::binary);
    std::string sample = std::to_string(size) + " ";
    const std::size_t last = size > kPart ? size - kPart : 0;
    for (std::size_t part = 0; part < kParts; ++part) {
        const std::size_t at = part * last / (kParts - 1);
        char bytes[kPart];
        file.seekg(static_cast<std::streamoff>(at));
        file.read(bytes, static_cast<std::streamsize>(std::min(kPart, size - at)));
        sample.append(bytes, static_cast<std::size_t>(file.gcount()));
        file.clear();
    }
    return sha256({reinterpret_cast<const std::byte*>(sample.data()), sample.size()});
}

}  // namespace

void require_same_files(const Communicator& ranks, const std::vector<std::string>& paths) {
    if (ranks.is_alone()) return;
    ByteWriter own;
    for (const std::string& path : paths) own.put(digest_of(path));
    const std::string of_root = ranks.broadcast(own.bytes());
    ByteReader first(of_root), mine(own.bytes());
    for (const std::string& path : paths) {
        std::string expected, found;
        if (!first.at_end()) first.take(expected);
        mine.take(found);
        if (found != expected)
            fail(path, ": is not the file that rank 0 reads; all ranks must see the same files");
    }
}

}  // namespace attn::io

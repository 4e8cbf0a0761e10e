#include "io/npz.hpp"

#include <cstring>
#include <memory>
#include <string_view>

#include "core/error.hpp"
#include "io/foreign_file.hpp"
#include "io/npy.hpp"
#include "io/zip_archive.hpp"

namespace attn::io {
namespace {

constexpr std::string_view kEnding = ".npy";

// No deflated byte stands for more; a member that claims more is a bomb or damaged.
constexpr std::uint64_t kMaxExpansion = 1032;

bool ends_with(std::string_view text, std::string_view ending) {
    return text.size() >= ending.size() && text.substr(text.size() - ending.size()) == ending;
}

// The archives of torch.save hold a pickle, which is a program, and raw numbers that only it
// explains.
bool is_of_torch(const ZipMember& member) {
    return member.name == "data.pkl" || ends_with(member.name, "/data.pkl");
}

NpyHeader read_header(const ZipArchive& archive, const ZipMember& member, const std::string& name) {
    const auto start = archive.start_of(member, kNpyStart, name);
    const std::size_t size = npy_header_size(start, name);
    return parse_npy_header(archive.start_of(member, size, name), name);
}

void require_sizes(const ZipMember& member, const NpyHeader& header, const std::string& name) {
    const std::uint64_t held = member.size - header.size;
    if (held != header.data_size) {
        fail(name, ": holds ", held, " bytes of data, its header promises ", header.data_size, " (",
             to_string(header.dtype), " ", to_string(header.shape), ")");
    }
    const bool possible = member.method == kZipStored
                              ? member.size == member.packed_size
                              : member.size / kMaxExpansion <= member.packed_size;
    if (!possible) {
        fail(name, ": is damaged: ", member.packed_size, " bytes cannot unpack to ", member.size);
    }
}

void add_member(const std::shared_ptr<const ZipArchive>& archive, const ZipMember& member,
                const std::string& path, Container& container) {
    const std::string key = member.name.substr(0, member.name.size() - kEnding.size());
    const std::string name = path + ":" + key;
    if (container.arrays.count(key) + container.unreadable.count(key) > 0)
        fail(name, ": stands twice in the archive");
    if (member.encrypted) {
        container.unreadable[key] = "is encrypted; save it without a password";
        return;
    }
    if (member.method != kZipStored && member.method != kZipDeflated) {
        container.unreadable[key] = "is packed in a way that is not read (ZIP method " +
                                    std::to_string(member.method) +
                                    "); save it with numpy.savez or savez_compressed";
        return;
    }
    const NpyHeader header = read_header(*archive, member, name);
    if (!header.unreadable.empty()) {
        container.unreadable[key] = header.unreadable;
        return;
    }
    require_sizes(member, header, name);
    StoredArray array = described_by(header, name);
    array.own_digest = true;
    array.fetch = [archive, member, skipped = header.size, name] {
        return archive->unpack(member, skipped, name);
    };
    container.arrays[key] = array;
}

}  // namespace

bool is_zip(Span<const std::byte> bytes) {
    // The second one is how an archive without members starts.
    return bytes.size() >= 4 && (std::memcmp(bytes.data(), "PK\x03\x04", 4) == 0 ||
                                 std::memcmp(bytes.data(), "PK\x05\x06", 4) == 0);
}

void parse_npz(const FileBytes& file, const std::string& path, Container& container) {
    const auto archive = std::make_shared<const ZipArchive>(file, path);
    for (const ZipMember& member : archive->members()) {
        if (!is_of_torch(member)) continue;
        fail(path,
             ": is a PyTorch checkpoint, whose pickle is a program and is not read; convert "
             "it: ",
             torch_conversion(path));
    }
    bool any = false;
    for (const ZipMember& member : archive->members()) {
        if (!ends_with(member.name, kEnding)) continue;
        any = true;
        add_member(archive, member, path, container);
    }
    if (!any) fail(path, ": is a ZIP archive without .npy files, expected NPZ");
}

}  // namespace attn::io

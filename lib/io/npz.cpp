#include "io/npz.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <string_view>

#include "core/affix.hpp"
#include "core/error.hpp"
#include "core/interrupt.hpp"
#include "core/word_list.hpp"
#include "io/foreign_file.hpp"
#include "io/npy.hpp"
#include "io/npy_texts.hpp"
#include "io/zip_archive.hpp"
#include "io/zip_places.hpp"

namespace attn::io {
namespace {

constexpr std::string_view kEnding = ".npy";

// No deflated byte stands for more; a member that claims more is a bomb or damaged.
constexpr std::uint64_t kMaxExpansion = 1032;

// Texts of more bytes are no labels.
constexpr std::uint64_t kMaxTexts = std::uint64_t{64} << 20;

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
        fail(name, ": holds ", counted(held, "byte"), " of data, its header promises ",
             header.data_size, " (", to_string(header.dtype), " ", to_string(header.shape), ")");
    }
    const bool possible = member.method == kZipStored
                              ? member.size == member.packed_size
                              : member.size / kMaxExpansion <= member.packed_size;
    if (!possible) {
        fail(name, ": is damaged: ", counted(member.packed_size, "byte"), " cannot unpack to ",
             member.size);
    }
}

// Whether the bytes are the member's, told by its checksum. Keeps no more pages of a large file
// than it needs.
bool fit_checksum(const FileBytes& bytes, std::uint32_t checksum) {
    constexpr std::size_t kPiece = std::size_t{16} << 20;
    constexpr std::size_t kLarge = std::size_t{256} << 20;
    const bool drop = bytes.mapped && bytes.bytes.size() > kLarge;
    std::uint32_t found = 0;
    for (std::size_t at = 0; at < bytes.bytes.size(); at += kPiece) {
        stop_if_interrupted();
        const Span<const std::byte> piece(bytes.bytes.data() + at,
                                          std::min(kPiece, bytes.bytes.size() - at));
        found = crc32(piece, found);
        if (drop) drop_pages(piece);
    }
    return found == checksum;
}

// A member that was not packed is used where it lies, unless its checksum says that this is not it.
void use_in_place(StoredArray& array, const FileBytes& file, Span<const std::byte> bytes,
                  const NpyHeader& header, const ZipMember& member) {
    array.bytes = {bytes.data() + header.size, header.data_size};
    array.owner = file.owner;
    array.mapped = file.mapped;
    array.fetch = [whole = FileBytes{bytes, file.owner, file.mapped}, data = array.bytes,
                   checksum = member.crc, unpack = array.fetch] {
        if (fit_checksum(whole, checksum)) return FileBytes{data, whole.owner, whole.mapped};
        return unpack();
    };
}

struct OpenArchive {
    const FileBytes& file;
    const std::string& path;
    std::shared_ptr<const ZipArchive> archive;
    std::map<std::string, Span<const std::byte>> places;  // of members that were not packed
};

// Labels are unpacked at once: they are few.
void add_texts(const OpenArchive& open, const ZipMember& member, const NpyHeader& header,
               const std::string& key, Container& container) {
    const std::string name = open.path + ":" + key;
    if (member.size > kMaxTexts) {
        container.unreadable[key] = header.unreadable;
        return;
    }
    require_sizes(member, header, name);
    const FileBytes data = open.archive->unpack(member, header.size, name);
    add_npy_texts(header, data.bytes, name, key, container);
}

void add_member(const OpenArchive& open, const ZipMember& member, Container& container) {
    const std::string key = member.name.substr(0, member.name.size() - kEnding.size());
    const std::string name = open.path + ":" + key;
    if (container.arrays.count(key) + container.unreadable.count(key) + container.texts.count(key) >
        0)
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
    const NpyHeader header = read_header(*open.archive, member, name);
    if (header.text_size > 0) return add_texts(open, member, header, key, container);
    if (!header.unreadable.empty()) {
        container.unreadable[key] = header.unreadable;
        return;
    }
    require_sizes(member, header, name);
    StoredArray array = described_by(header, name);
    array.own_digest = true;
    array.fetch = [archive = open.archive, member, skipped = header.size, name] {
        return archive->unpack(member, skipped, name);
    };
    const auto place = open.places.find(member.name);
    if (member.method == kZipStored && place != open.places.end() &&
        place->second.size() == member.size) {
        use_in_place(array, open.file, place->second, header, member);
    }
    container.arrays[key] = array;
}

}  // namespace

bool is_zip(Span<const std::byte> bytes) {
    // The second one is how an archive without members starts.
    return bytes.size() >= 4 && (std::memcmp(bytes.data(), "PK\x03\x04", 4) == 0 ||
                                 std::memcmp(bytes.data(), "PK\x05\x06", 4) == 0);
}

void parse_npz(const FileBytes& file, const std::string& path, Container& container) {
    const OpenArchive open{file, path, std::make_shared<const ZipArchive>(file, path),
                           find_stored_members(file.bytes)};
    const std::vector<ZipMember>& members = open.archive->members();
    if (std::any_of(members.begin(), members.end(), is_of_torch)) {
        fail(path,
             ": is a PyTorch checkpoint, whose pickle is a program and is not read; convert it: ",
             torch_conversion(path));
    }
    bool any = false;
    for (const ZipMember& member : members) {
        if (!ends_with(member.name, kEnding)) continue;
        any = true;
        add_member(open, member, container);
    }
    if (!any) fail(path, ": is a ZIP archive without .npy files, expected NPZ");
}

}  // namespace attn::io

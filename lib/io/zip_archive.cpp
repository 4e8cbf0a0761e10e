#include "io/zip_archive.hpp"

#include <algorithm>
#include <utility>

#include "core/aligned_buffer.hpp"
#include "core/error.hpp"
#include "core/interrupt.hpp"
#include "core/memory.hpp"
#include "core/word_list.hpp"
#include "io/zip_library.hpp"

namespace attn::io {
namespace {

// Small enough that Ctrl-C takes effect soon.
constexpr std::size_t kPiece = std::size_t{16} << 20;

[[noreturn]] void refuse_damaged(const std::string& name, zip_error_t* error) {
    const int code = zip_error_code_zip(error);
    if (code == ZIP_ER_CRC) fail(name, ": is damaged: its bytes do not fit their checksum");
    if (code == ZIP_ER_EOF || code == ZIP_ER_INCONS || code == ZIP_ER_NOZIP)
        fail(name, ": is damaged or cut off");
    fail(name, ": is damaged: ", zip_error_strerror(error));  // the text belongs to `error`
}

// A member that is being read.
class OpenMember {
  public:
    OpenMember(zip_t* archive, const ZipMember& member, const std::string& name)
        : name_(name), file_(zip_fopen_index(archive, member.index, 0)) {
        if (file_ == nullptr) refuse_damaged(name_, zip_get_error(archive));
    }
    ~OpenMember() { zip_fclose(file_); }
    OpenMember(const OpenMember&) = delete;
    OpenMember& operator=(const OpenMember&) = delete;

    // Reads `size` bytes, or fewer when the member ends before. The checksum is compared there.
    std::size_t read(std::byte* to, std::size_t size) {
        std::size_t done = 0;
        while (done < size) {
            stop_if_interrupted();
            const zip_int64_t count = zip_fread(file_, to + done, std::min(kPiece, size - done));
            if (count < 0) refuse_damaged(name_, zip_file_get_error(file_));
            if (count == 0) break;
            done += static_cast<std::size_t>(count);
        }
        return done;
    }

  private:
    const std::string& name_;
    zip_file_t* file_;
};

ZipMember describe(zip_t* archive, std::uint64_t index, const std::string& path) {
    zip_stat_t status;
    constexpr zip_uint64_t kNeeded =
        ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_CRC | ZIP_STAT_COMP_METHOD;
    if (zip_stat_index(archive, index, 0, &status) != 0 || (status.valid & kNeeded) != kNeeded)
        fail(path, ": has a damaged ZIP directory");
    ZipMember member;
    member.name = status.name;
    member.index = index;
    member.size = status.size;
    member.packed_size = status.comp_size;
    member.crc = status.crc;
    member.method = status.comp_method;
    member.encrypted =
        (status.valid & ZIP_STAT_ENCRYPTION_METHOD) != 0 && status.encryption_method != ZIP_EM_NONE;
    return member;
}

}  // namespace

ZipArchive::ZipArchive(const FileBytes& file, std::string path)
    : file_(file), path_(std::move(path)) {
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t* source =
        zip_source_buffer_create(file_.bytes.data(), file_.bytes.size(), 0, &error);
    if (source != nullptr) archive_ = zip_open_from_source(source, ZIP_RDONLY, &error);
    if (archive_ == nullptr) {
        zip_source_free(source);
        const bool memory = zip_error_code_zip(&error) == ZIP_ER_MEMORY;
        zip_error_fini(&error);
        if (memory) fail(path_, ": has a ZIP directory that does not fit into memory");
        fail(path_, ": is a damaged ZIP archive; was the download cut off?");
    }
    try {
        const zip_int64_t count = zip_get_num_entries(archive_, 0);
        for (zip_int64_t i = 0; i < count; ++i)
            members_.push_back(describe(archive_, static_cast<std::uint64_t>(i), path_));
    } catch (...) {
        zip_discard(archive_);
        throw;
    }
}

ZipArchive::~ZipArchive() {
    zip_discard(archive_);
}

std::vector<std::byte> ZipArchive::start_of(const ZipMember& member, std::size_t size,
                                            const std::string& name) const {
    std::vector<std::byte> start(std::min<std::uint64_t>(size, member.size));
    const std::lock_guard<std::mutex> lock(mutex_);
    OpenMember open(archive_, member, name);
    start.resize(open.read(start.data(), start.size()));
    return start;
}

FileBytes ZipArchive::unpack(const ZipMember& member, std::size_t skipped,
                             const std::string& name) const {
    const std::size_t size = member.size - skipped;
    require_memory(size, name);
    const std::lock_guard<std::mutex> lock(mutex_);
    OpenMember open(archive_, member, name);
    std::vector<std::byte> start(skipped);
    const auto bytes = std::make_shared<const AlignedBuffer<std::byte>>(size);
    prefer_large_pages(bytes->data(), size);
    std::byte beyond{};
    if (open.read(start.data(), skipped) != skipped || open.read(bytes->data(), size) != size ||
        open.read(&beyond, 1) != 0) {
        fail(name, ": is damaged: it does not unpack to the ", counted(member.size, "byte"),
             " that the archive promises");
    }
    return {{bytes->data(), size}, bytes, false};
}

}  // namespace attn::io

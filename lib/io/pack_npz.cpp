#include "core/error.hpp"
#include "core/interrupt.hpp"
#include "io/packing.hpp"
#include "io/zip_library.hpp"

namespace attn::io {
namespace {

namespace fs = std::filesystem;

// An archive that is thrown away unless it is finished.
class NewArchive {
  public:
    explicit NewArchive(const OutputPath& path) : path_(path) {
        int code = 0;
        archive_ = zip_open(path.path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code);
        if (archive_ != nullptr) return;
        zip_error_t error;
        zip_error_init_with_code(&error, code);
        const std::string reason = zip_error_strerror(&error);
        zip_error_fini(&error);
        fail(path_.shown, ": cannot create: ", reason);
    }
    ~NewArchive() {
        if (archive_ != nullptr) zip_discard(archive_);
    }
    NewArchive(const NewArchive&) = delete;
    NewArchive& operator=(const NewArchive&) = delete;

    // The file is read when the archive is finished.
    void add(const std::string& name, const fs::path& file) {
        constexpr zip_uint16_t kFirstDay = 1 << 5 | 1;  // 1980-01-01, as MS-DOS counted
        zip_source_t* source = zip_source_file(archive_, file.c_str(), 0, -1);
        if (source == nullptr) refuse();
        const zip_int64_t index = zip_file_add(archive_, name.c_str(), source, ZIP_FL_ENC_UTF_8);
        if (index < 0) {
            zip_source_free(source);
            refuse(name + ": ");
        }
        const auto member = static_cast<zip_uint64_t>(index);
        if (zip_set_file_compression(archive_, member, ZIP_CM_STORE, 0) != 0 ||
            zip_file_set_dostime(archive_, member, 0, kFirstDay, 0) != 0) {
            refuse();
        }
    }

    void finish() {
        zip_register_cancel_callback_with_state(
            archive_, [](zip_t*, void*) { return interrupted() != 0 ? 1 : 0; }, nullptr, nullptr);
        if (zip_close(archive_) == 0) {
            archive_ = nullptr;
            return;
        }
        stop_if_interrupted();
        refuse();
    }

  private:
    [[noreturn]] void refuse(const std::string& what = "") const {
        fail(path_.shown, ": ", what, "cannot write: ", zip_strerror(archive_));
    }

    OutputPath path_;
    zip_t* archive_ = nullptr;
};

}  // namespace

void pack_npz(const OutputPath& target,
              const std::vector<std::pair<std::string, OutputPath>>& npy_files) {
    NewArchive archive(target);
    for (const auto& [name, file] : npy_files) archive.add(name + ".npy", file.path);
    archive.finish();
}

}  // namespace attn::io

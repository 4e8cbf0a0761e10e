#include "cluster/mpi_file.hpp"

#include <mpi.h>

#include <algorithm>
#include <memory>
#include <string>

#include "cluster/mpi_turn.hpp"
#include "core/error.hpp"
#include "io/output_path.hpp"

namespace attn::cluster {
namespace {

// MPI counts in int.
constexpr std::size_t kMostBytes = std::size_t{1} << 28;

class MpiFile {
  public:
    MpiFile(const io::OutputPath& path, std::size_t size, io::Makers makers) : path_(path) {
        // What stands in front of a colon names a file system to ROMIO, MPICH's part for files; of
        // a path with a colon of its own it is told the usual one.
        const std::string name = path_.path.string();
        require("cannot create", [&] {
            const int code = open(name);
            const bool again = code != MPI_SUCCESS && name.find(':') != std::string::npos;
            return again && open("ufs:" + name) == MPI_SUCCESS ? MPI_SUCCESS : code;
        });
        if (makers == io::Makers::one) set_size(0);
        set_size(size);
    }

    ~MpiFile() {
        in_turn([&] { return file_ == MPI_FILE_NULL ? MPI_SUCCESS : MPI_File_close(&file_); });
    }
    MpiFile(const MpiFile&) = delete;
    MpiFile& operator=(const MpiFile&) = delete;

    void write(std::size_t offset, const char* bytes, std::size_t count) const {
        for (std::size_t at = 0; at < count; at += kMostBytes) {
            const auto piece = static_cast<int>(std::min(kMostBytes, count - at));
            MPI_Status status;
            int written = 0;
            require("cannot write", [&] {
                const int code = MPI_File_write_at(file_, static_cast<MPI_Offset>(offset + at),
                                                   bytes + at, piece, MPI_BYTE, &status);
                return code == MPI_SUCCESS ? MPI_Get_count(&status, MPI_BYTE, &written) : code;
            });
            if (written != piece)
                fail(path_.shown, ": cannot write: MPI wrote ", written, " of ", piece,
                     " bytes; is the disk full?");
        }
    }

    void close() {
        require("cannot write", [&] { return MPI_File_close(&file_); });
    }

  private:
    int open(const std::string& name) {
        constexpr int kMode = MPI_MODE_WRONLY | MPI_MODE_CREATE;
        return MPI_File_open(MPI_COMM_SELF, name.c_str(), kMode, MPI_INFO_NULL, &file_);
    }

    void set_size(std::size_t size) const {
        require("cannot write",
                [&] { return MPI_File_set_size(file_, static_cast<MPI_Offset>(size)); });
    }

    // Errors of files are returned, unless somebody asks MPI for something else.
    template <class Call>
    void require(const char* problem, const Call& call) const {
        char text[MPI_MAX_ERROR_STRING] = "";
        const bool failed = in_turn([&] {
            const int code = call();
            int length = 0;
            if (code != MPI_SUCCESS) MPI_Error_string(code, text, &length);
            return code != MPI_SUCCESS;
        });
        if (failed) fail(path_.shown, ": ", problem, ": ", text);
    }

    io::OutputPath path_;
    MPI_File file_ = MPI_FILE_NULL;
};

}  // namespace

io::PlacedFile open_mpi_file(const io::OutputPath& path, std::size_t size, io::Makers makers) {
    const auto file = std::make_shared<MpiFile>(path, size, makers);
    return {[file](std::size_t offset, const char* bytes, std::size_t count) {
                file->write(offset, bytes, count);
            },
            [file] { file->close(); }};
}

}  // namespace attn::cluster

// Runs alone and under a launcher, as all tests of MPI: all ranks run the same cases.
#include "cluster/mpi_file.hpp"

#include <catch2/catch.hpp>
#include <filesystem>
#include <memory>

#include "io/output_path.hpp"
#include "support/mpi_world.hpp"
#include "support/temp_folder.hpp"

using namespace attn;
using namespace attn::test;

namespace {

// A folder that rank 0 makes and all ranks see, until it has met the others at the end.
class SharedFolder {
  public:
    SharedFolder() {
        if (ranks_.is_root()) own_ = std::make_unique<TempFolder>();
        path_ = ranks_.broadcast(own_ ? own_->path().string() : "");
    }
    ~SharedFolder() { ranks_.wait_for_all(); }
    SharedFolder(const SharedFolder&) = delete;
    SharedFolder& operator=(const SharedFolder&) = delete;

    std::string operator/(const std::string& name) const { return path_ + "/" + name; }

  private:
    const Communicator& ranks_ = mpi_world().communicator();
    std::unique_ptr<TempFolder> own_;
    std::string path_;
};

}  // namespace

TEST_CASE("ranks write their own places of one file, and what nobody writes is zero") {
    const Communicator& ranks = mpi_world().communicator();
    const SharedFolder folder;
    const std::string path = folder / "a:b=1";  // a colon is no name of a file system
    const std::string own(3, static_cast<char>('a' + ranks.rank()));
    const io::PlacedFile file = cluster::open_mpi_file(path, 4 * ranks.size(), io::Makers::several);
    file.write(4 * ranks.rank(), own.data(), own.size());
    file.close();
    ranks.wait_for_all();
    std::string all;
    for (std::size_t rank = 0; rank < ranks.size(); ++rank)
        all += std::string(3, static_cast<char>('a' + rank)) + '\0';
    CHECK((read_file(path) == all));
}

TEST_CASE("a file of one maker begins empty, and stays of its size when it is dropped") {
    const SharedFolder folder;
    const std::string path = folder / ("own" + std::to_string(mpi_world().communicator().rank()));
    std::ofstream(path) << "what was there before, which is longer";
    {
        const io::PlacedFile file = cluster::open_mpi_file(path, 6, io::Makers::one);
        file.write(2, "xy", 2);
    }
    CHECK((read_file(path) == std::string("\0\0xy\0\0", 6)));
}

TEST_CASE("a folder that is not there is an error that names the file as people know it") {
    const SharedFolder folder;
    CHECK_THROWS_WITH(
        cluster::open_mpi_file({folder / "none/x.npy", "out/x.npy"}, 1, io::Makers::one),
        Catch::StartsWith("out/x.npy: cannot create: "));
}

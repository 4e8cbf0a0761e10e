#include "io/folder_lock.hpp"

#include <fcntl.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <thread>

#include "io/file_descriptor.hpp"
#include "support/temp_folder.hpp"

using namespace attn::io;
using attn::test::TempFolder;

namespace {

FileDescriptor open_folder(const TempFolder& temp) {
    return FileDescriptor(::open(temp.path().c_str(), O_RDONLY | O_DIRECTORY));
}

}  // namespace

TEST_CASE("readers share a folder, who changes it has it alone") {
    const TempFolder temp;
    const FileDescriptor a = open_folder(temp), b = open_folder(temp), c = open_folder(temp);
    {
        const FolderLock reader(a.number(), LockKind::shared, "out");
        const FolderLock other(b.number(), LockKind::shared, "out");
        CHECK_FALSE(try_lock(c.number()));
    }
    CHECK(try_lock(c.number()));
    CHECK_FALSE(try_lock(a.number()));
}

TEST_CASE("the second waits for the first") {
    const TempFolder temp;
    const FileDescriptor a = open_folder(temp), b = open_folder(temp);
    auto first = std::make_unique<FolderLock>(a.number(), LockKind::exclusive, "out");
    const auto begin = std::chrono::steady_clock::now();
    constexpr auto kWait = std::chrono::milliseconds(30);
    std::thread later([&] {
        std::this_thread::sleep_for(kWait);
        first.reset();
    });
    const FolderLock second(b.number(), LockKind::exclusive, "out");
    CHECK(std::chrono::steady_clock::now() - begin >= kWait);
    later.join();
}

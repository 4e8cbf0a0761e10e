#include "io/same_files.hpp"

#include <catch2/catch.hpp>

#include "support/temp_folder.hpp"
#include "support/thread_ranks.hpp"

using namespace attn;
using namespace attn::test;

using Texts = std::vector<std::string>;

namespace {

// What ranks say when rank 0 reads one file and all others another under their own name.
Texts said_of(const std::string& of_root, const std::string& of_others) {
    const TempFolder folder;
    const std::string root = folder.write("root", of_root),
                      other = folder.write("other", of_others);
    Texts said = ThreadRanks(3).run([&](const Communicator& ranks) {
        ranks.together([&] {
            io::require_same_files(ranks,
                                   {folder.path().string(), "-", ranks.is_root() ? root : other});
        });
    });
    for (std::string& text : said) {
        const std::size_t at = text.find(other);
        if (at != std::string::npos) text.replace(at, other.size(), "other");
    }
    return said;
}

const Texts kSame(3);
const Texts kDifferent(3,
                       "rank 1: other: is not the file that rank 0 reads; all ranks must see "
                       "the same files");

}  // namespace

TEST_CASE("the same bytes under other names are the same file") {
    CHECK(said_of("", "") == kSame);
    CHECK(said_of("abc", "abc") == kSame);
    CHECK(said_of(std::string(1 << 20, 'x'), std::string(1 << 20, 'x')) == kSame);
}

TEST_CASE("files that differ in size, in their first or in their last bytes are told apart") {
    const std::string large(1 << 20, 'x');
    CHECK(said_of(large, large + "x") == kDifferent);
    CHECK(said_of(large, "y" + large.substr(1)) == kDifferent);
    CHECK(said_of(large, large.substr(1) + "y") == kDifferent);
    CHECK(said_of("abc", "abd") == kDifferent);
    CHECK(said_of("abc", "") == kDifferent);
}

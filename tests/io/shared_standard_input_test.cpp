#include "io/shared_standard_input.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "io/file_bytes.hpp"
#include "support/temp_folder.hpp"

using namespace attn;
using namespace attn::io;
using namespace attn::test;

namespace {

// Puts the file where standard input is, and everything back at the end.
class OtherInput {
  public:
    explicit OtherInput(const std::string& file) : before_(::dup(STDIN_FILENO)) {
        const int input = ::open(file.c_str(), O_RDONLY);
        ::dup2(input, STDIN_FILENO);
        ::close(input);
    }
    ~OtherInput() {
        ::dup2(before_, STDIN_FILENO);
        ::close(before_);
    }
    OtherInput(const OtherInput&) = delete;
    OtherInput& operator=(const OtherInput&) = delete;

  private:
    int before_;
};

std::string text_of_input() {
    const FileBytes read = read_standard_input();
    return {reinterpret_cast<const char*>(read.bytes.begin()), read.bytes.size()};
}

// Of two ranks the one that is asked for; the other one gives `other` whenever they meet.
Communicator one_of_two(std::size_t rank, const std::string& other) {
    return {rank, 2, [rank, other](const std::vector<std::string>& own) {
                const std::string message = "b" + other;
                return rank == 0 ? std::vector<std::string>{own.front(), message}
                                 : std::vector<std::string>{message, own.front()};
            }};
}

}  // namespace

TEST_CASE("ranks that a launcher gives no standard input read that of rank 0") {
    const OtherInput nothing("/dev/null");
    const std::string text("a\0b\n", 4);
    share_standard_input(one_of_two(1, text));
    CHECK(text_of_input() == text);
}

TEST_CASE("rank 0 reads its standard input after all ranks have it") {
    const TempFolder folder;
    const OtherInput input(folder.write("in", "some text"));
    share_standard_input(one_of_two(0, ""));
    CHECK(text_of_input() == "some text");
}

TEST_CASE("a standard input without a byte is an error of all ranks") {
    const OtherInput nothing("/dev/null");
    CHECK_THROWS_WITH(share_standard_input(one_of_two(0, "")),
                      Catch::Contains("standard input is empty"));
}

TEST_CASE("who is alone keeps standard input as it is") {
    const TempFolder folder;
    const OtherInput input(folder.write("in", "some text"));
    share_standard_input({});
    CHECK(text_of_input() == "some text");
}

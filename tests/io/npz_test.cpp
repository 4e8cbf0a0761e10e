#include "io/npz.hpp"

#include <catch2/catch.hpp>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "io/container.hpp"
#include "support/arrays.hpp"
#include "support/npy_bytes.hpp"
#include "support/temp_folder.hpp"
#include "support/zip_bytes.hpp"

using attn::DType;
using attn::Shape;
using attn::io::Container;
using attn::io::NonFinite;
using namespace attn::test;

namespace {

Container read(const std::string& bytes) {
    const TempFolder folder;
    Container container;
    const auto file = attn::io::map_file(folder.write("w.npz", bytes));
    attn::io::parse_npz(file, "w.npz", container);
    return container;
}

std::vector<double> numbers(const Container& container, const std::string& key) {
    const auto array = attn::io::convert<double>(container.arrays.at(key), NonFinite::allow);
    return {array.data(), array.data() + array.size()};
}

const std::string kTwo = npy_floats("(2,)", {1, 2});

// An archive of one member.
Container one(const ZipEntry& entry) {
    return read(zip_bytes({entry}));
}

}  // namespace

TEST_CASE("archives of numpy.savez and savez_compressed hold the same arrays") {
    for (const char* name : {"files/stored.npz", "files/deflated.npz"}) {
        INFO(name);
        const Container container = attn::io::open_container(golden(name));
        CHECK(container.format == "NPZ");
        CHECK(container.arrays.size() == 10);
        CHECK(container.arrays.at("float32").name == golden(name) + ":float32");
        CHECK(container.arrays.at("float32").shape == Shape{2, 3});
        CHECK(numbers(container, "float32") == std::vector<double>{0, 0.5, 1, 1.5, 2, 2.5});
        CHECK(numbers(container, "float64") ==
              std::vector<double>{-2.5, -1.5, -0.5, 0.5, 1.5, 2.5});
        CHECK(container.arrays.at("half").dtype == DType::float16);
        CHECK(numbers(container, "half") == std::vector<double>{0, 0.5, 1, 1.5, 2, 2.5});
        CHECK(numbers(container, "int8") == std::vector<double>{0, -1, -2, -3, -4, -5});
        CHECK(numbers(container, "bool") == std::vector<double>{1, 0, 1, 0, 1, 0});
        CHECK(numbers(container, "columns") == std::vector<double>{0, 1, 2, 3, 4, 5});
        CHECK(numbers(container, "big_endian") == std::vector<double>{0, 1, 2, 3, 4, 5});
        CHECK(numbers(container, "scalar") == std::vector<double>{7});
        CHECK(numbers(container, "zeros") == std::vector<double>(4096, 0));
        CHECK(container.arrays.at("empty").shape == Shape{0, 4});
        CHECK(container.texts.at("text") == std::vector<std::vector<std::string>>{{"a", "bc"}});
        CHECK_THAT(container.unreadable.at("objects"), Catch::Contains("pickled Python objects"));
    }
}

TEST_CASE("members that are no arrays are passed over, but one array there must be") {
    const Container container =
        read(zip_bytes({{"notes.txt", "text"}, {"a/b.npy", kTwo}, {"folder/", ""}}));
    CHECK(container.arrays.size() == 1);
    CHECK(numbers(container, "a/b") == std::vector<double>{1, 2});
    CHECK_THROWS_WITH(one({"notes.txt", "text"}),
                      "w.npz: is a ZIP archive without .npy files, expected NPZ");
    CHECK_THROWS_WITH(read(zip_bytes({})), Catch::Contains("without .npy files"));
}

TEST_CASE("a checkpoint of PyTorch is refused with the way to convert it") {
    const std::string command =
        "python3 -c \"import torch; from safetensors.torch import save_file; "
        "save_file(torch.load('" +
        golden("files/checkpoint.pt") + "', map_location='cpu', weights_only=True), '" +
        golden("files/checkpoint.safetensors") + "')\"";
    CHECK_THROWS_WITH(attn::io::open_container(golden("files/checkpoint.pt")),
                      Catch::Contains("is a PyTorch checkpoint") && Catch::EndsWith(command));
    CHECK_THROWS_WITH(attn::io::open_container(golden("files/legacy.pt")),
                      Catch::Contains("Python pickle") && Catch::Contains("torch.load"));
}

TEST_CASE("ways of packing that are not read are named, and disturb no other array") {
    const Container container = read(zip_bytes({{"good.npy", kTwo, {}, {}, 0, 0},
                                                {"zstd.npy", "xx", 136, {}, 93, 0},
                                                {"secret.npy", kTwo, {}, {}, 0, 1}}));
    CHECK(numbers(container, "good") == std::vector<double>{1, 2});
    CHECK_THAT(container.unreadable.at("zstd"),
               Catch::Contains("ZIP method 93") && Catch::Contains("numpy.savez"));
    CHECK_THAT(container.unreadable.at("secret"), Catch::Contains("is encrypted"));
}

TEST_CASE("bytes that do not fit their checksum are refused when the array is wanted") {
    const Container container = one({"W.npy", kTwo, {}, 0x12345678});
    CHECK(container.arrays.at("W").shape == Shape{2});
    CHECK_THROWS_WITH(numbers(container, "W"),
                      "w.npz:W: is damaged: its bytes do not fit their checksum");
    const std::string whole = read_file(golden("files/deflated.npz"));
    std::string damaged = whole;
    damaged[damaged.find("zeros.npy") + 120] ^= 0x55;
    CHECK_THROWS_WITH(numbers(read(damaged), "zeros"), Catch::Contains("w.npz:zeros: "));
}

TEST_CASE("an archive cut anywhere is an error and never a crash") {
    for (const char* name : {"files/stored.npz", "files/deflated.npz"}) {
        const std::string whole = read_file(golden(name));
        for (std::size_t size = 4; size < whole.size(); size += whole.size() / 100) {
            INFO(name << " cut to " << size);
            CHECK_THROWS_AS(read(whole.substr(0, size)), attn::Error);
        }
    }
    CHECK_THROWS_WITH(read(read_file(golden("files/stored.npz")).substr(0, 1000)),
                      "w.npz: is a damaged ZIP archive; was the download cut off?");
}

TEST_CASE("a member that does not unpack to what its header promises is refused") {
    CHECK_THROWS_WITH(one({"W.npy", npy_floats("(3,)", {1, 2})}),
                      "w.npz:W: holds 8 bytes of data, its header promises 12 (float32 [3])");
    CHECK_THROWS_WITH(one({"W.npy", npy_floats("(1,)", {1, 2})}),
                      "w.npz:W: holds 8 bytes of data, its header promises 4 (float32 [1])");
    CHECK_THROWS_WITH(one({"W.npy", "not NPY"}), "w.npz:W: is not an NPY file");
    CHECK_THROWS_WITH(one({"W.npy", kTwo.substr(0, 40)}), "w.npz:W: ends inside its NPY header");
    CHECK_THROWS_WITH(one({"W.npy", npy_bytes("{}", "")}), "w.npz:W: has a damaged NPY header");
    // Nothing of that size is allocated.
    CHECK_THROWS_WITH(one({"W.npy", npy_floats("(4611686018427387904,)", {1})}),
                      Catch::Contains("memory can address"));
    CHECK_THROWS_WITH(one({"W.npy", npy_floats("(1000000000000,)", {1})}),
                      Catch::Contains("holds 4 bytes of data"));
}

TEST_CASE("a deflated member cannot claim more than deflating can save") {
    // A stored block: final, 0 bytes left to say.
    const std::string header = npy_floats("(1000000000,)", {});
    std::string packed = "\x01";
    packed += static_cast<char>(header.size());
    packed += '\0';
    packed += static_cast<char>(~header.size());
    packed += '\xff';
    packed += header;
    const auto claimed = static_cast<std::uint32_t>(header.size() + 4000000000U);
    CHECK_THROWS_WITH(one({"W.npy", packed, claimed, {}, 8}),
                      Catch::Contains("bytes cannot unpack to 4000000"));
}

TEST_CASE("a name that stands twice is refused") {
    CHECK_THROWS_WITH(read(zip_bytes({{"W.npy", kTwo}, {"W.npy", kTwo}})),
                      "w.npz:W: stands twice in the archive");
}

TEST_CASE("a directory that claims members it does not have is refused") {
    CHECK_THROWS_AS(read(zip_bytes({{"W.npy", kTwo}}, std::uint16_t{60000})), attn::Error);
}

TEST_CASE("members that were not packed are used where they lie") {
    const Container container = attn::io::open_container(golden("files/stored.npz"));
    const auto file = container.files[0].bytes;
    for (const auto& [key, array] : container.arrays) {
        INFO(key);
        CHECK(array.bytes.begin() >= file.begin());
        CHECK(array.bytes.end() <= file.end());
        CHECK(attn::io::fetched(array).bytes.data() == array.bytes.data());
    }
    CHECK(attn::io::open_container(golden("files/deflated.npz")).arrays.at("zeros").bytes.empty());
}

TEST_CASE("members whose place cannot be told are copied") {
    // Flag 8: the sizes follow the data, so that nobody can walk over it.
    const Container container = read(zip_bytes(
        {{"a.npy", kTwo}, {"b.npy", kTwo, std::nullopt, std::nullopt, 0, 8}, {"c.npy", kTwo}}));
    CHECK_FALSE(container.arrays.at("a").bytes.empty());
    CHECK(container.arrays.at("b").bytes.empty());
    CHECK(container.arrays.at("c").bytes.empty());
    for (const char* key : {"a", "b", "c"})
        CHECK(numbers(container, key) == std::vector<double>{1, 2});
}

TEST_CASE("threads may fetch the arrays of an archive at once") {
    const Container container = attn::io::open_container(golden("files/deflated.npz"));
    attn::parallel_for(100, [&](std::size_t i) {
        const auto& array = container.arrays.at(i % 2 == 0 ? "zeros" : "float32");
        if (attn::io::fetched(array).bytes.size() != (i % 2 == 0 ? 16384U : 24U))
            throw std::runtime_error("wrong size");
    });
}

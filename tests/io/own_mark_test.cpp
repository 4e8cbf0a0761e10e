#include "io/own_mark.hpp"

#include <fcntl.h>

#include <catch2/catch.hpp>

#include "io/file_descriptor.hpp"
#include "io/npy.hpp"
#include "io/npy_writer.hpp"
#include "render/png.hpp"
#include "support/npy_bytes.hpp"
#include "support/picture.hpp"
#include "support/temp_folder.hpp"
#include "support/zip_bytes.hpp"

using namespace attn::io;
using namespace attn::test;

namespace {

bool is_marked(FileKind kind, const std::string& path) {
    const FileDescriptor file(::open(path.c_str(), O_RDONLY));
    return has_mark(kind, file.number());
}

std::string png() {
    attn::render::Image image(2, 1, {255, 0, 0});
    return attn::render::encode_png(image);
}

std::string npy(const attn::Shape& shape) {
    return npy_header(attn::DType::float64, shape) +
           std::string(attn::element_count(shape, "test") * sizeof(double), '\0');
}

}  // namespace

TEST_CASE("a marked picture is the same picture, with a chunk that is sound") {
    const TempFolder temp;
    const std::string marked = with_mark(FileKind::png, png());
    const attn::render::Image image = decode_png(marked);
    CHECK(image.width() == 2);
    CHECK(image.at(1, 0) == attn::render::Color{255, 0, 0});
    const std::string chunk = marked.substr(37, 25);
    CHECK(chunk == std::string("tEXtSoftware\0attn-inspect", 25));
    std::uint32_t sum = 0;
    for (std::size_t i = 62; i < 66; ++i) sum = sum << 8 | static_cast<unsigned char>(marked[i]);
    CHECK(sum == crc32(chunk));

    CHECK(is_marked(FileKind::png, temp.write("ours.png", marked)));
    CHECK_FALSE(is_marked(FileKind::npy, temp / "ours.png"));
    CHECK_FALSE(is_marked(FileKind::png, temp.write("theirs.png", png())));
}

TEST_CASE("a marked array is the same array, and its data stays at a cache line") {
    const TempFolder temp;
    for (const attn::Shape& shape : {attn::Shape{2, 3}, attn::Shape{5}, attn::Shape{1, 2, 3, 4}}) {
        const std::string path = temp.write("ours.npy", with_mark(FileKind::npy, npy(shape)));
        CHECK(is_marked(FileKind::npy, path));
        CHECK(parse_npy(map_file(path), path).shape == shape);
        const std::size_t data = attn::element_count(shape, "test") * sizeof(double);
        CHECK((read_file(path).size() - data) % 64 == 0);
        CHECK_FALSE(is_marked(FileKind::npy, temp.write("theirs.npy", npy(shape))));
    }
}

TEST_CASE("no header that numpy writes bears the mark") {
    // numpy pads for 20 more digits and then to a multiple of 64 bytes: less than 84 spaces.
    const TempFolder temp;
    for (std::size_t spaces = 0; spaces < 84; ++spaces) {
        const std::string header = npy_dictionary("<f4", "(1, 1)") + std::string(spaces, ' ');
        CHECK_FALSE(is_marked(FileKind::npy, temp.write("x.npy", npy_bytes(header, "1234"))));
    }
}

TEST_CASE("files that are cut off or of another kind bear no mark") {
    const TempFolder temp;
    const std::string marked = with_mark(FileKind::npy, npy({2}));
    for (std::size_t size = 0; size < marked.size() - 16; size += 9)
        CHECK_FALSE(is_marked(FileKind::npy, temp.write("cut", marked.substr(0, size))));
    CHECK_FALSE(is_marked(FileKind::png, temp.write("cut.png", png().substr(0, 40))));
    CHECK_FALSE(is_marked(FileKind::npy, temp.write("notes.txt", "notes")));
}

TEST_CASE("marked SVG and PDF are known again, and others are not") {
    const TempFolder temp;
    const std::string svg = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg/>\n";
    const std::string pdf = "%PDF-1.3\n%%EOF\n";
    CHECK(is_marked(FileKind::svg, temp.write("ours.svg", with_mark(FileKind::svg, svg))));
    CHECK_FALSE(is_marked(FileKind::svg, temp.write("theirs.svg", svg)));
    CHECK(is_marked(FileKind::pdf, temp.write("ours.pdf", with_mark(FileKind::pdf, pdf))));
    CHECK_FALSE(is_marked(FileKind::pdf, temp.write("theirs.pdf", pdf)));
    CHECK_FALSE(is_marked(FileKind::pdf, temp.write("short.pdf", "%")));
    CHECK_FALSE(is_marked(FileKind::svg, temp / "ours.pdf"));
}

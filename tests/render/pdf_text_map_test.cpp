#include "render/pdf_text_map.hpp"

#include <catch2/catch.hpp>

#include "core/deflate.hpp"
#include "render/pdf.hpp"

using namespace attn::render;

namespace {

std::string pdf_of_a_text() {
    Figure figure{250, 100, {}};
    figure.write({"key", 12, 5, 5, {0, 0, 0}});
    return encode_pdf(figure, Font::embedded(), true);
}

// A file with a map of so many bytes.
std::string file_with_map(std::size_t size, const std::string& filter) {
    return "%PDF\n4 0 obj\n<< /ToUnicode 5 0 R >>\nendobj\n5 0 obj\n<< /Filter " + filter +
           " >>\nstream\r\n" + std::string(size, 'x') + "\nendstream\nendobj\n";
}

// What stands in the stream of that file.
std::string map_of(const std::string& pdf) {
    const std::size_t begin = pdf.find("stream\r\n") + 8;
    return pdf.substr(begin, pdf.find("\nendstream") - begin);
}

}  // namespace

TEST_CASE("the map of a PDF's texts is made of operators for texts") {
    const std::string pdf = pdf_of_a_text();
    CHECK_THAT(pdf, Catch::Contains("1 beginbfrange\n<0000> <FFFF> <0000>\nendbfrange"));
    CHECK_THAT(pdf, !Catch::Contains("cidrange"));
}

TEST_CASE("the map takes as many bytes as the one before, as a stream that everybody reads") {
    const std::string before = file_with_map(400, "/FlateDecode");
    std::string after = before;
    mend_text_map(after);
    CHECK(after.size() == before.size());
    CHECK_THAT(after, Catch::EndsWith("\nendstream\nendobj\n"));
    CHECK_THAT(attn::inflated(map_of(after), 400 - 11), Catch::StartsWith("/CIDInit"));
}

TEST_CASE("files without a map, or with one that is too short or not deflated, stay") {
    for (const std::string& file : {std::string("%PDF no map"), file_with_map(100, "/FlateDecode"),
                                    file_with_map(400, "/None"), std::string("/ToUnicode 5 0 R")}) {
        std::string after = file;
        mend_text_map(after);
        CHECK(after == file);
    }
}

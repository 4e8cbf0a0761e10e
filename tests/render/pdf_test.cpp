#include "render/pdf.hpp"

#include <catch2/catch.hpp>

#include "core/error.hpp"

using namespace attn::render;

TEST_CASE("PDF has one page of the size of the figure, and the same bytes each time") {
    Figure figure{250, 100, {}};
    figure.write({"Ġkey", 12, 5, 5, {0, 0, 0}});
    const std::string pdf = encode_pdf(figure, Font::embedded(), true);
    CHECK_THAT(pdf, Catch::StartsWith("%PDF-") && Catch::Contains("/MediaBox [ 0 0 180 72 ]") &&
                        Catch::Contains("/Count 1"));
    CHECK(pdf == encode_pdf(figure, Font::embedded(), true));
    CHECK_THAT(pdf, !Catch::Contains("CreationDate") && !Catch::Contains("ModDate"));
}

TEST_CASE("PDF embeds the font of its texts") {
    Figure figure{250, 100, {}};
    figure.write({"key", 12, 5, 5, {0, 0, 0}});
    CHECK_THAT(encode_pdf(figure, Font::embedded(), true), Catch::Contains("DejaVuSans") &&
                                                               Catch::Contains("/FontFile2") &&
                                                               Catch::Contains("/ToUnicode"));
}

TEST_CASE("PDF has paper or none") {
    const Figure figure{2, 2, {}};
    CHECK(encode_pdf(figure, Font::embedded(), true).size() >
          encode_pdf(figure, Font::embedded(), false).size());
}

TEST_CASE("PDF refuses a page that no reader shows") {
    CHECK_THROWS_WITH(encode_pdf({30000, 10, {}}, Font::embedded(), true),
                      Catch::Contains("30000 x 10") && Catch::Contains("--max-size"));
}

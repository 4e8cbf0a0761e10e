#include "results/triptych.hpp"

#include <catch2/catch.hpp>
#include <stdexcept>

using namespace attn;
using namespace attn::results;

namespace {

// Two rows; the method keeps the last key of the second alone.
struct Drawn {
    std::vector<double> exact{1, 0, 0.5, 0.5}, implied{1, 0, 0, 1};
    std::vector<std::uint8_t> allowed{1, 0, 1, 1}, kept{1, 0, 0, 1};

    analysis::ImpliedHead head() const {
        return {3, 1, 2, 0, {exact.data(), 2, 2}, {implied.data(), 2, 2}, {}, true, allowed, kept};
    }
};

bool says(const render::Figure& figure, const std::string& text) {
    for (const render::Shape& shape : figure.shapes) {
        const auto* line = std::get_if<render::TextLine>(&shape);
        if (line && line->text.find(text) != std::string::npos) return true;
    }
    return false;
}

}  // namespace

TEST_CASE("three panels stand side by side, lost keys in a colour of their own") {
    const Drawn drawn;
    const render::Figure figure = draw_triptych(drawn.head(), {"layer 3, head 2: local", "file"});
    std::vector<const render::CellBlock*> panels;
    for (const render::Shape& shape : figure.shapes) {
        const auto* block = std::get_if<render::CellBlock>(&shape);
        if (block && block->cells.width() == 2) panels.push_back(block);
    }
    REQUIRE(panels.size() == 3);
    const render::Color masked = panels[0]->cells.at(1, 0);
    for (const auto* panel : panels) CHECK(panel->cells.at(1, 0) == masked);
    const render::Color lost = panels[1]->cells.at(0, 1);
    CHECK_FALSE(lost == masked);
    CHECK_FALSE(lost == panels[0]->cells.at(0, 1));
    // What is as it was is white, what is lost and what is gained stand at the two ends.
    const render::Color same = panels[2]->cells.at(0, 0);
    CHECK_FALSE(panels[2]->cells.at(0, 1) == same);
    CHECK_FALSE(masked == same);
    CHECK_FALSE(panels[2]->cells.at(0, 1) == panels[2]->cells.at(1, 1));
    for (const char* text : {"exact", "implied", "difference", "keys that are not kept"})
        CHECK(says(figure, text));
}

TEST_CASE("colours, limits and sizes of a triptych are those that somebody asks for") {
    const Drawn drawn;
    const auto exact_panel = [&](const HeatmapOptions& options) {
        const render::Figure figure = draw_triptych(drawn.head(), {"t", "n"}, options);
        for (const render::Shape& shape : figure.shapes) {
            const auto* block = std::get_if<render::CellBlock>(&shape);
            if (block && block->cells.width() == 2) return *block;
        }
        throw std::runtime_error("no panel");
    };
    const render::CellBlock usual = exact_panel({});
    HeatmapOptions options;
    options.colormap = "gray";
    options.cell = 7;
    const render::CellBlock gray = exact_panel(options);
    CHECK(gray.cell_width == 7);
    const render::Color dark = gray.cells.at(0, 1);
    CHECK(dark.red == dark.green);
    CHECK_FALSE(dark == usual.cells.at(0, 1));
    // Above its end a value has the last colour.
    options.vmax = render::ColorLimit{0.5, false};
    CHECK(exact_panel(options).cells.at(0, 1) == exact_panel(options).cells.at(0, 0));
    CHECK_FALSE(dark == gray.cells.at(0, 0));
}

TEST_CASE("methods that keep all keys have none that are lost") {
    Drawn drawn;
    drawn.kept = drawn.allowed;
    CHECK_FALSE(says(draw_triptych(drawn.head(), {"t", "n"}), "not kept"));
}

TEST_CASE("files of heads name the method, of joined masks with +") {
    const Drawn drawn;
    CHECK(triptych_file(drawn.head(), "local:window=8/strided", false) ==
          "layer03/head02-local:window=8+strided.png");
    CHECK(triptych_file(drawn.head(), "lsh", true) == "layer03/seq01-head02-lsh.png");
}

#include "results/needs_picture.hpp"

#include <catch2/catch.hpp>

using namespace attn;
using namespace attn::results;

namespace {

analysis::NeedsOfHead head_at(std::size_t layer, std::size_t head, const char* verdict) {
    analysis::NeedsOfHead needs;
    needs.layer = layer;
    needs.head = head;
    needs.needs.verdict = verdict;
    needs.needs.topk = 2;
    needs.needs.mass = {1, 1, 1, 1};
    return needs;
}

std::size_t texts_of(const render::Figure& figure, const std::string& text) {
    std::size_t count = 0;
    for (const render::Shape& shape : figure.shapes) {
        const auto* line = std::get_if<render::TextLine>(&shape);
        count += line && line->text == text;
    }
    return count;
}

}  // namespace

TEST_CASE("letters say the verdict, but for heads that need all") {
    CHECK(verdict_letter("prune") == "P");
    CHECK(verdict_letter("sink+local") == "K");
    CHECK(verdict_letter("sparse") == "S");
    CHECK(verdict_letter("short") == "Q");
    CHECK(verdict_letter("few keys") == "F");
    CHECK(verdict_letter("full").empty());
}

TEST_CASE("only budgets that some head needs have a map, of the first sequence") {
    std::vector<analysis::NeedsOfHead> needs{head_at(0, 0, "sparse"), head_at(0, 1, "full"),
                                             head_at(3, 0, "sparse"), head_at(3, 1, "local")};
    needs.push_back(head_at(0, 0, "prune"));
    needs.back().sequence = 1;
    const render::Figure figure = draw_needs(needs, "file");
    CHECK(texts_of(figure, "keys a row") == 1);
    CHECK(texts_of(figure, "bits of q, k and v") == 0);
    CHECK(texts_of(figure, "S") == 2);
    CHECK(texts_of(figure, "L") == 1);
    CHECK(texts_of(figure, "P") == 0);
    CHECK(texts_of(figure, "3") == 1);  // the second row
}

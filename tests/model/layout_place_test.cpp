#include "model/layout_place.hpp"

#include <catch2/catch.hpp>

using namespace attn::model;

namespace {

// "OUTER|BASE" of each place.
std::vector<std::string> places(const std::string& family, const std::set<std::string>& names) {
    std::vector<std::string> texts;
    for (const Place& place : places_of_layers(names, find_layout(family)))
        texts.push_back(place.outer + "|" + place.base);
    return texts;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("layers stand behind the family's own prefix, or without it") {
    CHECK(places("llama", {"model.layers.0.self_attn.q_proj.weight"}) == Texts{"|model."});
    CHECK(places("llama", {"layers.3.self_attn.q_proj.weight"}) == Texts{"|"});
    CHECK(places("llama", {"embed.weight", "norm.weight"}).empty());
}

TEST_CASE("what wraps a model stands in front of its prefix") {
    CHECK(places("llama", {"module.model.layers.0.q"}) == Texts{"module.|model."});
    CHECK(places("bert", {"net.bert.encoder.layer.0.q"}) == Texts{"net.|bert."});
}

TEST_CASE("a prefix of the family alone comes first, then those of training tools") {
    CHECK(places("llama",
                 {"draft.model.layers.0.q", "module.model.layers.0.q", "model.layers.0.q"}) ==
          Texts{"|model.", "module.|model.", "draft.|model."});
}

TEST_CASE("wrappers of training tools are usual, also several of them") {
    CHECK(Place{"", "model."}.is_usual());
    CHECK(Place{"module._orig_mod.", ""}.is_usual());
    CHECK_FALSE(Place{"module.net.", ""}.is_usual());
    CHECK(Place{"net.", "bert."}.prefix() == "net.bert.");
}

TEST_CASE("a single layer has one place, whatever stands in front of its matrices") {
    CHECK(places("torch-attention", {"attn.in_proj_weight", "attn.out_proj.weight"}) ==
          Texts{"|attn."});
    CHECK(places("torch-attention", {"a.in_proj_weight", "b.in_proj_weight"}).empty());
}

TEST_CASE("arrays that cannot be read have names too") {
    attn::io::Container container;
    container.arrays["a"];
    container.unreadable["b"] = "holds complex numbers";
    CHECK(names_in(container) == std::set<std::string>{"a", "b"});
}

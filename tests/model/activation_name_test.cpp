#include "model/activation_name.hpp"

#include <catch2/catch.hpp>

using namespace attn::model;
using attn::Activation;

TEST_CASE("gelu is the exact one, its new and fast names are the approximation") {
    CHECK(activation_named("gelu") == Activation::gelu);
    for (const char* name : {"gelu_new", "gelu_fast", "gelu_pytorch_tanh"})
        CHECK(activation_named(name) == Activation::gelu_tanh);
    CHECK(activation_named("swish") == Activation::silu);
    for (const char* name : {"quick_gelu", "", "GELU"}) CHECK_FALSE(activation_named(name));
    CHECK(describe(Activation::gelu_tanh) == "gelu (tanh)");
}

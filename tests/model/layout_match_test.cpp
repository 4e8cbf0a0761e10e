#include "model/layout_match.hpp"

#include <catch2/catch.hpp>
#include <set>

#include "core/error.hpp"
#include "model/config_value.hpp"
#include "model/model_config.hpp"

using namespace attn;
using namespace attn::model;

namespace {

// A file of which only names and shapes are known.
class NamedArray {
  public:
    NamedArray() { container_.path = "model.safetensors"; }

    NamedArray& add(const std::string& key, Shape shape = {8, 8}) {
        io::StoredArray array;
        array.name = container_.path + ":" + key;
        array.shape = std::move(shape);
        container_.arrays[key] = array;
        return *this;
    }
    NamedArray& add_all(const std::vector<std::string>& keys) {
        for (const std::string& key : keys) add(key);
        return *this;
    }
    NamedArray& says(const std::string& key, const io::Setting& value) {
        container_.settings[key] = value;
        return *this;
    }

    LayoutMatch match(const std::string& wanted = "") const {
        return match_layout(container_, model_type(container_), wanted);
    }
    std::string family(const std::string& wanted = "") const { return match(wanted).layout->name; }

  private:
    io::Container container_;
};

std::string with_number(std::string layer, std::size_t number) {
    const std::size_t hole = layer.find("{}");
    return hole == std::string::npos ? layer : layer.replace(hole, 2, std::to_string(number));
}

// Everything that the family may have, in two layers, behind `wrapper`.
NamedArray file_of(const Layout& layout, const std::string& wrapper = "") {
    NamedArray file;
    const std::string base = wrapper + (layout.bases.empty() ? "" : layout.bases.front());
    for (std::size_t number = 0; number < (layout.layer.empty() ? 1 : 2); ++number) {
        const std::string before = base + with_number(layout.layer, number);
        for (const TensorName& tensor : layout.in_layer) {
            const std::set<std::string> foreign(layout.foreign.begin(), layout.foreign.end());
            if (foreign.count(tensor.theirs) != 0 || (tensor.only_first && number > 0)) continue;
            const bool wide = layout.order == MatrixOrder::in_out;
            const Shape fused = wide ? Shape{8, 24} : Shape{24, 8};
            file.add(before + tensor.theirs, tensor.ours == "W_QKV" ? fused : Shape{8, 8});
        }
        for (const std::string& mark : layout.marks) file.add(before + mark);
    }
    for (const TensorName& tensor : layout.in_model) {
        const bool fixed = tensor.theirs[0] == '/';
        file.add(fixed ? wrapper + tensor.theirs.substr(1) : base + tensor.theirs);
    }
    return file;
}

const std::vector<std::string> kQkv{"W_Q", "W_K", "W_V"};

}  // namespace

TEST_CASE("every family is recognised by its names, shapes and model_type") {
    for (const Layout& layout : layouts()) {
        if (layout.in_layer.empty()) continue;
        INFO(layout.name);
        NamedArray file = file_of(layout);
        if (!layout.model_types.empty()) file.says("model_type", layout.model_types.front());
        const LayoutMatch match = file.match();
        CHECK(match.layout->name == layout.name);
        CHECK(match.layers.size() == (layout.layer.empty() ? 1 : 2));
        CHECK(match.missing.empty());
        CHECK(match.unused.empty());
        CHECK(file.family(layout.name) == layout.name);
    }
}

TEST_CASE("without a model_type only families that names cannot tell apart are ambiguous") {
    std::set<std::string> ambiguous;
    for (const Layout& layout : layouts()) {
        if (layout.in_layer.empty()) continue;
        std::string family = layout.name;
        try {
            family = file_of(layout).family();
        } catch (const Error&) {
            ambiguous.insert(layout.name);
        }
        CHECK(family == layout.name);
    }
    // Their biases tell a Llama with biases and Qwen 2 from each other and from these.
    CHECK(ambiguous == std::set<std::string>{"mistral", "gemma"});
}

TEST_CASE("names that fit two families are told, with the flag that decides") {
    const std::string before = "model.layers.0.";
    NamedArray file;
    for (const char* name : {"self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj",
                             "self_attn.o_proj", "input_layernorm", "post_attention_layernorm",
                             "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj"})
        file.add(before + name + ".weight");
    file.add("model.embed_tokens.weight").add("model.norm.weight");
    CHECK_THROWS_WITH(file.match(), Catch::Contains("fit llama, mistral and gemma") &&
                                        Catch::Contains("choose with --layout"));
    CHECK(file.family("gemma") == "gemma");
    CHECK(file.says("model_type", std::string("mistral")).family() == "mistral");
}

TEST_CASE("wrappers of training tools are looked through") {
    for (const Layout& layout : layouts()) {
        if (layout.in_layer.empty() || layout.model_types.empty()) continue;
        INFO(layout.name);
        NamedArray file = file_of(layout, "module._orig_mod.");
        file.says("model_type", layout.model_types.front());
        CHECK(file.family() == layout.name);
        CHECK(file.match().unused.empty());
    }
}

TEST_CASE("one fused matrix tells Conv1D from nn.Linear by its shape") {
    const auto gpt = [](Shape shape) {
        return NamedArray().add("h.0.attn.c_attn.weight", std::move(shape)).family();
    };
    CHECK(gpt({8, 24}) == "gpt2");
    CHECK(gpt({24, 8}) == "nanogpt");
    CHECK(NamedArray().add("h.0.attn.c_attn.weight", {24, 8}).add("h.0.attn.bias").family() ==
          "mingpt");
}

TEST_CASE("our own names win over everything") {
    CHECK(NamedArray().add_all(kQkv).family() == "native");
    CHECK(NamedArray().add_all(kQkv).add("h.0.attn.c_attn.weight", {24, 8}).family() == "native");
    CHECK_THROWS_WITH(NamedArray().add("h.0.attn.c_attn.weight", {24, 8}).match("native"),
                      Catch::Contains("does not hold the arrays of projection matrices under"));
}

TEST_CASE("a single attention may stand under any prefix, but only once") {
    const auto attention = [](NamedArray& file, const std::string& prefix) {
        file.add(prefix + "in_proj_weight", {24, 8}).add(prefix + "out_proj.weight");
    };
    NamedArray file;
    attention(file, "decoder.cross.");
    CHECK(file.family() == "torch-attention");
    attention(file, "decoder.own.");
    CHECK_THROWS_WITH(file.match(), Catch::Contains("no names of a checkpoint that is known"));
}

TEST_CASE("what a family has and the file lacks is told; what nobody uses too") {
    NamedArray file = NamedArray().add("h.0.attn.c_attn.weight", {8, 24}).add("lora.weight");
    const LayoutMatch match = file.match();
    CHECK(match.missing.front() == "layer 0: attn.c_proj.weight");
    CHECK(match.unused == std::vector<std::string>{"lora.weight"});
    CHECK(NamedArray()
              .add("h.0.attn.c_attn.weight", {8, 24})
              .add("h.0.attn.bias")
              .match()
              .unused.empty());
}

TEST_CASE("layers must be numbered without a gap") {
    CHECK_THROWS_WITH(NamedArray()
                          .add("h.0.attn.c_attn.weight", {8, 24})
                          .add("h.2.attn.c_attn.weight", {8, 24})
                          .match(),
                      Catch::EndsWith("layer 1 is missing"));
}

TEST_CASE("a model_type that contradicts the names, or is unknown, is not guessed away") {
    const NamedArray linear = file_of(find_layout("nanogpt"));
    CHECK_THROWS_WITH(NamedArray(linear).says("model_type", std::string("gpt2")).match(),
                      Catch::Contains("says model_type \"gpt2\", the arrays are those of nanogpt"));
    CHECK_THROWS_WITH(
        NamedArray(linear).says("model_type", std::string("hyena")).match(),
        Catch::Contains("\"hyena\", which is not known") && Catch::Contains("--layout nanogpt"));
    CHECK(NamedArray(linear).says("model_type", std::string("hyena")).family("nanogpt") ==
          "nanogpt");
}

TEST_CASE("parts that change the result and are not computed are refused") {
    NamedArray file = file_of(find_layout("torch-attention"));
    file.add("bias_k");
    CHECK_THROWS_WITH(file.match(), Catch::Contains("bias_k: is an extra key (add_bias_kv)"));
}

TEST_CASE("an unknown layout is answered with the nearest") {
    CHECK_THROWS_WITH(NamedArray().add_all(kQkv).match("gpt-2"),
                      Catch::Contains("--layout gpt-2") && Catch::Contains("did you mean gpt2?"));
    CHECK_THROWS_WITH(NamedArray().add("x").match(), Catch::Contains("has no W_Q, W_K and W_V") &&
                                                         Catch::Contains("its first array is x"));
}

TEST_CASE("an array that no row knows is left over in every layer of every family") {
    for (const Layout& layout : layouts()) {
        if (layout.in_layer.empty() || layout.layer.empty()) continue;
        const std::string base = layout.bases.empty() ? "" : layout.bases.front();
        for (const char* name : {"self_attn.sink_bias", "attn.q_bias", "attention.lora_A.weight",
                                 "attn.rel_pos_h", "gate", "attn.ln_q.weight"}) {
            const std::string key = base + with_number(layout.layer, 1) + name;
            INFO(key);
            NamedArray file = file_of(layout);
            file.add(key);
            const LayoutMatch match = file.match(layout.name);
            REQUIRE(match.left_over.size() == 1);
            CHECK(match.left_over.front().key == key);
            CHECK(match.left_over.front().part == LeftOver::Part::attention);
        }
        NamedArray file = file_of(layout);
        for (const char* name : {"attn.masked_bias", "attn.relative_position_index", "total_ops"})
            file.add(base + with_number(layout.layer, 1) + name);
        CHECK(file.match(layout.name).left_over.empty());
    }
}

TEST_CASE("native names that were meant, and arrays in native layers, are left over") {
    const auto left_over = [](const std::string& key, const std::string& before = "") {
        NamedArray file;
        for (const std::string& name : kQkv) file.add(before + name);
        const LayoutMatch match = file.add(key).match();
        return match.left_over.size() == 1 && match.left_over.front().key == key;
    };
    CHECK(left_over("b_q"));
    CHECK(left_over("WO"));
    CHECK(left_over("layers.0.sinks", "layers.0."));
    CHECK_FALSE(left_over("expected"));
}

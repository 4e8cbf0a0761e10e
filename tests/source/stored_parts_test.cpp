#include "source/stored_parts.hpp"

#include <catch2/catch.hpp>

#include "support/array_files.hpp"
#include "support/zip_bytes.hpp"

using namespace attn;
using namespace attn::test;
using attn::source::find_stored_parts;

namespace {

std::string floats(const Shape& shape) {
    std::string tuple = "(";
    for (const std::size_t extent : shape) tuple += std::to_string(extent) + ", ";
    return npy_floats(tuple + ")", std::vector<float>(element_count(shape, "test")));
}

// An NPZ file of arrays of the shapes.
std::string write_npz(const TempFolder& folder,
                      const std::vector<std::pair<std::string, Shape>>& arrays) {
    std::vector<ZipEntry> entries;
    for (const auto& [name, shape] : arrays) entries.push_back({name + ".npy", floats(shape)});
    return folder.write("f.npz", zip_bytes(entries));
}

std::vector<std::string> names_in(const std::string& source) {
    io::Inputs inputs;
    std::vector<std::string> names;
    for (const io::StoredArray& array : find_stored_parts(inputs, source).arrays)
        names.push_back(array.name.substr(array.name.rfind(':') + 1));
    return names;
}

void check_refused(const std::string& source, const std::string& text) {
    io::Inputs inputs;
    CHECK_THROWS_WITH(find_stored_parts(inputs, source), Catch::Contains(text));
}

using Names = std::vector<std::string>;
const Shape kLayer{1, 2, 3, 3};

}  // namespace

TEST_CASE("the attention of Hugging Face and TransformerLens is found among other arrays") {
    const TempFolder folder;
    const std::string lens = write_npz(folder, {{"blocks.0.attn.hook_pattern", kLayer},
                                                {"blocks.0.attn.hook_q", kLayer},
                                                {"blocks.1.attn.hook_pattern", kLayer},
                                                {"blocks.1.attn.hook_q", kLayer}});
    CHECK(names_in(lens) == Names{"blocks.0.attn.hook_pattern", "blocks.1.attn.hook_pattern"});
    for (const std::string separator : {".", "_", "/"}) {
        const std::string hugging = write_npz(folder, {{"attentions" + separator + "0", kLayer},
                                                       {"attentions" + separator + "1", kLayer},
                                                       {"hidden_states.0", {1, 3, 8}},
                                                       {"hidden_states.1", {1, 3, 8}},
                                                       {"logits", {3, 9}}});
        CHECK(names_in(hugging) ==
              Names{"attentions" + separator + "0", "attentions" + separator + "1"});
    }
}

TEST_CASE("what has fewer than two axes is no attention and leaves no choice") {
    const TempFolder folder;
    CHECK(names_in(write_npz(folder, {{"attn", kLayer}, {"ids", {3}}})) == Names{"attn"});
    CHECK(names_in(write_npz(folder, {{"arr_0", kLayer}, {"arr_1", kLayer}, {"ids", {3}}})) ==
          Names{"arr_0", "arr_1"});
}

TEST_CASE("where the choice is left the keys and the patterns are named") {
    const TempFolder folder;
    const std::string two = write_npz(folder, {{"encoder_attentions.0", kLayer},
                                               {"encoder_attentions.1", kLayer},
                                               {"cross_attentions.0", kLayer},
                                               {"cross_attentions.1", kLayer}});
    check_refused(two, "f.npz:cross_attentions.* (2), ");
    check_refused(two, "f.npz:encoder_attentions.* (2)");
    check_refused(two, "choose one as");
    const std::string other = write_npz(folder, {{"a_0", kLayer}, {"a_1", kLayer}, {"b", kLayer}});
    check_refused(other, "f.npz:a_* (2)");
    std::vector<std::pair<std::string, Shape>> many;
    for (const char* kind : {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"}) {
        for (int layer = 0; layer < 10; ++layer)
            many.emplace_back(kind + std::to_string(layer), Shape{2, 2});
    }
    check_refused(write_npz(folder, many), "and 92 more");
    check_refused(write_npz(folder, {{"x", {2, 2}}, {"y", {2, 2}}}), "holds x, y");
}

TEST_CASE("layers of different shapes are named") {
    const TempFolder folder;
    const std::string file =
        write_npz(folder, {{"arr_0", kLayer}, {"arr_1", kLayer}, {"arr_2", {1, 2, 4, 4}}});
    check_refused(file, "arr_0 is [1, 2, 3, 3], arr_2 is [1, 2, 4, 4]");
    CHECK(names_in(file + ":arr_2") == Names{"arr_2"});
}

TEST_CASE("a layer that cannot be read is not left out in silence") {
    const TempFolder folder;
    const std::string complex =
        npy_bytes(npy_dictionary("<c8", "(1, 2, 3, 3)"), std::string(144, 0));
    const std::string file =
        folder.write("f.npz", zip_bytes({{"arr_0.npy", floats(kLayer)}, {"arr_1.npy", complex}}));
    check_refused(file, "arr_1");
    check_refused(file + ":arr_*", "arr_1");
}

TEST_CASE("a key with a star in it is that key") {
    const TempFolder folder;
    CHECK(names_in(write_npz(folder, {{"a*", kLayer}, {"ab", kLayer}}) + ":a*") == Names{"a*"});
}

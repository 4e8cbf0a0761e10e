#include "source/upstream.hpp"

#include <algorithm>
#include <filesystem>

#include "core/affix.hpp"
#include "core/error.hpp"
#include "core/nearest.hpp"
#include "core/numbers.hpp"
#include "core/word_list.hpp"

namespace attn::source {
namespace {

std::size_t upstream_index(const std::string& text, const std::string& flag) {
    return static_cast<std::size_t>(parse_whole(text, {0, kMostCount}, flag));
}

// A word that neither is a file nor looks like the name of one; standard input is "-".
bool is_no_file(const std::string& text) {
    return text.find_first_of("./-") == std::string::npos && !std::filesystem::exists(text);
}

[[noreturn]] void refuse_word(const std::string& text, const std::string& flag) {
    const std::string word = text.substr(0, text.find(':'));
    fail(flag, text.empty() ? "" : " " + quoted(text),
         ": expected sum, energy, token:I, logit:P,T or an array",
         did_you_mean(word, {"sum", "energy", "token", "logit"}));
}

// The array may lack a batch axis of one sequence.
bool is_same(Shape shape, const Shape& expected) {
    if (shape.size() + 1 == expected.size() && expected.front() == 1)
        shape.insert(shape.begin(), 1);
    return shape == expected;
}

template <class T>
Array<T> load_upstream(const Upstream& upstream, const Shape& shape, std::size_t layer,
                       std::size_t layers, io::Inputs& inputs) {
    const Shape found = inputs.find(upstream.array).shape;
    const bool of_all = is_same(found, shape);
    Shape rest = found;
    if (!rest.empty()) rest.erase(rest.begin());
    const bool of_each =
        layers > 0 && found.size() > 2 && found[0] == layers && is_same(rest, shape);
    if (!of_all && !of_each) {
        Shape without = shape;
        if (shape[0] == 1) without.erase(without.begin());
        fail(upstream.named(), " ", to_string(found), ": expected ", to_string(without),
             ", the shape of the output",
             layers > 0 ? ", or one for each of the " + counted(layers, "layer") : "");
    }
    const Array<T> values = inputs.load<T>(upstream.array, io::NonFinite::never);
    return (of_all ? values : values.slice(layer)).reshaped(shape);
}

}  // namespace

Upstream parse_upstream(const std::string& text, const std::string& flag) {
    Upstream upstream;
    upstream.flag = flag;
    upstream.text = text;
    if (text == "sum") return upstream;
    if (text == "energy") {
        upstream.kind = Upstream::Kind::energy;
    } else if (starts_with(text, "token:")) {
        upstream.kind = Upstream::Kind::token;
        upstream.token = upstream_index(text.substr(6), flag);
    } else if (starts_with(text, "logit:")) {
        const std::vector<std::string> numbers = split_at(text.substr(6), ',');
        if (numbers.size() != 2)
            fail(flag, " ", quoted(text),
                 ": expected logit:P,T, the position of a token and an entry of the vocabulary");
        upstream.kind = Upstream::Kind::logit;
        upstream.token = upstream_index(numbers[0], flag);
        upstream.vocabulary_entry = upstream_index(numbers[1], flag);
    } else {
        if (text.empty() || is_no_file(text)) refuse_word(text, flag);
        upstream.kind = Upstream::Kind::array;
        upstream.array = text;
    }
    return upstream;
}

template <class T>
Array<T> upstream_gradient(const Upstream& upstream, const Shape& shape, const Array<T>& output,
                           std::size_t layer, std::size_t layers, io::Inputs& inputs) {
    if (upstream.kind == Upstream::Kind::array)
        return load_upstream<T>(upstream, shape, layer, layers, inputs);
    if (upstream.kind == Upstream::Kind::energy) return output;
    std::vector<T> values(element_count(shape, "upstream"), T{1});
    if (upstream.kind == Upstream::Kind::token) {
        if (upstream.token >= shape[1])
            fail(upstream.named(), ": there are ", counted(shape[1], "token"), ", counted from 0");
        for (std::size_t i = 0; i < values.size(); ++i) {
            if (i / shape[2] % shape[1] != upstream.token) values[i] = T{0};
        }
    }
    return Array<T>(shape, std::move(values));
}

template Array<float> upstream_gradient(const Upstream&, const Shape&, const Array<float>&,
                                        std::size_t, std::size_t, io::Inputs&);
template Array<double> upstream_gradient(const Upstream&, const Shape&, const Array<double>&,
                                         std::size_t, std::size_t, io::Inputs&);

}  // namespace attn::source

#include "source/whole_numbers.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "core/word_list.hpp"

namespace attn::source {
namespace {

void require_array(io::Inputs& inputs, const std::string& name, const std::string& flag) {
    try {
        inputs.find(name);
    } catch (const Error& error) {
        fail(flag, " ", quoted(name), ": is no whole number and no array (", error.what(), ")");
    }
}

}  // namespace

std::vector<std::int64_t> load_integers(io::Inputs& inputs, const std::string& name,
                                        const WholeRange& range, const std::string& flag) {
    const Array<double> array = inputs.load<double>(name, io::NonFinite::never);
    std::vector<std::int64_t> values;
    for (const double value : array.values())
        values.push_back(require_whole(value, range, flag + " " + name + ":"));
    return values;
}

std::vector<std::int64_t> load_integer_list(io::Inputs& inputs, const std::string& text,
                                            const WholeRange& range, const std::string& flag) {
    std::vector<std::int64_t> values;
    for (const std::string& part : split_at(text, ',')) {
        if (!whole_of(part)) {
            require_array(inputs, text, flag);
            return load_integers(inputs, text, range, flag);
        }
        values.push_back(parse_whole(part, range, flag));
    }
    return values;
}

}  // namespace attn::source

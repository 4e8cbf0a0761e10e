#include "io/config.hpp"

#include <nlohmann/json.hpp>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "core/error.hpp"
#include "io/json_syntax.hpp"

namespace attn::io {
namespace {

using Json = nlohmann::json;

class ConfigReader : public nlohmann::json_sax<Json> {
  public:
    ConfigReader(const std::string& path, std::string_view text, Container& container)
        : path_(path), text_(text), container_(container) {}

    bool null() override { return skip(); }
    bool boolean(bool value) override { return setting(value); }
    bool number_integer(std::int64_t value) override { return setting(static_cast<double>(value)); }
    bool number_unsigned(std::uint64_t value) override {
        return setting(static_cast<double>(value));
    }
    bool number_float(double value, const std::string&) override { return setting(value); }
    bool string(std::string& value) override {
        if (in_arrays_ == 0) return setting(value);
        list_.push_back(value);
        return true;
    }
    bool binary(Json::binary_t&) override { return false; }

    // Objects in arrays are passed over with everything in them.
    bool start_object(std::size_t) override {
        require_depth();
        if (in_arrays_ > 0) {
            ++in_arrays_;
            return skip();
        }
        prefixes_.push_back(prefixes_.empty() ? "" : place_ + "/");
        return true;
    }
    bool end_object() override {
        if (in_arrays_ > 0) {
            --in_arrays_;
        } else {
            prefixes_.pop_back();
        }
        return true;
    }

    bool key(std::string& name) override {
        if (in_arrays_ > 0) return true;
        place_ = prefixes_.back() + name;
        if (!places_.insert(place_).second) fail(path_, ": ", place_, " stands twice");
        return true;
    }

    bool start_array(std::size_t) override {
        require_object();
        require_depth();
        if (++in_arrays_ > 1) return skip();
        list_.clear();
        only_texts_ = true;
        return true;
    }
    bool end_array() override {
        if (--in_arrays_ > 0 || !only_texts_ || list_.empty()) return true;
        container_.texts[place_] = {std::exchange(list_, {})};
        return true;
    }

    bool parse_error(std::size_t position, const std::string&,
                     const Json::exception& error) override {
        // 406: a number that float64 cannot hold
        const bool too_large = dynamic_cast<const Json::out_of_range*>(&error) != nullptr;
        refuse_json(path_, text_, position, too_large);
    }

  private:
    void require_object() const {
        if (prefixes_.empty()) fail(path_, ": expected a JSON object");
    }

    void require_depth() const {
        if (prefixes_.size() + in_arrays_ >= kMaxJsonDepth)
            fail(path_, ": is nested deeper than ", kMaxJsonDepth);
    }

    // Something that is not kept; an array that holds it is not one of texts alone.
    bool skip() {
        require_object();
        only_texts_ = false;
        return true;
    }

    template <class Value>
    bool setting(const Value& value) {
        if (in_arrays_ > 0) return skip();
        require_object();
        container_.settings[place_] = value;
        return true;
    }

    const std::string& path_;
    std::string_view text_;
    Container& container_;
    std::vector<std::string> prefixes_;  // of the keys in each object that is open
    std::string place_;                  // the key of the value that comes next, with its prefix
    std::set<std::string> places_;
    std::size_t in_arrays_ = 0;  // arrays that are open, and objects in them
    std::vector<std::string> list_;
    bool only_texts_ = false;
};

// Python writes NaN, Infinity and -Infinity, which JSON has not. An empty array stands in for them,
// which the reader skips; as many characters, so that messages tell the right place.
std::string without_nan(std::string_view text) {
    std::string result(text);
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '"') quoted = !quoted;
        if (quoted && text[i] == '\\') ++i;
        if (quoted) continue;
        for (const std::string_view word : {"-Infinity", "Infinity", "NaN"}) {
            if (text.compare(i, word.size(), word) != 0) continue;
            result.replace(i, word.size(), "[]" + std::string(word.size() - 2, ' '));
            i += word.size() - 1;
            break;
        }
    }
    return result;
}

}  // namespace

void parse_config(const FileBytes& file, const std::string& path, Container& container) {
    const std::string text = without_nan(text_of(file.bytes));
    ConfigReader reader(path, text, container);
    Json::sax_parse(text, &reader);
}

void read_config(const std::string& path, Container& container) {
    const FileBytes file = map_file(path);
    parse_config(file, path, container);
    container.files.push_back({path, file.bytes, file.owner});
}

}  // namespace attn::io

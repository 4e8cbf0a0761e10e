#include "io/config.hpp"

#include <nlohmann/json.hpp>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "core/error.hpp"
#include "core/text_of.hpp"
#include "io/json_syntax.hpp"

namespace attn::io {
namespace {

using Json = nlohmann::json;

// As Python writes them, and what stands in for them while the JSON is read.
constexpr std::pair<std::string_view, std::string_view> kNotNumbers[]{
    {"-Infinity", "\x7f-"}, {"Infinity", "\x7f+"}, {"NaN", "\x7f"}};

class ConfigReader : public nlohmann::json_sax<Json> {
  public:
    ConfigReader(const std::string& path, std::string_view text, Container& container)
        : path_(path), text_(text), container_(container) {}

    bool null() override { return other("null"); }
    bool boolean(bool value) override { return setting(value, value ? "true" : "false"); }
    bool number_integer(std::int64_t value) override {
        return setting(static_cast<double>(value), std::to_string(value));
    }
    bool number_unsigned(std::uint64_t value) override {
        return setting(static_cast<double>(value), std::to_string(value));
    }
    bool number_float(double value, const std::string& text) override {
        return setting(value, text);
    }
    bool string(std::string& value) override {
        for (const auto& [word, text] : kNotNumbers) {
            if (value == text) return other(std::string(word));
        }
        if (in_arrays_ == 1) list_.push_back(value);
        if (in_arrays_ > 1) only_texts_ = false;
        return in_arrays_ > 0 ? written(Json(value).dump()) : setting(value, "");
    }
    bool binary(Json::binary_t&) override { return false; }

    // Objects in arrays are kept as they are written.
    bool start_object(std::size_t) override {
        require_depth();
        if (in_arrays_ > 0) {
            ++in_arrays_;
            only_texts_ = false;
            return written("{");
        }
        prefixes_.push_back(prefixes_.empty() ? "" : place_ + "/");
        return true;
    }
    bool end_object() override {
        if (in_arrays_ > 0) {
            --in_arrays_;
            written_ += '}';
        } else {
            prefixes_.pop_back();
        }
        return true;
    }

    bool key(std::string& name) override {
        if (in_arrays_ > 0) {
            written(Json(name).dump());
            written_ += ':';
            return true;
        }
        place_ = prefixes_.back() + name;
        if (!places_.insert(place_).second) fail(path_, ": ", place_, " stands twice");
        return true;
    }

    bool start_array(std::size_t) override {
        require_object();
        require_depth();
        if (++in_arrays_ > 1) {
            only_texts_ = false;
            return written("[");
        }
        list_.clear();
        written_ = "[";
        only_texts_ = true;
        return true;
    }
    bool end_array() override {
        written_ += ']';
        if (--in_arrays_ > 0) return true;
        if (only_texts_ && !list_.empty()) {
            container_.texts[place_] = {std::exchange(list_, {})};
        } else {
            container_.other_settings[place_] = std::exchange(written_, "");
        }
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

    // Adds to the array that is open.
    bool written(const std::string& text) {
        const bool first = written_.back() == '[' || written_.back() == '{';
        if (!first && written_.back() != ':') written_ += ", ";
        written_ += text;
        return true;
    }

    bool other(const std::string& text) {
        require_object();
        if (in_arrays_ == 0) {
            container_.other_settings[place_] = text;
            return true;
        }
        only_texts_ = false;
        return written(text);
    }

    template <class Value>
    bool setting(const Value& value, const std::string& text) {
        if (in_arrays_ > 0) return other(text);
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
    std::string written_;
    bool only_texts_ = false;
};

// Python writes NaN, Infinity and -Infinity, which JSON has not. A text that nobody writes stands
// in for them, of as many characters, so that messages tell the right place.
std::string without_nan(std::string_view text) {
    std::string result(text);
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '"') quoted = !quoted;
        if (quoted && text[i] == '\\') ++i;
        if (quoted) continue;
        for (const auto& [word, stand_in] : kNotNumbers) {
            if (text.compare(i, word.size(), word) != 0) continue;
            const std::string filler = '"' + std::string(stand_in) + '"';
            result.replace(i, word.size(), filler + std::string(word.size() - filler.size(), ' '));
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

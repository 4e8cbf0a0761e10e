#include "io/json.hpp"

#include <nlohmann/json.hpp>
#include <set>

#include "core/error.hpp"
#include "core/text_of.hpp"
#include "core/word_list.hpp"
#include "io/json_syntax.hpp"

namespace attn::io {
namespace {

using Json = nlohmann::json;

const std::string kEmpty = "is an empty list";

enum class Kind { unknown, numbers, truths, texts, objects };

const char* name_of(Kind kind) {
    switch (kind) {
        case Kind::numbers:
            return "numbers";
        case Kind::truths:
            return "true and false";
        case Kind::texts:
            return "texts";
        case Kind::objects:
            return "objects";
        case Kind::unknown:
            break;
    }
    return "nothing";
}

// A regular nest of JSON arrays while it is being read.
struct Nest {
    Kind kind = Kind::unknown;
    Shape shape;                      // extents known so far; 0: not known yet
    std::vector<std::size_t> counts;  // elements so far in each array that is open
    std::size_t value_depth = 0;      // depth at which the first value stood; 0: none yet
    std::vector<double> numbers;
    std::vector<std::byte> truths;
    std::vector<std::vector<std::string>> texts;
    std::string fault;  // why the array is not read; it does not disturb the others
};

class Reader : public nlohmann::json_sax<Json> {
  public:
    Reader(const FileBytes& file, Container& container) : file_(file), container_(container) {}

    bool null() override {
        if (path_.empty() && !in_array()) bare_value();
        if (!in_array()) {
            container_.absent[path()] = "is null";
            return true;
        }
        spoil("holds null, expected numbers; NaN can be saved as .npy");
        ++nest_.counts.back();
        return true;
    }
    bool boolean(bool value) override {
        if (!in_array()) return setting(value);
        if (element(Kind::truths)) nest_.truths.push_back(std::byte{value});
        return true;
    }
    bool number_integer(std::int64_t value) override { return number(static_cast<double>(value)); }
    bool number_unsigned(std::uint64_t value) override {
        return number(static_cast<double>(value));
    }
    bool number_float(double value, const std::string&) override { return number(value); }
    bool string(std::string& value) override {
        if (!in_array()) return setting(value);
        if (!element(Kind::texts)) return true;
        if (nest_.counts.size() > 2) return spoil("nests texts deeper than one list a sequence");
        if (nest_.texts.empty()) nest_.texts.emplace_back();
        nest_.texts.back().push_back(value);
        return true;
    }
    bool binary(Json::binary_t&) override { return false; }

    bool start_object(std::size_t) override {
        require_depth();
        if (in_array()) {
            element(Kind::objects);
            path_.push_back(place_in_arrays());
        }
        outer_.push_back(std::move(nest_));
        nest_ = Nest();
        keys_.emplace_back();
        key_open_ = false;
        return true;
    }

    bool key(std::string& name) override {
        leave_key();
        if (!keys_.back().insert(name).second) {
            path_.push_back(name);
            problem("stands twice");
        }
        path_.push_back(name);
        key_open_ = true;
        return true;
    }

    bool end_object() override {
        leave_key();
        keys_.pop_back();
        nest_ = std::move(outer_.back());
        outer_.pop_back();
        if (in_array()) path_.pop_back();  // the index that start_object added
        key_open_ = !keys_.empty();        // the key under which the object stood
        return true;
    }

    bool start_array(std::size_t) override {
        require_depth();
        if (in_array()) {
            if (nest_.value_depth != 0 && nest_.counts.size() >= nest_.value_depth) mixed("arrays");
            ++nest_.counts.back();
        }
        nest_.counts.push_back(0);
        if (nest_.shape.size() < nest_.counts.size()) nest_.shape.push_back(0);
        if (nest_.kind == Kind::texts && nest_.counts.size() == 2) nest_.texts.emplace_back();
        return true;
    }

    bool end_array() override {
        const std::size_t depth = nest_.counts.size();
        const std::size_t count = nest_.counts.back();
        if (count == 0) spoil(depth == 1 ? kEmpty : "holds an empty array");
        std::size_t& extent = nest_.shape[depth - 1];
        if (extent == 0) extent = count;
        const bool list_of_lists = nest_.kind == Kind::texts && depth == 2;
        if (extent != count && !list_of_lists) {
            spoil("is ragged: one row has " + counted(extent, "value") + ", another " +
                  std::to_string(count));
        }
        nest_.counts.pop_back();
        if (nest_.counts.empty()) finish_nest();
        return true;
    }

    bool parse_error(std::size_t position, const std::string&,
                     const Json::exception& error) override {
        // 406: a number that float64 cannot hold
        const bool too_large = dynamic_cast<const Json::out_of_range*>(&error) != nullptr;
        refuse_json(container_.path, text_of(file_.bytes), position, too_large);
    }

  private:
    bool in_array() const { return !nest_.counts.empty(); }

    std::string path() const {
        std::string text;
        for (const std::string& part : path_) text += (text.empty() ? "" : "/") + part;
        return text;
    }

    [[noreturn]] void problem(const std::string& what) const {
        const std::string place = path();
        fail(container_.path, ": ", place.empty() ? "" : place + " ", what);
    }

    [[noreturn]] void bare_value() const {
        fail(container_.path, ": holds one bare value, expected an array or an object");
    }

    // The first fault of an array counts; what it held so far is let go.
    bool spoil(const std::string& fault) {
        if (!nest_.fault.empty()) return true;
        nest_.fault = fault;
        nest_.numbers = {};
        nest_.truths = {};
        nest_.texts = {};
        return true;
    }

    void mixed(const std::string& other) {
        spoil(std::string("mixes ") + name_of(nest_.kind) + " with " + other);
    }

    // Where an object stands in the arrays that are open: "3", or "3/0" in arrays of arrays.
    std::string place_in_arrays() const {
        std::string place;
        for (const std::size_t count : nest_.counts)
            place += (place.empty() ? "" : "/") + std::to_string(count - 1);
        return place;
    }

    void require_depth() const {
        if (outer_.size() + nest_.counts.size() >= kMaxJsonDepth)
            problem("is nested deeper than 64");
    }

    void leave_key() {
        if (key_open_) path_.pop_back();
        key_open_ = false;
    }

    // Counts a value of the open array and checks that it is like its neighbours; false when the
    // array is not read.
    bool element(Kind kind) {
        const std::size_t depth = nest_.counts.size();
        if (nest_.kind == Kind::unknown) {
            nest_.kind = kind;
            nest_.value_depth = depth;
        }
        if (nest_.kind != kind) mixed(name_of(kind));
        if (nest_.value_depth != depth) mixed("arrays");
        ++nest_.counts.back();
        return nest_.fault.empty();
    }

    bool number(double value) {
        if (!in_array()) return setting(value);
        if (element(Kind::numbers)) nest_.numbers.push_back(value);
        return true;
    }

    template <class Value>
    bool setting(const Value& value) {
        if (path_.empty()) bare_value();
        container_.settings[path()] = value;
        return true;
    }

    void finish_nest() {
        if (!nest_.fault.empty()) return finish_spoiled();
        switch (nest_.kind) {
            case Kind::numbers:
                add_array(DType::float64, std::move(nest_.numbers));
                break;
            case Kind::truths:
                add_array(DType::boolean, std::move(nest_.truths));
                break;
            case Kind::texts:
                container_.texts[path()] = std::move(nest_.texts);
                break;
            case Kind::objects:
            case Kind::unknown:
                break;
        }
        nest_ = Nest();
    }

    // An array of objects and something else is no array; its objects were read by themselves.
    void finish_spoiled() {
        auto& list = nest_.fault == kEmpty ? container_.absent : container_.unreadable;
        list[path()] = nest_.fault;
        nest_ = Nest();
    }

    template <class Value>
    void add_array(DType dtype, std::vector<Value> values) {
        const auto owner = std::make_shared<const std::vector<Value>>(std::move(values));
        const std::string key = path();
        StoredArray array;
        array.name = key.empty() ? container_.path : container_.path + ":" + key;
        array.dtype = dtype;
        array.shape = nest_.shape;
        array.bytes = {reinterpret_cast<const std::byte*>(owner->data()),
                       owner->size() * sizeof(Value)};
        array.owner = owner;
        container_.arrays[key] = std::move(array);
    }

    const FileBytes& file_;
    Container& container_;
    std::vector<std::string> path_;
    bool key_open_ = false;
    Nest nest_;                                // the arrays that are open
    std::vector<Nest> outer_;                  // those around the objects that are open
    std::vector<std::set<std::string>> keys_;  // of the objects that are open
};

}  // namespace

void parse_json(const FileBytes& file, Container& container) {
    Reader reader(file, container);
    Json::sax_parse(text_of(file.bytes), &reader);
}

}  // namespace attn::io

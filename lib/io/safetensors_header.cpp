#include "io/safetensors_header.hpp"

#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "core/error.hpp"
#include "core/text_of.hpp"
#include "core/word_list.hpp"

namespace attn::io {
namespace {

using Json = nlohmann::json;

constexpr const char* kMetadata = "__metadata__";

constexpr std::pair<const char*, DType> kTypes[] = {
    {"F64", DType::float64},   {"F32", DType::float32}, {"F16", DType::float16},
    {"BF16", DType::bfloat16}, {"I64", DType::int64},   {"I32", DType::int32},
    {"I16", DType::int16},     {"I8", DType::int8},     {"U64", DType::uint64},
    {"U32", DType::uint32},    {"U16", DType::uint16},  {"U8", DType::uint8},
    {"BOOL", DType::boolean},
};

// An event of the parser is told what is open: nothing, the header, an object in it (a tensor or
// the metadata), or one of the object's two arrays.
class HeaderReader : public nlohmann::json_sax<Json> {
  public:
    HeaderReader(const std::string& path, std::map<std::string, Setting>& settings)
        : path_(path), settings_(settings) {}

    std::vector<TensorEntry> take_tensors() { return std::move(tensors_); }

    bool null() override {
        // The format's own reader takes null for no metadata.
        if (level_ == Level::header && name_ == kMetadata) return true;
        return value("null");
    }
    bool boolean(bool truth) override { return value(truth ? "true" : "false"); }
    bool number_integer(std::int64_t number) override { return value(std::to_string(number)); }
    bool number_float(double, const std::string& text) override { return value(text); }
    bool number_unsigned(std::uint64_t number) override {
        if (level_ != Level::array) return value(std::to_string(number));
        numbers_.push_back(number);
        return true;
    }
    bool string(std::string& text) override {
        if (level_ == Level::object && in_metadata()) {
            settings_[std::string(kMetadata) + "/" + field_] = text;
        } else if (level_ == Level::object && field_ == "dtype") {
            set(dtype_, text);
        } else {
            return value("a text");
        }
        return true;
    }
    bool binary(Json::binary_t&) override { return false; }

    bool start_object(std::size_t) override {
        if (skipped_ > 0 || is_unknown()) return ++skipped_, true;
        if (level_ == Level::nothing) return level_ = Level::header, true;
        if (level_ != Level::header) return value("an object");
        level_ = Level::object;
        dtype_.reset();
        shape_.reset();
        offsets_.reset();
        return true;
    }
    bool end_object() override {
        if (skipped_ > 0) return --skipped_, true;
        if (level_ == Level::header) return true;
        level_ = Level::header;
        if (!in_metadata()) add_tensor();
        return true;
    }

    bool key(std::string& name) override {
        if (skipped_ > 0) return true;
        if (level_ == Level::object) return field_ = name, true;
        name_ = name;
        if (!names_.insert(name).second) problem("stands twice in the header");
        return true;
    }

    bool start_array(std::size_t) override {
        if (skipped_ > 0 || is_unknown()) return ++skipped_, true;
        if (level_ != Level::object || in_metadata() || field_ == "dtype") return value("an array");
        level_ = Level::array;
        numbers_.clear();
        return true;
    }
    bool end_array() override {
        if (skipped_ > 0) return --skipped_, true;
        level_ = Level::object;
        if (field_ == "data_offsets" && numbers_.size() != 2)
            problem("data_offsets holds ", counted(numbers_.size(), "number"), ", expected 2");
        set(field_ == "shape" ? shape_ : offsets_, numbers_);
        return true;
    }

    bool parse_error(std::size_t position, const std::string&, const Json::exception&) override {
        fail(path_, ": its header is not valid JSON, at byte ", position);
    }

  private:
    enum class Level { nothing, header, object, array };

    bool in_metadata() const { return name_ == kMetadata; }

    // A field that a later version of the format may bring.
    bool is_unknown() const {
        return level_ == Level::object && !in_metadata() && field_ != "dtype" &&
               field_ != "shape" && field_ != "data_offsets";
    }

    template <class... Parts>
    [[noreturn]] void problem(const Parts&... parts) const {
        fail(path_, ":", name_, ": ", parts...);
    }

    // A value of a type that the format does not have at this place.
    bool value(const std::string& found) const {
        if (skipped_ > 0 || is_unknown()) return true;
        if (level_ == Level::nothing)
            fail(path_, ": its header is ", found, ", expected an object");
        if (level_ == Level::header) problem("is ", found, " in the header, expected an object");
        if (in_metadata()) problem(field_, " is ", found, ", expected a text");
        const char* verb = level_ == Level::array ? " holds " : " is ";
        if (field_ == "dtype") problem("dtype is ", found, ", expected a text such as F32");
        problem(field_, verb, found, ", expected an array of whole numbers, none of them negative");
    }

    template <class T>
    void set(std::optional<T>& field, const T& content) {
        if (field) problem(field_, " stands twice");
        field = content;
    }

    void add_tensor() {
        if (!dtype_) problem("has no dtype in the header");
        if (!shape_) problem("has no shape in the header");
        if (!offsets_) problem("has no data_offsets in the header");
        tensors_.push_back({name_, *dtype_, *shape_, (*offsets_)[0], (*offsets_)[1]});
    }

    const std::string& path_;
    std::map<std::string, Setting>& settings_;
    std::vector<TensorEntry> tensors_;
    Level level_ = Level::nothing;
    std::size_t skipped_ = 0;  // unknown arrays and objects that are open
    std::string name_;
    std::string field_;
    std::unordered_set<std::string> names_;
    std::optional<std::string> dtype_;
    std::optional<std::vector<std::size_t>> shape_;
    std::optional<std::vector<std::size_t>> offsets_;
    std::vector<std::size_t> numbers_;
};

}  // namespace

std::optional<DType> dtype_of_code(std::string_view code) {
    for (const auto& [name, dtype] : kTypes) {
        if (code == name) return dtype;
    }
    return std::nullopt;
}

const char* code_of(DType dtype) {
    for (const auto& [name, known] : kTypes) {
        if (dtype == known) return name;
    }
    return "";
}

std::vector<TensorEntry> read_safetensors_header(Span<const std::byte> header,
                                                 const std::string& path,
                                                 std::map<std::string, Setting>& settings) {
    const std::string_view text = text_of(header);
    HeaderReader reader(path, settings);
    Json::sax_parse(text.begin(), text.end(), &reader);
    return reader.take_tensors();
}

}  // namespace attn::io

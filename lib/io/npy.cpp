#include "io/npy.hpp"

#include <cctype>
#include <charconv>
#include <cstring>
#include <optional>
#include <string_view>

#include "core/error.hpp"

namespace attn::io {
namespace {

constexpr char kMagic[] = "\x93NUMPY";
constexpr std::size_t kMagicSize = 6;
constexpr std::size_t kMaxRank = 32;  // as NumPy

// Walks over the header, which is a Python dictionary: {'descr': '<f4', 'fortran_order': False,
// 'shape': (3, 4), }
class HeaderParser {
  public:
    HeaderParser(std::string_view text, const std::string& name) : text_(text), name_(name) {}

    struct Header {
        std::string descr;
        bool fortran_order = false;
        Shape shape;
    };

    Header parse() {
        Header header;
        bool has_descr = false;
        bool has_order = false;
        bool has_shape = false;
        expect('{');
        while (!accept('}')) {
            const std::string key = quoted();
            expect(':');
            if (key == "descr") {
                header.descr = descr();
                has_descr = true;
            } else if (key == "fortran_order") {
                header.fortran_order = truth();
                has_order = true;
            } else if (key == "shape") {
                header.shape = shape();
                has_shape = true;
            } else {
                damaged();
            }
            if (!accept(',')) {
                expect('}');
                break;
            }
        }
        skip_space();
        if (!text_.empty() || !has_descr || !has_order || !has_shape) damaged();
        return header;
    }

  private:
    [[noreturn]] void damaged() const { fail(name_, ": has a damaged NPY header"); }

    void skip_space() {
        while (!text_.empty() && std::isspace(static_cast<unsigned char>(text_.front())) != 0) {
            text_.remove_prefix(1);
        }
    }

    bool accept(char wanted) {
        skip_space();
        if (text_.empty() || text_.front() != wanted) return false;
        text_.remove_prefix(1);
        return true;
    }

    void expect(char wanted) {
        if (!accept(wanted)) damaged();
    }

    std::string quoted() {
        const char quote = accept('\'') ? '\'' : '"';
        if (quote == '"') expect('"');
        const std::size_t end = text_.find(quote);
        if (end == std::string_view::npos) damaged();
        std::string result(text_.substr(0, end));
        text_.remove_prefix(end + 1);
        return result;
    }

    std::string descr() {
        skip_space();
        if (!text_.empty() && text_.front() == '[') {
            fail(name_,
                 ": holds records (a structured dtype); save each field as an array of its own");
        }
        return quoted();
    }

    bool truth() {
        skip_space();
        for (const bool value : {true, false}) {
            const std::string_view word = value ? "True" : "False";
            if (text_.substr(0, word.size()) != word) continue;
            text_.remove_prefix(word.size());
            return value;
        }
        damaged();
    }

    Shape shape() {
        Shape result;
        expect('(');
        while (!accept(')')) {
            skip_space();
            std::size_t extent = 0;
            const auto [end, problem] =
                std::from_chars(text_.data(), text_.data() + text_.size(), extent);
            if (problem == std::errc::result_out_of_range) {
                fail(name_, ": has a shape that is larger than any memory");
            }
            if (problem != std::errc()) damaged();
            text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
            accept('L');  // Python 2 wrote long integers so
            result.push_back(extent);
            if (result.size() > kMaxRank) damaged();
            if (!accept(',')) {
                expect(')');
                break;
            }
        }
        return result;
    }

    std::string_view text_;
    const std::string& name_;
};

struct TypeCode {
    DType dtype;
    bool swapped = false;
};

std::optional<DType> dtype_of_code(std::string_view code) {
    struct Row {
        const char* code;
        DType dtype;
    };
    // ml_dtypes, the usual source of bfloat16 in NumPy, leaves it as two bytes without a meaning.
    static constexpr Row kRows[] = {
        {"f2", DType::float16},  {"f4", DType::float32}, {"f8", DType::float64},
        {"i1", DType::int8},     {"i2", DType::int16},   {"i4", DType::int32},
        {"i8", DType::int64},    {"u1", DType::uint8},   {"u2", DType::uint16},
        {"u4", DType::uint32},   {"u8", DType::uint64},  {"b1", DType::boolean},
        {"V2", DType::bfloat16},
    };
    for (const Row& row : kRows) {
        if (code == row.code) return row.dtype;
    }
    return std::nullopt;
}

TypeCode parse_type(const std::string& descr, const std::string& name) {
    const std::string_view order = std::string_view(descr).substr(0, 1);
    if (!descr.empty() && std::string_view("<>|=").find(descr[0]) != std::string_view::npos) {
        if (const auto dtype = dtype_of_code(std::string_view(descr).substr(1))) {
            return {*dtype, order == ">" && size_of(*dtype) > 1};
        }
    }
    if (descr.find('O') != std::string::npos) {
        fail(name,
             ": holds pickled Python objects, which are programs and are not read; "
             "save it again as an array of numbers");
    }
    const char kind = descr.size() > 1 ? descr[1] : '?';
    if (kind == 'c') fail(name, ": holds complex numbers (", descr, ")");
    if (kind == 'U' || kind == 'S') fail(name, ": holds text (", descr, "), expected numbers");
    if (kind == 'M' || kind == 'm') fail(name, ": holds dates or times (", descr, ")");
    fail(name, ": has the unknown dtype '", descr,
         "'; expected float16, bfloat16, float32, float64, an integer type or bool");
}

std::size_t read_little_endian(Span<const std::byte> bytes, std::size_t begin, std::size_t count) {
    std::size_t value = 0;
    for (std::size_t i = count; i-- > 0;)
        value = value << 8 | std::to_integer<std::size_t>(bytes[begin + i]);
    return value;
}

void require_axes(const StoredArray& array) {
    for (std::size_t extent : array.shape) {
        if (extent == 0) fail(array.name, ": has no values: its shape is ", to_string(array.shape));
    }
}

}  // namespace

bool is_npy(Span<const std::byte> bytes) {
    return bytes.size() >= kMagicSize && std::memcmp(bytes.data(), kMagic, kMagicSize) == 0;
}

StoredArray parse_npy(const FileBytes& file, const std::string& name) {
    const Span<const std::byte> bytes = file.bytes;
    if (!is_npy(bytes)) fail(name, ": is not an NPY file");
    if (bytes.size() < kMagicSize + 2) fail(name, ": ends inside its NPY header");
    const auto version = std::to_integer<unsigned>(bytes[kMagicSize]);
    if (version < 1 || version > 3)
        fail(name, ": is NPY version ", version, ", expected 1, 2 or 3");
    const std::size_t length_size = version == 1 ? 2 : 4;
    const std::size_t header_begin = kMagicSize + 2 + length_size;
    if (bytes.size() < header_begin) fail(name, ": ends inside its NPY header");
    const std::size_t header_size = read_little_endian(bytes, kMagicSize + 2, length_size);
    if (header_size > bytes.size() - header_begin) fail(name, ": ends inside its NPY header");

    const auto* text = reinterpret_cast<const char*>(bytes.data() + header_begin);
    const auto header = HeaderParser(std::string_view(text, header_size), name).parse();
    const TypeCode type = parse_type(header.descr, name);

    StoredArray array;
    array.name = name;
    array.dtype = type.dtype;
    array.swapped_bytes = type.swapped;
    array.column_major = header.fortran_order && header.shape.size() > 1;
    array.shape = header.shape;
    require_axes(array);
    std::size_t promised = 0;
    if (__builtin_mul_overflow(element_count(array.shape, name), size_of(array.dtype), &promised)) {
        fail(name, ": shape ", to_string(array.shape),
             " holds more values than memory can address");
    }
    const std::size_t data_begin = header_begin + header_size;
    const std::size_t held = bytes.size() - data_begin;
    if (held < promised) {
        fail(name, ": holds ", held, " bytes of data, its header promises ", promised, " (",
             to_string(array.dtype), " ", to_string(array.shape), ")");
    }
    array.bytes = {bytes.data() + data_begin, promised};
    array.owner = file.owner;
    array.mapped = file.mapped;
    return array;
}

}  // namespace attn::io

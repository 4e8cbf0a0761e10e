#include "io/npy_header.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstring>
#include <optional>
#include <string_view>

#include "core/error.hpp"
#include "core/text_of.hpp"
#include "core/word_list.hpp"

namespace attn::io {
namespace {

constexpr char kMagic[] = "\x93NUMPY";
constexpr std::size_t kMagicSize = 6;
constexpr std::size_t kMaxRank = 32;                              // as NumPy
constexpr std::size_t kMaxDictionarySize = std::size_t{1} << 20;  // far beyond what NumPy reads

constexpr std::size_t kMaxTextWidth = std::size_t{1} << 20;

struct Dictionary {
    std::string descr;  // "[" for a list of fields
    bool fortran_order = false;
    Shape shape;
};

// Walks over the header, which is a Python dictionary: {'descr': '<f4', 'fortran_order': False,
// 'shape': (3, 4), }
class DictionaryParser {
  public:
    DictionaryParser(std::string_view text, const std::string& name) : text_(text), name_(name) {}

    Dictionary parse() {
        Dictionary dictionary;
        bool has_descr = false;
        bool has_order = false;
        bool has_shape = false;
        expect('{');
        while (!accept('}')) {
            const std::string key = quoted();
            expect(':');
            if (key == "descr") {
                dictionary.descr = descr();
                has_descr = true;
            } else if (key == "fortran_order") {
                dictionary.fortran_order = truth();
                has_order = true;
            } else if (key == "shape") {
                dictionary.shape = shape();
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
        return dictionary;
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
        if (text_.empty() || text_.front() != '[') return quoted();
        skip_list();
        return "[";
    }

    // A list of fields, with lists and tuples inside.
    void skip_list() {
        std::size_t depth = 0;
        do {
            skip_space();
            if (text_.empty()) damaged();
            const char next = text_.front();
            if (next == '\'' || next == '"') {
                quoted();
                continue;
            }
            text_.remove_prefix(1);
            if (next == '[' || next == '(') ++depth;
            if (next == ']' || next == ')') --depth;
        } while (depth > 0);
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
            const bool scalar = accept_scalar_type();
            std::size_t extent = 0;
            const auto [end, problem] =
                std::from_chars(text_.data(), text_.data() + text_.size(), extent);
            if (problem == std::errc::result_out_of_range) {
                fail(name_, ": has a shape that is larger than any memory");
            }
            if (problem != std::errc()) damaged();
            text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
            accept('L');  // Python 2 wrote long integers so
            if (scalar) expect(')');
            result.push_back(extent);
            if (result.size() > kMaxRank) damaged();
            if (!accept(',')) {
                expect(')');
                break;
            }
        }
        return result;
    }

    // NumPy 2 writes an extent that was a NumPy scalar as np.int64(4).
    bool accept_scalar_type() {
        for (const std::string_view prefix : {"np.", "numpy."}) {
            if (text_.substr(0, prefix.size()) != prefix) continue;
            const std::size_t open = text_.find('(');
            const std::string_view type = text_.substr(0, open).substr(prefix.size());
            if (type.substr(0, 3) != "int" && type.substr(0, 4) != "uint") damaged();
            text_.remove_prefix(std::min(open, text_.size()));
            expect('(');
            return true;
        }
        return false;
    }

    std::string_view text_;
    const std::string& name_;
};

std::optional<DType> dtype_of_descr(std::string_view code) {
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

// Why arrays of the type are not read.
std::string reason_against(const std::string& descr) {
    if (descr == "[")
        return "holds records (a structured dtype); save each field as an array of its own";
    if (descr.find('O') != std::string::npos) {
        return "holds pickled Python objects, which are programs and are not read; save arrays of "
               "different shapes one by one: np.savez('FILE.npz', *arrays), texts as "
               "np.array(texts, dtype=str)";
    }
    const char kind = descr.size() > 1 ? descr[1] : '?';
    if (kind == 'c') return "holds complex numbers (" + descr + ")";
    if (kind == 'U' || kind == 'S') return "holds text (" + descr + "), expected numbers";
    if (kind == 'M' || kind == 'm') return "holds dates or times (" + descr + ")";
    return "has the unknown dtype '" + descr +
           "'; expected float16, bfloat16, float32, float64, an integer type or bool";
}

// '<U5' or '|S3'
void set_text_type(NpyHeader& header, const std::string& descr) {
    if (descr.size() < 3 || (descr[1] != 'U' && descr[1] != 'S')) return;
    std::size_t width = 0;
    const char* end = descr.data() + descr.size();
    const auto [stop, problem] = std::from_chars(descr.data() + 2, end, width);
    if (problem != std::errc() || stop != end || width > kMaxTextWidth) return;
    header.wide_texts = descr[1] == 'U';
    header.text_size = header.wide_texts ? 4 * width : width;
    header.swapped_bytes = descr[0] == '>';
}

void set_type(NpyHeader& header, const std::string& descr) {
    const char order = descr.empty() ? '?' : descr[0];
    const auto dtype = dtype_of_descr(std::string_view(descr).substr(descr.empty() ? 0 : 1));
    if (!dtype || std::string_view("<>|=").find(order) == std::string_view::npos) {
        header.unreadable = reason_against(descr);
        set_text_type(header, descr);
        return;
    }
    header.dtype = *dtype;
    header.swapped_bytes = order == '>' && size_of(*dtype) > 1;
}

std::size_t read_little_endian(Span<const std::byte> bytes, std::size_t begin, std::size_t count) {
    std::size_t value = 0;
    for (std::size_t i = count; i-- > 0;)
        value = value << 8 | std::to_integer<std::size_t>(bytes[begin + i]);
    return value;
}

}  // namespace

bool is_npy(Span<const std::byte> bytes) {
    return bytes.size() >= kMagicSize && std::memcmp(bytes.data(), kMagic, kMagicSize) == 0;
}

std::size_t npy_header_size(Span<const std::byte> bytes, const std::string& name) {
    if (!is_npy(bytes)) fail(name, ": is not an NPY file");
    if (bytes.size() < kMagicSize + 2) fail(name, ": ends inside its NPY header");
    const auto version = std::to_integer<unsigned>(bytes[kMagicSize]);
    if (version < 1 || version > 3)
        fail(name, ": is NPY version ", version, ", expected 1, 2 or 3");
    const std::size_t length_size = version == 1 ? 2 : 4;
    const std::size_t begin = kMagicSize + 2 + length_size;
    if (bytes.size() < begin) fail(name, ": ends inside its NPY header");
    const std::size_t length = read_little_endian(bytes, kMagicSize + 2, length_size);
    if (length > kMaxDictionarySize) {
        fail(name, ": has an NPY header of ", counted(length, "byte"), ", expected at most ",
             kMaxDictionarySize);
    }
    return begin + length;
}

NpyHeader parse_npy_header(Span<const std::byte> bytes, const std::string& name) {
    NpyHeader header;
    header.size = npy_header_size(bytes, name);
    if (header.size > bytes.size()) fail(name, ": ends inside its NPY header");
    const auto version = std::to_integer<unsigned>(bytes[kMagicSize]);
    const std::size_t begin = kMagicSize + 2 + (version == 1 ? 2 : 4);
    const Dictionary dictionary =
        DictionaryParser(text_of(bytes).substr(begin, header.size - begin), name).parse();

    set_type(header, dictionary.descr);
    header.column_major = dictionary.fortran_order && dictionary.shape.size() > 1;
    header.shape = dictionary.shape;
    const std::size_t size = header.text_size > 0 ? header.text_size : size_of(header.dtype);
    if (__builtin_mul_overflow(element_count(header.shape, name), size, &header.data_size)) {
        fail(name, ": shape ", to_string(header.shape),
             " holds more values than memory can address");
    }
    return header;
}

void require_no_more(std::size_t held, const NpyHeader& header, const std::string& name) {
    if (held <= header.data_size) return;
    fail(name, ": holds ", counted(held, "byte"), " of data, its header promises ",
         header.data_size, "; the ", held - header.data_size,
         " behind them would be ignored: was an array appended?");
}

}  // namespace attn::io

#include "io/own_mark.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cassert>
#include <cstdint>
#include <utility>

namespace attn::io {
namespace {

// Signature and IHDR, which has a fixed size.
constexpr std::size_t kPngHeader = 8 + 4 + 4 + 13 + 4;

// Length, type, text and checksum.
const std::string kPngMark(
    "\x00\x00\x00\x15tEXtSoftware\x00"
    "attn-inspect\xb0\xe1\x78\x49",
    33);

constexpr std::size_t kNpyPrefix = 10;  // magic, version, length of the dictionary
constexpr std::size_t kNpyMark = 128;

std::size_t npy_length(const std::string& prefix) {
    return static_cast<std::uint8_t>(prefix[8]) |
           static_cast<std::size_t>(static_cast<std::uint8_t>(prefix[9])) << 8;
}

// Fewer bytes at the end of the file, or when it cannot be read.
std::string read_at(int descriptor, std::size_t offset, std::size_t size) {
    std::string bytes(size, '\0');
    const ssize_t count =
        ::pread(descriptor, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    bytes.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
    return bytes;
}

std::string mark_npy(const std::string& bytes) {
    const std::size_t length = npy_length(bytes) + kNpyMark;
    assert(bytes[6] == 1 && length <= 0xffff);
    std::string marked = bytes;
    marked[8] = static_cast<char>(length & 0xff);
    marked[9] = static_cast<char>(length >> 8);
    marked.insert(kNpyPrefix + length - kNpyMark - 1, kNpyMark, ' ');
    return marked;
}

bool is_marked_npy(int descriptor) {
    const std::string prefix = read_at(descriptor, 0, kNpyPrefix);
    if (prefix.size() < kNpyPrefix ||
        prefix.compare(0, 8, std::string("\x93NUMPY\x01\x00", 8)) != 0)
        return false;
    const std::size_t length = npy_length(prefix);
    if (length <= kNpyMark) return false;
    const std::string end = read_at(descriptor, kNpyPrefix + length - kNpyMark - 1, kNpyMark + 1);
    return end == std::string(kNpyMark, ' ') + '\n';
}

constexpr const char* kXmlLine = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
constexpr const char* kSvgMark = "<!-- drawn by attn-inspect -->\n";
constexpr const char* kDoctype = "<!doctype html>\n";
constexpr const char* kHtmlMark = "<!-- made by attn-inspect -->\n";
constexpr const char* kPdfMark = "%drawn by attn-inspect\n";

// Behind the first line, which is always the same.
std::string mark_behind(const std::string& line, const std::string& mark, std::string bytes) {
    assert(bytes.compare(0, line.size(), line) == 0);
    bytes.insert(line.size(), mark);
    return bytes;
}

bool is_marked_behind(const std::string& line, const std::string& mark, int descriptor) {
    const std::string expected = line + mark;
    return read_at(descriptor, 0, expected.size()) == expected;
}

std::string mark_pdf(const std::string& bytes) {
    const bool ends_a_line = !bytes.empty() && bytes.back() == '\n';
    return bytes + (ends_a_line ? "" : "\n") + kPdfMark;
}

bool is_marked_pdf(int descriptor) {
    const std::string mark = kPdfMark;
    struct stat status {};
    if (::fstat(descriptor, &status) != 0 || status.st_size < static_cast<off_t>(mark.size()))
        return false;
    const auto size = static_cast<std::size_t>(status.st_size);
    return read_at(descriptor, 0, 5) == "%PDF-" &&
           read_at(descriptor, size - mark.size(), mark.size()) == mark;
}

bool is_marked_png(int descriptor) {
    return read_at(descriptor, 0, 8) == "\x89PNG\r\n\x1a\n" &&
           read_at(descriptor, kPngHeader, kPngMark.size()) == kPngMark;
}

std::string mark_png(const std::string& bytes) {
    return bytes.substr(0, kPngHeader) + kPngMark + bytes.substr(kPngHeader);
}

}  // namespace

std::string with_mark(FileKind kind, std::string bytes) {
    switch (kind) {
        case FileKind::npy:
            return mark_npy(bytes);
        case FileKind::svg:
            return mark_behind(kXmlLine, kSvgMark, std::move(bytes));
        case FileKind::pdf:
            return mark_pdf(bytes);
        case FileKind::html:
            return mark_behind(kDoctype, kHtmlMark, std::move(bytes));
        case FileKind::png:
            break;
    }
    return mark_png(bytes);
}

bool has_mark(FileKind kind, int descriptor) {
    switch (kind) {
        case FileKind::npy:
            return is_marked_npy(descriptor);
        case FileKind::svg:
            return is_marked_behind(kXmlLine, kSvgMark, descriptor);
        case FileKind::pdf:
            return is_marked_pdf(descriptor);
        case FileKind::html:
            return is_marked_behind(kDoctype, kHtmlMark, descriptor);
        case FileKind::png:
            break;
    }
    return is_marked_png(descriptor);
}

}  // namespace attn::io

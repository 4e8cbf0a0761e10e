#include "render/pdf.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <type_traits>
#include <vector>

#include "core/error.hpp"
#include "core/large_stack.hpp"
#include "core/utf8.hpp"
#include "render/pdf_library.hpp"
#include "render/pdf_text_map.hpp"

namespace attn::render {
namespace {

constexpr double kPointsPerPixel = 72.0 / 100;
constexpr double kLongestSide = 14400;  // points; what readers of PDF promise to show
constexpr double kShortestSide = 3;     // and what they require

struct FreeDocument {
    void operator()(HPDF_Doc document) const { HPDF_Free(document); }
};
using Document = std::unique_ptr<std::remove_pointer_t<HPDF_Doc>, FreeDocument>;

// A font as a file without a name, because the library reads fonts from files only.
class FontOnDisk {
  public:
    explicit FontOnDisk(const Font::Program& font)
        : descriptor_(::memfd_create("font", MFD_CLOEXEC)) {
        std::size_t written = 0;
        while (descriptor_ >= 0 && written < font.size) {
            const ssize_t count = ::write(descriptor_, font.data + written, font.size - written);
            if (count <= 0) break;
            written += static_cast<std::size_t>(count);
        }
        if (written == font.size) return;
        if (descriptor_ >= 0) ::close(descriptor_);
        fail("cannot hand the font to the writer of PDF: out of memory");
    }
    ~FontOnDisk() { ::close(descriptor_); }
    FontOnDisk(const FontOnDisk&) = delete;
    FontOnDisk& operator=(const FontOnDisk&) = delete;

    std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

  private:
    int descriptor_;
};

// Text as the library takes it: what is no character of two bytes becomes U+FFFD.
std::string plain(std::string_view text) {
    std::string result;
    while (!text.empty()) {
        const Utf8Character next = first_character(text);
        const bool known = next.valid && next.code >= 0x20 && next.code <= 0xFFFF;
        result += known ? text.substr(0, next.size) : "\uFFFD";
        text.remove_prefix(next.size);
    }
    return result;
}

// Draws shapes onto a page. The library counts up from the lower edge, in points.
class Writer {
  public:
    Writer(HPDF_Doc document, HPDF_Page page, HPDF_Font pdf_font, const Figure& figure,
           const Font& font)
        : document_(document),
          page_(page),
          pdf_font_(pdf_font),
          height_(static_cast<double>(figure.height)),
          font_(font) {}

    void operator()(const FilledRectangle& shape) const {
        set_color(shape.color);
        HPDF_Page_Rectangle(page_, points(shape.x), up(shape.y + shape.height), points(shape.width),
                            points(shape.height));
        HPDF_Page_Fill(page_);
    }

    void operator()(const FilledPolygon& shape) const {
        set_color(shape.color);
        bool first = true;
        for (const Point& corner : shape.corners) {
            if (first) {
                HPDF_Page_MoveTo(page_, points(corner.x), up(corner.y));
            } else {
                HPDF_Page_LineTo(page_, points(corner.x), up(corner.y));
            }
            first = false;
        }
        HPDF_Page_ClosePath(page_);
        HPDF_Page_Fill(page_);
    }

    void operator()(const TextLine& line) const {
        const std::string text = plain(line.text);
        set_color(line.color);
        HPDF_Page_BeginText(page_);
        HPDF_Page_SetFontAndSize(page_, pdf_font_, points(font_.em_size(line.size)));
        double before = 0;
        if (line.anchor != TextAnchor::start)
            before =
                static_cast<double>(HPDF_Page_TextWidth(page_, text.c_str())) / kPointsPerPixel;
        if (line.anchor == TextAnchor::middle) before /= 2;
        const auto base_line = static_cast<double>(font_.base_line(line.size));
        if (line.direction == TextDirection::across) {
            HPDF_Page_SetTextMatrix(page_, 1, 0, 0, 1, points(line.x - before),
                                    up(line.y + base_line));
        } else {
            HPDF_Page_SetTextMatrix(page_, 0, 1, -1, 0, points(line.x + base_line),
                                    up(line.y + before));
        }
        HPDF_Page_ShowText(page_, text.c_str());
        HPDF_Page_EndText(page_);
    }

    void operator()(const CellBlock& block) const {
        const Image pixels = pixels_of(block);
        const HPDF_Image image = HPDF_LoadRawImageFromMem(
            document_, pixels.pixels(), static_cast<HPDF_UINT>(pixels.width()),
            static_cast<HPDF_UINT>(pixels.height()), HPDF_CS_DEVICE_RGB, 8);
        if (image == nullptr) return;  // the document knows why
        HPDF_Page_DrawImage(page_, image, points(block.x), up(block.y + pixels.height()),
                            points(pixels.width()), points(pixels.height()));
    }

    void set_color(Color color) const {
        const auto part = [](std::uint8_t sample) { return static_cast<float>(sample) / 255; };
        HPDF_Page_SetRGBFill(page_, part(color.red), part(color.green), part(color.blue));
    }

  private:
    template <class Number>
    static float points(Number pixels) {
        return static_cast<float>(static_cast<double>(pixels) * kPointsPerPixel);
    }

    template <class Number>
    float up(Number y) const {
        return points(height_ - static_cast<double>(y));
    }

    HPDF_Doc document_;
    HPDF_Page page_;
    HPDF_Font pdf_font_;
    double height_;
    const Font& font_;
};

HPDF_Font embed(HPDF_Doc document, const Font& font) {
    const Font::Program program = font.program();
    const char* const hint = ": cannot be embedded into PDF; take a TrueType font FILE.ttf";
    if (!program.is_plain_truetype) fail("--font", hint);
    const FontOnDisk file(program);
    const char* name = HPDF_LoadTTFontFromFile(document, file.path().c_str(), HPDF_TRUE);
    HPDF_Font result = name == nullptr ? nullptr : HPDF_GetFont(document, name, "UTF-8");
    if (result == nullptr) fail("--font", hint);
    return result;
}

void write_facts(HPDF_Doc document, const PictureFacts& facts) {
    HPDF_SetCurrentEncoder(document, "UTF-8");
    const auto write = [&](HPDF_InfoType type, const std::string& text) {
        if (!text.empty()) HPDF_SetInfoAttr(document, type, plain(text).c_str());
    };
    write(HPDF_INFO_TITLE, fact(facts, "Title"));
    write(HPDF_INFO_SUBJECT, fact(facts, "Description"));
    write(HPDF_INFO_CREATOR, fact(facts, "Software"));
    write(HPDF_INFO_KEYWORDS, other_facts(facts));
}

std::string bytes_of(HPDF_Doc document) {
    if (HPDF_SaveToStream(document) != HPDF_OK) return "";
    std::string bytes(HPDF_GetStreamSize(document), '\0');
    auto size = static_cast<HPDF_UINT32>(bytes.size());
    HPDF_ResetStream(document);
    HPDF_ReadFromStream(document, reinterpret_cast<HPDF_BYTE*>(bytes.data()), &size);
    bytes.resize(size);
    return bytes;
}

// The library keeps buffers of 64 KiB on the stack. Sizes are in points.
std::string write_document(const Figure& figure, const Font& font, bool paper,
                           const PictureFacts& facts, double width, double height) {
    const Document document(HPDF_New(nullptr, nullptr));
    if (!document) throw std::bad_alloc();
    HPDF_SetCompressionMode(document.get(), HPDF_COMP_ALL);
    HPDF_UseUTFEncodings(document.get());
    const HPDF_Font pdf_font = embed(document.get(), font);
    const HPDF_Page page = HPDF_AddPage(document.get());
    if (page == nullptr) throw std::bad_alloc();
    HPDF_Page_SetWidth(page, static_cast<float>(std::max(width, kShortestSide)));
    HPDF_Page_SetHeight(page, static_cast<float>(std::max(height, kShortestSide)));

    const Writer writer(document.get(), page, pdf_font, figure, font);
    if (paper) writer(FilledRectangle{0, 0, figure.width, figure.height, kPaper});
    for (const Shape& shape : figure.shapes) std::visit(writer, shape);
    write_facts(document.get(), facts);
    std::string bytes = bytes_of(document.get());
    if (bytes.empty() || HPDF_GetError(document.get()) != HPDF_OK)
        fail("the writer of PDF failed (libharu error ", HPDF_GetError(document.get()), ")");
    mend_text_map(bytes);
    return bytes;
}

}  // namespace

std::string encode_pdf(const Figure& figure, const Font& font, bool paper,
                       const PictureFacts& facts) {
    const double width = static_cast<double>(figure.width) * kPointsPerPixel;
    const double height = static_cast<double>(figure.height) * kPointsPerPixel;
    if (std::max(width, height) > kLongestSide) {
        fail("a picture of ", figure.width, " x ", figure.height,
             " pixels is longer than a page of PDF may be (200 inches); choose a smaller --cell or "
             "--max-size");
    }
    std::string bytes;
    on_large_stack([&] { bytes = write_document(figure, font, paper, facts, width, height); });
    return bytes;
}

}  // namespace attn::render

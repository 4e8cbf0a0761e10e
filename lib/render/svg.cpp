#include "render/svg.hpp"

#include <charconv>
#include <cmath>
#include <cstdint>

#include "core/base64.hpp"
#include "core/utf8.hpp"
#include "render/png.hpp"

namespace attn::render {
namespace {

// Three digits behind the point and no zeros at the end, whatever the locale.
std::string number(double value) {
    char text[64];
    const double rounded = std::round(value * 1000) / 1000;
    const auto end = std::to_chars(text, text + sizeof text, rounded).ptr;
    return {text, static_cast<std::size_t>(end - text)};
}

std::string number(std::size_t value) {
    return std::to_string(value);
}

// Text as XML takes it: bytes and characters that it cannot hold become U+FFFD.
std::string escaped(std::string_view text) {
    std::string result;
    while (!text.empty()) {
        const Utf8Character next = first_character(text);
        const bool allowed = next.valid && (next.code >= 0x20 || next.code == '\t') &&
                             next.code != 0xFFFE && next.code != 0xFFFF;
        if (!allowed) {
            result += "\uFFFD";
        } else if (next.code == '&') {
            result += "&amp;";
        } else if (next.code == '<') {
            result += "&lt;";
        } else if (next.code == '>') {
            result += "&gt;";
        } else if (next.code == '"') {
            result += "&quot;";
        } else {
            result += text.substr(0, next.size);
        }
        text.remove_prefix(next.size);
    }
    return result;
}

std::string hex(Color color) {
    constexpr char kDigits[] = "0123456789abcdef";
    std::string text = "#";
    for (const std::uint8_t sample : {color.red, color.green, color.blue}) {
        text += kDigits[sample >> 4];
        text += kDigits[sample & 15U];
    }
    return text;
}

class Writer {
  public:
    Writer(std::string& svg, const Font& font) : svg_(svg), font_(font) {}

    void operator()(const FilledRectangle& shape) const {
        svg_ += "<rect" + box(shape.x, shape.y, shape.width, shape.height) + " fill=\"" +
                hex(shape.color) + "\"/>\n";
    }

    void operator()(const FilledPolygon& shape) const {
        svg_ += "<polygon points=\"";
        for (const Point& corner : shape.corners)
            svg_ += number(corner.x) + "," + number(corner.y) + " ";
        svg_.back() = '"';
        svg_ += " shape-rendering=\"auto\" fill=\"" + hex(shape.color) + "\"/>\n";
    }

    void operator()(const TextLine& line) const {
        const auto base_line = static_cast<double>(font_.base_line(line.size));
        svg_ += "<text";
        if (line.direction == TextDirection::across) {
            svg_ += " x=\"" + number(line.x) + "\" y=\"" + number(line.y + base_line) + "\"";
        } else {
            svg_ += " transform=\"translate(" + number(line.x + base_line) + " " + number(line.y) +
                    ") rotate(-90)\"";
        }
        if (line.anchor == TextAnchor::middle) svg_ += " text-anchor=\"middle\"";
        if (line.anchor == TextAnchor::end) svg_ += " text-anchor=\"end\"";
        svg_ += " font-size=\"" + number(font_.em_size(line.size)) + "\" fill=\"" +
                hex(line.color) + "\">" + escaped(line.text) + "</text>\n";
    }

    void operator()(const CellBlock& block) const {
        const Image image = pixels_of(block);
        // Newer viewers know "pixelated", older ones and printers "optimizeSpeed".
        svg_ += "<image" + box(block.x, block.y, image.width(), image.height()) +
                " preserveAspectRatio=\"none\" image-rendering=\"optimizeSpeed\" "
                "style=\"image-rendering:pixelated\" xlink:href=\"data:image/png;base64," +
                base64(encode_png(image)) + "\"/>\n";
    }

  private:
    static std::string box(std::size_t x, std::size_t y, std::size_t width, std::size_t height) {
        return " x=\"" + number(x) + "\" y=\"" + number(y) + "\" width=\"" + number(width) +
               "\" height=\"" + number(height) + "\"";
    }

    std::string& svg_;
    const Font& font_;
};

std::string element(const std::string& name, const std::string& text) {
    return text.empty() ? "" : "<" + name + ">" + escaped(text) + "</" + name + ">\n";
}

// For programs in Dublin Core, for readers as a description.
std::string about(const PictureFacts& facts) {
    if (facts.empty()) return "";
    const std::string title = fact(facts, "Title");
    const std::string description = fact(facts, "Description");
    return element("title", title) + element("desc", description) +
           "<metadata>\n<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" "
           "xmlns:dc=\"http://purl.org/dc/elements/1.1/\">\n<rdf:Description rdf:about=\"\">\n" +
           element("dc:title", title) + element("dc:description", other_facts(facts)) +
           element("dc:source", fact(facts, "Source")) +
           element("dc:creator", fact(facts, "Software")) +
           "<dc:format>image/svg+xml</dc:format>\n</rdf:Description>\n</rdf:RDF>\n</metadata>\n";
}

}  // namespace

std::string encode_svg(const Figure& figure, const Font& font, bool paper,
                       const PictureFacts& facts) {
    const std::string width = number(figure.width);
    const std::string height = number(figure.height);
    std::string svg =
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" "
        "xmlns:xlink=\"http://www.w3.org/1999/xlink\" version=\"1.1\" width=\"" +
        number(static_cast<double>(figure.width) / 100) + "in\" height=\"" +
        number(static_cast<double>(figure.height) / 100) + "in\" viewBox=\"0 0 " + width + " " +
        height + "\">\n" + about(facts);
    if (paper) {
        svg += "<rect width=\"" + width + "\" height=\"" + height + "\" fill=\"" + hex(kPaper) +
               "\"/>\n";
    }
    const std::string family = font.family();
    const bool usual = family.empty() || family == "DejaVu Sans";
    svg += "<g font-family=\"" + (usual ? "" : "'" + escaped(family) + "', ") +
           "'DejaVu Sans', Verdana, sans-serif\" shape-rendering=\"crispEdges\" "
           "xml:space=\"preserve\">\n";
    const Writer writer(svg, font);
    for (const Shape& shape : figure.shapes) std::visit(writer, shape);
    return svg + "</g>\n</svg>\n";
}

}  // namespace attn::render

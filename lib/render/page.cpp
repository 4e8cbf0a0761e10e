#include "render/page.hpp"

#include <algorithm>
#include <cstdint>

#include "core/base64.hpp"
#include "core/parallel.hpp"
#include "core/printable.hpp"
#include "io/sha256.hpp"
#include "render/short_script.hpp"

extern "C" {
extern const char attn_page_skeleton[];
extern const char attn_page_skeleton_end[];
extern const char attn_page_style[];
extern const char attn_page_style_end[];
extern const char attn_page_modules[];
extern const char attn_page_modules_end[];
}

namespace attn::render {
namespace {

std::string_view between(const char* begin, const char* end) {
    return {begin, static_cast<std::size_t>(end - begin)};
}

bool begins_with(std::string_view text, std::string_view start) {
    return text.substr(0, start.size()) == start;
}

std::string escaped_html(std::string_view text) {
    std::string escaped;
    for (const char c : text) {
        switch (c) {
            case '&':
                escaped += "&amp;";
                break;
            case '<':
                escaped += "&lt;";
                break;
            case '>':
                escaped += "&gt;";
                break;
            case '"':
                escaped += "&quot;";
                break;
            case '\'':
                escaped += "&#39;";
                break;
            case '\0':
                escaped += "\xef\xbf\xbd";  // as browsers read it
                break;
            default:
                escaped += c;
        }
    }
    return escaped;
}

// JSON of the same meaning that can stand in a script element: < opens nothing, and no character
// is one that some reader takes for the end of a line.
std::string json_in_script(std::string_view json) {
    std::string escaped;
    escaped.reserve(json.size());
    for (std::size_t i = 0; i < json.size(); ++i) {
        if (json[i] == '<') {
            escaped += "\\u003c";
        } else if (begins_with(json.substr(i), "\xe2\x80\xa8") ||
                   begins_with(json.substr(i), "\xe2\x80\xa9")) {
            escaped += json[i + 2] == '\xa8' ? "\\u2028" : "\\u2029";
            i += 2;
        } else {
            escaped += json[i];
        }
    }
    return escaped;
}

// 'sha256-…' of what stands between the tags.
std::string source_hash(std::string_view text) {
    const std::string digits =
        io::sha256({reinterpret_cast<const std::byte*>(text.data()), text.size()});
    const auto value = [](char digit) { return digit <= '9' ? digit - '0' : digit - 'a' + 10; };
    std::string digest;
    for (std::size_t i = 0; i < digits.size(); i += 2)
        digest += static_cast<char>(value(digits[i]) << 4 | value(digits[i + 1]));
    return "'sha256-" + base64(digest) + "'";
}

std::string policy(std::string_view style, std::string_view script) {
    return "default-src 'none'; script-src " + source_hash(script) + "; style-src " +
           source_hash(style) +
           "; img-src data: blob:; base-uri 'none'; form-action 'none'; "
           "require-trusted-types-for 'script'; trusted-types 'none'";
}

// Pieces of a page are about as large.
constexpr std::size_t kPiece = std::size_t{1} << 17;

constexpr std::string_view kChunkEnd = "</script>\n";
constexpr std::string_view kPageEnd = "</body>\n</html>\n";

std::string chunk_begin(std::size_t number) {
    return "<script type=\"application/octet-stream\" id=\"c" + std::to_string(number) + "\">";
}

std::size_t size_of(const std::vector<PageChunk>& chunks, std::size_t first) {
    std::size_t size = 0;
    for (const PageChunk& chunk : chunks)
        size += chunk_begin(first++).size() + base64_size(chunk.bytes.size()) + kChunkEnd.size();
    return size;
}

// The elements of chunks, in pieces.
class ChunkLetters {
  public:
    // `first`: the number of the first one.
    ChunkLetters(const std::vector<PageChunk>& chunks, std::size_t first)
        : chunks_(chunks), first_(first) {}

    // Adds the next piece; nothing at the end.
    void take(std::string& text) {
        while (chunk_ < chunks_.size() && text.size() < kLettersAtOnce) {
            const std::string_view bytes = chunks_[chunk_].bytes;
            if (at_ == 0) text += chunk_begin(first_ + chunk_);
            const std::size_t count = std::min(bytes.size() - at_, kBytesAtOnce);
            append_base64(bytes.substr(at_, count), text);
            at_ += count;
            if (at_ < bytes.size()) continue;
            text += kChunkEnd;
            at_ = 0;
            ++chunk_;
        }
    }

  private:
    static constexpr std::size_t kLettersAtOnce = std::size_t{1} << 18;
    static constexpr std::size_t kBytesAtOnce = kLettersAtOnce / 8 * 3;  // half of them

    const std::vector<PageChunk>& chunks_;
    std::size_t first_;
    std::size_t chunk_ = 0, at_ = 0;  // what comes next
};

// Collects what is small into pieces.
class PieceWriter {
  public:
    explicit PieceWriter(const std::function<void(std::string_view)>& to) : to_(to) {
        piece_.reserve(2 * kPiece);
    }

    void add(std::string_view text) {
        piece_.append(text);
        if (piece_.size() >= kPiece) flush();
    }

    void add_chunks(const std::vector<PageChunk>& chunks, std::size_t first) {
        flush();
        ChunkLetters letters(chunks, first);
        std::string now, next;
        for (letters.take(now); !now.empty(); now.swap(next)) {
            next.clear();
            // The next ones are made while these are written.
            parallel_for(2, [&](std::size_t part) { part == 0 ? to_(now) : letters.take(next); });
        }
    }

    void flush() {
        if (!piece_.empty()) to_(piece_);
        piece_.clear();
    }

  private:
    const std::function<void(std::string_view)>& to_;
    std::string piece_;
};

// All that stands before the data.
std::string beginning_of(const PageParts& parts) {
    const std::string style = unindented(page_style());
    std::string html = "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
    html += "<meta http-equiv=\"Content-Security-Policy\" content=\"" +
            policy(style, page_script()) + "\">\n";
    html += "<meta name=\"referrer\" content=\"no-referrer\">\n";
    html += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n";
    html += "<title>" + escaped_html(printable(parts.title)) + "</title>\n<style>" + style;
    html += "</style>\n</head>\n<body>\n" + unindented(page_skeleton());
    html += "<script type=\"application/json\" id=\"meta\">" + json_in_script(parts.meta) +
            "</script>\n";
    return html;
}

}  // namespace

std::string_view page_skeleton() {
    return between(attn_page_skeleton, attn_page_skeleton_end);
}

std::string_view page_style() {
    return between(attn_page_style, attn_page_style_end);
}

std::string_view page_modules() {
    return between(attn_page_modules, attn_page_modules_end);
}

std::string joined_modules(std::string_view modules) {
    static constexpr std::string_view kExport = "export ";
    std::string script = "(function () {\n'use strict';\n";
    while (!modules.empty()) {
        const std::size_t end = std::min(modules.find('\n'), modules.size());
        std::string_view line = modules.substr(0, end);
        modules.remove_prefix(std::min(end + 1, modules.size()));
        if (begins_with(line, "import ")) continue;
        if (begins_with(line, kExport)) line.remove_prefix(kExport.size());
        script.append(line);
        script += '\n';
    }
    return short_script(script + "})();\n");
}

const std::string& page_script() {
    static const std::string script = joined_modules(page_modules());
    return script;
}

Page::Page(PageParts parts) : parts_(std::move(parts)), beginning_(beginning_of(parts_)) {}

std::size_t Page::size() const {
    static constexpr std::string_view kTags = "<script></script>\n";
    return beginning_.size() + size_of(parts_.early, 0) + page_script().size() + kTags.size() +
           size_of(parts_.late, parts_.early.size()) + kPageEnd.size();
}

void Page::write(const std::function<void(std::string_view)>& to) const {
    PieceWriter pieces(to);
    pieces.add(beginning_);
    pieces.add_chunks(parts_.early, 0);
    pieces.add("<script>");
    pieces.add(page_script());
    pieces.add("</script>\n");
    pieces.add_chunks(parts_.late, parts_.early.size());
    pieces.add(kPageEnd);
    pieces.flush();
}

std::string page_html(const PageParts& parts) {
    const Page page(parts);
    std::string html;
    html.reserve(page.size());
    page.write([&](std::string_view piece) { html.append(piece); });
    return html;
}

}  // namespace attn::render

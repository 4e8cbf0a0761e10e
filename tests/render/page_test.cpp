#include "render/page.hpp"

#include <catch2/catch.hpp>
#include <regex>
#include <set>
#include <sstream>

#include "core/base64.hpp"
#include "io/sha256.hpp"
#include "support/page.hpp"

using namespace attn::render;
using attn::test::between;
using Catch::Contains;

namespace {

PageParts hostile_parts() {
    PageParts parts;
    parts.title = "</title><script>alert('\"&";
    parts.meta = "{\"tokens\":[\"</script><img src=x>\",\"<!--\",\"\xe2\x80\xa8\"]}";
    parts.early = {{"ABC"}};
    parts.late = {{"DEF"}, {"GHI"}};
    return parts;
}

std::string source_of(const std::string& text) {
    const std::string digits =
        attn::io::sha256({reinterpret_cast<const std::byte*>(text.data()), text.size()});
    std::string digest;
    for (std::size_t i = 0; i < digits.size(); i += 2)
        digest += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
    return "'sha256-" + attn::base64(digest) + "'";
}

std::size_t count(const std::string& text, const std::string& what) {
    std::size_t found = 0;
    for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1))
        ++found;
    return found;
}

}  // namespace

TEST_CASE("a page's policy allows the script and the style between its tags, and nothing else") {
    const std::string html = page_html(hostile_parts());
    const std::string policy =
        between(html, "http-equiv=\"Content-Security-Policy\" content=\"", "\">");
    CHECK_THAT(policy, Contains("default-src 'none'"));
    CHECK_THAT(policy, Contains("script-src " + source_of(between(html, "<script>", "</script>"))));
    CHECK_THAT(policy, Contains("style-src " + source_of(between(html, "<style>", "</style>"))));
    CHECK_THAT(policy, Contains("require-trusted-types-for 'script'; trusted-types 'none'"));
    CHECK(html.find("Content-Security-Policy") < html.find("<style>"));
    CHECK(html.find("<meta charset=\"utf-8\">") < html.find("Content-Security-Policy"));
}

TEST_CASE("hostile text opens no element in a page") {
    const std::string html = page_html(hostile_parts());
    CHECK(count(html, "<script") == 5);  // meta, three chunks, the script
    CHECK(count(html, "</script") == 5);
    CHECK(count(html, "<img ") == 0);
    CHECK(count(html.substr(0, html.find("<style>")), "</title") == 1);
    CHECK_THAT(html, !Contains("<!--"));
    CHECK_THAT(html, !Contains("\xe2\x80\xa8"));
    CHECK_THAT(html, Contains("&lt;/title&gt;&lt;script&gt;alert(&#39;&quot;&amp;"));
    const auto meta = nlohmann::json::parse(
        between(html, "<script type=\"application/json\" id=\"meta\">", "</script>"));
    CHECK(meta["tokens"][0] == "</script><img src=x>");
    CHECK(meta["tokens"][2] == "\xe2\x80\xa8");
}

TEST_CASE("what the script needs first stands before it, all else behind") {
    const std::string html = page_html(hostile_parts());
    const std::size_t script = html.find("<script>(function");
    REQUIRE(script != std::string::npos);
    CHECK(html.find("id=\"meta\"") < script);
    CHECK(html.find("id=\"c0\">QUJD") < script);
    CHECK(html.find("id=\"c1\">REVG") > script);
    CHECK(html.find("id=\"c1\">REVG") < html.find("id=\"c2\">R0hJ"));
}

TEST_CASE("a page says its size, and is written in pieces that stay small") {
    PageParts parts = hostile_parts();
    for (const std::size_t bytes : {0U, 1U, 98303U, 98304U, 98305U, 400'000U}) {
        const std::string chunk(bytes, '\x5a');
        parts.late = {{chunk}, {"GHI"}};
        const Page page(parts);
        std::vector<std::string> pieces;
        page.write([&](std::string_view piece) { pieces.emplace_back(piece); });
        std::string html;
        for (const std::string& piece : pieces) html += piece;
        CAPTURE(bytes);
        CHECK(html.size() == page.size());
        CHECK(html == page_html(parts));
        CHECK(attn::test::unbase64(between(html, "id=\"c1\">", "</script>")) == chunk);
        for (const std::string& piece : pieces) CHECK(piece.size() < 400'000);
    }
}

TEST_CASE("modules are joined into one function without imports and exports") {
    CHECK(
        joined_modules("import { a } from './a.js';\nexport function b() {\n  return 1;\n}\n"
                       "const export_count = 2;\n") ==
        "(function(){\n'use strict';\nfunction b(){\nreturn 1;\n}\nconst export_count=2;\n})();\n");
    CHECK(joined_modules("a();") == "(function(){\n'use strict';\na();\n})();\n");
}

TEST_CASE("the assets of the page survive an HTML parser as they are") {
    for (const std::string_view asset : {page_skeleton(), page_style(), page_modules()}) {
        const std::string text(asset);
        REQUIRE(!text.empty());
        for (const char* word : {"</script", "</style", "<!--", "]]>", "\r"})
            CHECK(text.find(word) == std::string::npos);
        for (const char c : text) {
            if (static_cast<unsigned char>(c) >= 0x80 || c == '\0')
                FAIL("not ASCII: " << static_cast<int>(c));
        }
    }
}

TEST_CASE("the skeleton of the page holds nothing that its policy forbids") {
    for (const char* word : {"<script", "<style", "style=\"", "http", "onclick", "<body", "<meta"})
        CHECK_THAT(std::string(page_skeleton()), !Contains(word));
}

TEST_CASE("no space that begins a line of the skeleton or the style means anything") {
    for (const char* word : {"<pre", "<textarea"})
        CHECK_THAT(std::string(page_skeleton()), !Contains(word));
    CHECK_THAT(std::string(page_style()), !Contains("\\\n"));  // a string that goes on
}

TEST_CASE("comments and indentation stay in the sources, at the end of a line, too") {
    CHECK(joined_modules("/**\n * What b does.\n */\nexport function b() {\n  // why\n  return 2 * "
                         "3; // so\n}\n") ==
          "(function(){\n'use strict';\nfunction b(){\nreturn 2*3;\n}\n})();\n");
    CHECK(page_script().size() * 10 < page_modules().size() * 6);
    const std::string html = page_html(hostile_parts());
    CHECK_THAT(between(html, "<style>", "</style>"), !Contains("\n "));
}

TEST_CASE("modules import only from those above them, and no two have a name in common") {
    std::istringstream lines{std::string(page_modules())};
    const std::regex import("import \\{([^}]*)\\} from '\\./[a-z_]+\\.js';");
    const std::regex declaration(
        "(export )?(async )?(function\\*?|const|let|class) +"
        "([A-Za-z_$][A-Za-z0-9_$]*).*");
    std::set<std::string> declared, exported;
    for (std::string line; std::getline(lines, line);) {
        std::smatch found;
        INFO(line);
        if (line.rfind("import ", 0) == 0) {
            REQUIRE(std::regex_match(line, found, import));
            std::istringstream names(found[1].str());
            for (std::string name; std::getline(names, name, ',');) {
                name.erase(0, name.find_first_not_of(' '));
                name.erase(name.find_last_not_of(' ') + 1);
                CAPTURE(name);
                CHECK(exported.count(name) == 1);
            }
        } else if (std::regex_match(line, found, declaration)) {
            CHECK(declared.insert(found[4]).second);
            if (found[1].matched) exported.insert(found[4]);
        } else {
            CHECK(line.rfind("export ", 0) != 0);
        }
    }
    CHECK(declared.size() > 10);
}

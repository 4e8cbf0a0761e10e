#include "render/short_script.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "core/error.hpp"

using attn::render::short_script;
using attn::render::unindented;
using Catch::Contains;

namespace {

struct Pair {
    const char* written;
    const char* shortened;
};

// Where nothing may change but that the last line ends.
std::string ended(const std::string& line) {
    return line + "\n";
}

}  // namespace

TEST_CASE("comments, indentation, empty lines and idle spaces are dropped from a script") {
    CHECK(short_script("/**\n * What it does.\n */\nfunction twice(a, b) {\n\n  // why\n"
                       "  return 2 * a + /** @type {number} */ (b); // the sum\n}\n") ==
          "function twice(a,b){\nreturn 2*a+(b);\n}\n");
    CHECK(short_script("").empty());
    CHECK(short_script("// nothing").empty());
}

TEST_CASE("a script keeps its lines, on which its semicolons depend") {
    CHECK(short_script("return /* a\n comment */ 1\n") == "return\n1\n");
    CHECK(short_script("a\n\n\n  ++b") == "a\n++b\n");
    CHECK(short_script("a // one\n// two\n[b]\n") == "a\n[b]\n");
}

TEST_CASE("what looks like a comment or a space inside a text of a script stays") {
    for (const std::string text : {
             R"('a  //  b')",
             R"("/* no  comment */")",
             R"('it\'s  //')",
             R"("\\"//)",
             R"(`two  //  ${a+`in  ${b}  /* */ `}  words`)",
             R"(`\`  \${ //`)",
             "`  a\n\n   // line\n  b`",
             R"('a'in b)",
             R"(/[/"'`]  \/\//g.test(a))",
             R"(a=/  \/* /)",
             R"(b.replace(/'/g,"//"))",
         }) {
        CAPTURE(text);
        const std::string kept = text == R"("\\"//)" ? R"("\\")" : text;
        CHECK(short_script(text) == ended(kept));
    }
}

TEST_CASE("tokens of a script that would become one stay apart") {
    for (const Pair& pair : std::vector<Pair>{
             {"a + +b - -c", "a+ +b- -c"},
             {"a++ + ++b", "a++ + ++b"},
             {"typeof a in b", "typeof a in b"},
             {"1 .toFixed( 2 )", "1 .toFixed(2)"},
             {"1. in b", "1. in b"},
             {"a / /b/.c", "a/ /b/.c"},
             {"a < ! b", "a< !b"},
             {"/b/g in c", "/b/g in c"},
             {"a ? .5 : [ ...b ]", "a? .5:[...b]"},
             {"async ( $a , _b ) => { }", "async($a,_b)=>{}"},
             {"else { return [ a ] ; }", "else{return[a];}"},
         }) {
        CAPTURE(pair.written);
        CHECK(short_script(pair.written) == ended(pair.shortened));
    }
}

TEST_CASE("a slash of a script divides behind a value, and what looks like a text is one") {
    for (const std::string before : {"a", "1", "a[0]", "(a)", "b.return", "f(a)", "'text'", "`a`",
                                     "/b/g", "x.if(a)", "b?.in", "if_(a)"}) {
        CAPTURE(before);
        CHECK(short_script(before + " /  2 + '  /  //'") == ended(before + "/2+'  /  //'"));
    }
}

TEST_CASE("a slash of a script begins an expression behind a sign or a word that wants a value") {
    for (const std::string before :
         {"", "a=", ";", "!", "return", "typeof", "case", "if(a)", "while((a))", "else", "a&&",
          "=>", "a?", "b:", "a,", "x in", "...typeof"}) {
        CAPTURE(before);
        CHECK(short_script(before + "/  '  [/]  \\/  /.test(a)") ==
              ended(before + "/  '  [/]  \\/  /.test(a)"));
    }
    CHECK(short_script("[/ \" /, { a : / ' / }, `${/ ` /}`]") ==
          ended("[/ \" /,{a:/ ' /},`${/ ` /}`]"));
}

TEST_CASE("what cannot be told apart in a script is refused by its line and name") {
    for (const Pair& pair : std::vector<Pair>{
             {"{}\n/a/.b", "line 2: a slash behind }"},
             {"a++ / b", "line 1: a slash behind ++ or --"},
             {"a-- / b", "a slash behind ++ or --"},
             {"for (a of /b/) c", "a slash behind of"},
             {"yield /a/", "a slash behind yield"},
             {"await /a/", "a slash behind await"},
             {"for await (a of b) /c/.d", "a slash behind await"},
             {"a <!-- b", "a comment of HTML"},
             {"a\n--> b", "line 2: a comment of HTML"},
             {"'a\n'", "a string without an end"},
             {"\"a\\\"", "a string without an end"},
             {"'", "a string without an end"},
             {"`a${b}", "a template without an end"},
             {"`a\\`", "a template without an end"},
             {"a = /b[/]\n/", "a regular expression without an end"},
             {"/* a", "a comment without an end"},
             {"f(a", "what is opened and not closed"},
             {"f(a))", "what is closed and was not opened"},
         }) {
        CAPTURE(pair.written);
        REQUIRE_THROWS_AS(short_script(pair.written), attn::Error);
        try {
            short_script(pair.written);
        } catch (const attn::Error& error) {
            CHECK_THAT(error.what(), Contains(pair.shortened));
        }
    }
}

TEST_CASE("lines of markup and style lose the spaces that they begin with, and no others") {
    CHECK(unindented("  <p>\n    a  b\n\n  </p>") == "<p>\na  b\n\n</p>");
}

// One HTML file that opens anywhere, without a network: style, skeleton, data and script joined,
// and a policy that lets nothing else run. Knows nothing of what the data means.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace attn::render {

// Data that the page's script reads: it stands there as base64, in an element that is not executed.
// The bytes must outlive the chunk.
struct PageChunk {
    std::string_view bytes;
};

struct PageParts {
    std::string title;  // any text
    std::string meta;   // a JSON document, any text inside
    // Elements c0, c1, …: those that the script needs first stand before it.
    std::vector<PageChunk> early;
    std::vector<PageChunk> late;
};

// The assets of the page that is built in.
std::string_view page_skeleton();
std::string_view page_style();
std::string_view page_modules();  // all of them, one after another

// One classic script from ES modules, in the short form of short_script: lines that import are
// dropped, what is exported is not.
std::string joined_modules(std::string_view modules);

// That of page_modules(), made once.
const std::string& page_script();

// The page, which is made while it is written: it never stands in memory as a whole.
class Page {
  public:
    explicit Page(PageParts parts);

    std::size_t size() const;  // bytes

    // Hands the page over, piece by piece; the first one holds all up to the data.
    void write(const std::function<void(std::string_view)>& to) const;

  private:
    PageParts parts_;
    std::string beginning_;
};

// The whole page at once.
std::string page_html(const PageParts& parts);

}  // namespace attn::render

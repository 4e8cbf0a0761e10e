#include "render/complex_scripts.hpp"

#include <algorithm>
#include <cstring>

namespace attn::render {
namespace {

struct Script {
    std::uint32_t first;
    std::uint32_t last;
    const char* name;
};

constexpr const char* kMarks = "combining marks";

constexpr Script kScripts[] = {
    {0x0300, 0x036F, kMarks},
    {0x0483, 0x0489, kMarks},
    {0x0591, 0x05FF, "Hebrew"},
    {0x0600, 0x06FF, "Arabic"},
    {0x0700, 0x074F, "Syriac"},
    {0x0750, 0x077F, "Arabic"},
    {0x0780, 0x07BF, "Thaana"},
    {0x07C0, 0x07FF, "N'Ko"},
    {0x0800, 0x085F, "right-to-left text"},
    {0x0860, 0x086F, "Syriac"},
    {0x0870, 0x08FF, "Arabic"},
    {0x0900, 0x0DFF, "Indic scripts"},
    {0x0E31, 0x0E31, "Thai marks"},
    {0x0E34, 0x0E3A, "Thai marks"},
    {0x0E47, 0x0E4E, "Thai marks"},
    {0x0EB1, 0x0ECE, "Lao marks"},
    {0x0F00, 0x0FFF, "Tibetan"},
    {0x1000, 0x109F, "Myanmar"},
    {0x1780, 0x17FF, "Khmer"},
    {0x1AB0, 0x1AFF, kMarks},
    {0x1DC0, 0x1DFF, kMarks},
    {0x20D0, 0x20FF, kMarks},
    {0xFB1D, 0xFB4F, "Hebrew"},
    {0xFB50, 0xFDFF, "Arabic"},
    {0xFE20, 0xFE2F, kMarks},
    {0xFE70, 0xFEFE, "Arabic"},
    {0x10800, 0x10FFF, "right-to-left text"},
    {0x1E800, 0x1EFFF, "right-to-left text"},
};

}  // namespace

const char* complex_script(std::uint32_t character) {
    for (const Script& script : kScripts) {
        if (script.first <= character && character <= script.last) return script.name;
    }
    return nullptr;
}

bool is_combining(std::uint32_t character) {
    const char* const script = complex_script(character);
    return script != nullptr && std::strcmp(script, kMarks) == 0;
}

bool needs_shaping(const std::vector<std::uint32_t>& characters) {
    return std::any_of(characters.begin(), characters.end(),
                       [](std::uint32_t one) { return complex_script(one) != nullptr; });
}

bool is_invisible(std::uint32_t character) {
    const auto within = [&](std::uint32_t first, std::uint32_t last) {
        return first <= character && character <= last;
    };
    return character == 0xAD || within(0x200B, 0x200F) || within(0x202A, 0x202E) ||
           within(0x2060, 0x206F) || within(0xFE00, 0xFE0F) || character == 0xFEFF ||
           within(0xE0000, 0xE0FFF);
}

}  // namespace attn::render

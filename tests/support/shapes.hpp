// The shapes of a figure, found again by kind and text.
#pragma once

#include <string>
#include <vector>

#include "render/figure.hpp"

namespace attn::test {

template <class Kind>
std::vector<Kind> shapes_of(const render::Figure& figure) {
    std::vector<Kind> found;
    for (const render::Shape& shape : figure.shapes) {
        if (const auto* const kind = std::get_if<Kind>(&shape)) found.push_back(*kind);
    }
    return found;
}

// The lines of exactly this text.
inline std::vector<render::TextLine> lines_of(const render::Figure& figure,
                                              const std::string& text) {
    std::vector<render::TextLine> found;
    for (render::TextLine& line : shapes_of<render::TextLine>(figure)) {
        if (line.text == text) found.push_back(std::move(line));
    }
    return found;
}

}  // namespace attn::test

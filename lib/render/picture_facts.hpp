// What a picture file says about itself besides the picture. Keywords are those of PNG: Title,
// Description, Source, Software …; PNG keeps all of them, SVG and PDF what they have a place for.
// No date is among them, so that the same input gives the same bytes.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace attn::render {

using PictureFacts = std::vector<std::pair<std::string, std::string>>;

// The text of a keyword; empty where there is none.
inline std::string fact(const PictureFacts& facts, const std::string& keyword) {
    for (const auto& [key, text] : facts)
        if (key == keyword) return text;
    return "";
}

// "Layer: 0; Head: 3; Command: …": the facts but for those three that every format knows.
inline std::string other_facts(const PictureFacts& facts) {
    std::string list;
    for (const auto& [key, text] : facts) {
        if (key == "Title" || key == "Description" || key == "Software") continue;
        list += (list.empty() ? "" : "; ") + key + ": " + text;
    }
    return list;
}

}  // namespace attn::render

#include "check_place.hpp"

namespace attn::app {

std::string place_text(const pipeline::CheckPlace& place, bool batch) {
    std::string text = "layer " + std::to_string(place.layer);
    if (batch) text += ", seq " + std::to_string(place.sequence);
    text += ", head " + std::to_string(place.head);
    if (place.query) text += ", query " + std::to_string(*place.query);
    if (place.key) text += ", key " + std::to_string(*place.key);
    return text;
}

}  // namespace attn::app

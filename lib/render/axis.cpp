#include "render/axis.hpp"

#include <algorithm>

#include "core/divide_up.hpp"
#include "render/ink.hpp"

namespace attn::render {
namespace {

constexpr std::size_t kLongestLabel = 9;  // in heights of the text
constexpr std::size_t kTickLength = 4;

// The smallest of 1, 2, 5, 10, 20 … whose labels are at least `gap` pixels apart.
std::size_t choose_stride(std::size_t side, std::size_t pool, std::size_t gap) {
    for (std::size_t power = 1;; power *= 10) {
        for (const std::size_t factor : {1, 2, 5}) {
            if (factor * power * side >= gap * pool) return factor * power;
        }
    }
}

}  // namespace

std::string visible_token(const std::string& token) {
    if (token.empty()) return "\"\"";
    std::string result;
    for (const char character : token) {
        switch (character) {
            case ' ':
                result += "\u2423";
                break;
            case '\n':
                result += "\\n";
                break;
            case '\r':
                result += "\\r";
                break;
            case '\t':
                result += "\\t";
                break;
            default:
                result += character;
        }
    }
    return result;
}

Axis make_axis(const std::vector<std::string>& tokens, const AxisExtent& extent,
               const CellLayout& layout, const Font& font, std::size_t size, bool across,
               std::size_t least_step) {
    Axis axis;
    const std::size_t side = across ? layout.width() : layout.height();
    axis.tokens = !tokens.empty();
    const std::size_t last = extent.first + extent.count - 1;
    std::size_t gap = size;
    if (!axis.tokens)
        gap = across ? font.width(std::to_string(last), size) + size / 2 : size + size / 2;
    const std::size_t stride = std::max(least_step, choose_stride(side, layout.pool, gap));
    axis.step = stride;
    const std::size_t start = divide_up(extent.first, stride) * stride;
    for (std::size_t position = start; position <= last; position += stride) {
        AxisLabel label;
        label.center = (2 * (position - extent.first) + 1) * side / (2 * layout.pool);
        label.text = axis.tokens
                         ? font.shorten(visible_token(tokens[position]), size, kLongestLabel * size)
                         : std::to_string(position);
        axis.widest = std::max(axis.widest, font.width(label.text, size));
        axis.labels.push_back(std::move(label));
    }
    return axis;
}

AxisPair make_axes(const std::vector<std::string>& query_tokens, const AxisExtent& queries,
                   const std::vector<std::string>& key_tokens, const AxisExtent& keys,
                   const CellLayout& layout, const Font& font, std::size_t size) {
    AxisPair pair{make_axis(query_tokens, queries, layout, font, size, false),
                  make_axis(key_tokens, keys, layout, font, size, true)};
    const std::size_t step = std::max(pair.queries.step, pair.keys.step);
    const auto thin = [&](Axis& axis, const std::vector<std::string>& tokens,
                          const AxisExtent& extent, bool across) {
        if (axis.step == step) return;
        Axis thinner = make_axis(tokens, extent, layout, font, size, across, step);
        if (thinner.labels.size() >= 2) axis = std::move(thinner);
    };
    thin(pair.queries, query_tokens, queries, false);
    thin(pair.keys, key_tokens, keys, true);
    return pair;
}

std::size_t key_label_height(const Axis& axis, std::size_t size) {
    return axis.tokens ? axis.widest : size;
}

void add_query_labels(Figure& figure, const Axis& axis, std::size_t size, std::size_t left,
                      std::size_t top) {
    for (const AxisLabel& label : axis.labels) {
        const std::size_t row = top + label.center;
        figure.fill(left - 1 - kTickLength, row, kTickLength, 1, kInk);
        const std::size_t line = row - std::min(row, size / 2);
        figure.write({label.text, size, static_cast<double>(left - kAxisGap),
                      static_cast<double>(line), kInk, TextAnchor::end});
    }
}

void add_key_labels(Figure& figure, const Axis& axis, std::size_t size, std::size_t left,
                    std::size_t bottom) {
    for (const AxisLabel& label : axis.labels) {
        const std::size_t column = left + label.center;
        figure.fill(column, bottom + 1, 1, kTickLength, kInk);
        if (axis.tokens) {
            const std::size_t line = column - std::min(column, size / 2);
            figure.write({label.text, size, static_cast<double>(line),
                          static_cast<double>(bottom + kAxisGap), kInk, TextAnchor::end,
                          TextDirection::up});
        } else {
            figure.write({label.text, size, static_cast<double>(column),
                          static_cast<double>(bottom + kAxisGap - 1), kInk, TextAnchor::middle});
        }
    }
}

}  // namespace attn::render

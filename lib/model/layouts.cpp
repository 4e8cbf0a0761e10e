// The table of families. Names and shapes are facts of the published checkpoints.
#include "core/error.hpp"
#include "core/nearest.hpp"
#include "model/layout.hpp"
#include "model/layout_rows.hpp"

namespace attn::model {
namespace {

// Our own names; recognised by native_weights.cpp, which knows W_Q alone and JSON's nested keys.
Layout native() {
    Layout row;
    row.name = "native";
    row.title = "projection matrices under native names";
    row.order = MatrixOrder::in_out;
    row.causal = false;
    return row;
}

}  // namespace

const std::vector<Layout>& layouts() {
    static const std::vector<Layout> table = [] {
        std::vector<Layout> rows{native()};
        for (const auto& kind : {decoder_layouts(), encoder_layouts()})
            rows.insert(rows.end(), kind.begin(), kind.end());
        return rows;
    }();
    return table;
}

const Layout& find_layout(const std::string& name) {
    std::vector<std::string> names;
    for (const Layout& layout : layouts()) {
        if (layout.name == name) return layout;
        if (names.empty() || names.back() != layout.name) names.push_back(layout.name);
    }
    std::string list;
    for (const std::string& known : names) list += (list.empty() ? "" : ", ") + known;
    fail("--layout ", name, ": is not known",
         did_you_mean(name, names, "; expected one of " + list));
}

}  // namespace attn::model

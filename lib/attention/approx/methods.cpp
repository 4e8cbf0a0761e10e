#include <cmath>

#include "attention/approx/choice_methods.hpp"
#include "attention/approx/factor_methods.hpp"
#include "attention/approx/hash_methods.hpp"
#include "attention/approx/kernel_methods.hpp"
#include "attention/approx/method.hpp"
#include "attention/approx/quantiser_methods.hpp"

namespace attn::approx {
namespace {

OptionRow option(OptionKind kind, std::string name, std::string standard, double least,
                 double most) {
    OptionRow row;
    row.name = std::move(name);
    row.kind = kind;
    row.least = least;
    row.most = most;
    row.standard = std::move(standard);
    return row;
}

}  // namespace

std::string group_name(Group group) {
    switch (group) {
        case Group::exact:
            return "exact";
        case Group::masks:
            return "masks";
        case Group::selections:
            return "selections";
        case Group::caches:
            return "caches";
        case Group::factorisations:
            return "factorisations";
        case Group::kernels:
            return "kernels";
        case Group::quantisers:
            return "quantisers";
        case Group::heads:
            break;
    }
    return "heads";
}

OptionRow whole_option(std::string name, std::string standard, double least, double most) {
    return option(OptionKind::whole, std::move(name), std::move(standard), least, most);
}
OptionRow real_option(std::string name, std::string standard, double least, double most) {
    return option(OptionKind::real, std::move(name), std::move(standard), least, most);
}
OptionRow flag_option(std::string name, std::string standard) {
    return option(OptionKind::flag, std::move(name), std::move(standard), 0, 1);
}
OptionRow word_option(std::string name, std::string standard, std::vector<std::string> words) {
    OptionRow row = option(OptionKind::word, std::move(name), std::move(standard), 0, 0);
    row.words = std::move(words);
    return row;
}
OptionRow seed_option() {
    return option(OptionKind::whole, "seed", "-", 0, 9007199254740992.0);
}

const OptionRow* MethodRow::find(const std::string& wanted) const {
    for (const OptionRow& row : options) {
        if (row.name == wanted) return &row;
    }
    return nullptr;
}

double every_key(const Options&, const Sizes& sizes) {
    return static_cast<double>(sizes.keys);
}

const std::vector<MethodRow>& methods() {
    static const std::vector<MethodRow> all = [] {
        std::vector<MethodRow> rows;
        for (auto family : {mask_methods, selection_methods, choice_methods, hash_methods,
                            factor_methods, kernel_methods, quantiser_methods}) {
            for (MethodRow& row : family()) rows.push_back(std::move(row));
        }
        return rows;
    }();
    return all;
}

const MethodRow* find_method(const std::string& name) {
    for (const MethodRow& row : methods()) {
        if (row.name == name) return &row;
    }
    return nullptr;
}

}  // namespace attn::approx

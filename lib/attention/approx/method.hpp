// The methods that approximate attention: one row each in ONE table (methods.cpp), found by name.
// A row says what a method is called, which options it has, where it applies and how it is made.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "attention/approx/cost.hpp"
#include "attention/approx/shapes.hpp"
#include "core/matrix.hpp"

namespace attn::approx {

enum class Group { exact, masks, selections, caches, factorisations, kernels, quantisers, heads };

// "masks", "selections", …
std::string group_name(Group group);

// What a method does under a mask.
enum class CausalForm {
    any,     // takes the mask as it is
    none,    // has no masked form
    needed,  // only makes sense under a causal mask
};

// What a method reads beside who may attend.
enum class Reads {
    positions,    // nothing: weights are enough to judge it
    weights,      // the exact weights
    inputs,       // q, k, v
    projections,  // x and the projection matrices
};

enum class OptionKind { whole, real, flag, word, list };

struct OptionRow {
    std::string name;
    OptionKind kind = OptionKind::whole;
    double least = 0;
    double most = 1e15;
    std::string standard;            // default as text; "-" where default_of or the method says
    std::vector<std::string> words;  // of kind word; empty: any text
    // Where the default depends on the sizes.
    std::function<double(const Sizes&)> default_of = nullptr;
    bool required = true;  // false: may stay unset, Options::has() says

    bool is_number() const { return kind == OptionKind::whole || kind == OptionKind::real; }
};

OptionRow whole_option(std::string name, std::string standard, double least, double most = 1e15);
OptionRow real_option(std::string name, std::string standard, double least, double most);
OptionRow flag_option(std::string name, std::string standard);
OptionRow word_option(std::string name, std::string standard, std::vector<std::string> words);
OptionRow seed_option();  // its default is --seed

using MakeKeptKeys = std::function<std::unique_ptr<KeptKeys>(const Options&, const HeadInput&)>;
using MakeFactors = std::function<Factors(const Options&, const HeadInput&)>;
using MakeInputs = std::function<ChangedInputs(const Options&, const HeadInput&)>;
// Changes a projection matrix [d_model, columns] in place.
using ChangeProjection = std::function<void(const Options&, Matrix<double>&)>;

struct MethodRow {
    std::string name;
    Group group = Group::masks;
    std::string source;  // who published it
    std::vector<OptionRow> options;
    std::string budget;  // the option that --budget sets; empty: none
    std::function<double(const Options&, const Sizes&)> top =
        nullptr;                             // its largest sensible value
    bool share_budget = false;               // --budget f sets it to f itself
    std::vector<double> budget_values = {};  // what it runs over whatever the shares; empty: shares
    std::string second_budget;               // is set with it: to the same, or half of it each
    bool halved = false;
    bool random = false;  // --seeds repeats it
    Reads reads = Reads::positions;
    CausalForm causal = CausalForm::any;
    bool needs_plain_scores = false;  // softcap, biases and slopes are not in it
    bool needs_contexts = false;      // weights alone do not tell
    bool oracle = false;              // chooses by the exact weights: a floor or a what-if
    bool must = false;                // part of `--method must`
    std::size_t most_cells = 0;       // of queries x keys that it can hold; 0: any
    bool counts_cells = true;         // of keep rows: cells and density are theirs

    // Exactly one, which says what kind of method it is; none: exact, prune-heads.
    MakeKeptKeys kept_keys = nullptr;
    MakeFactors factors = nullptr;
    MakeInputs inputs = nullptr;
    ChangeProjection projection = nullptr;

    CostOf cost = nullptr;

    const OptionRow* find(const std::string& option) const;
    // Whether it gives weights that are not the exact ones: dropped heads leave them, or have none.
    bool implies_weights() const { return group != Group::exact && group != Group::heads; }
};

// The largest sensible budget of what counts keys, or stands for them: their number.
double every_key(const Options& options, const Sizes& sizes);

// In the order of --list.
const std::vector<MethodRow>& methods();

// The row, or null.
const MethodRow* find_method(const std::string& name);

// Rows of one room of methods each, which methods() puts together; one function a family, beside
// its mathematics.
std::vector<MethodRow> mask_methods();
std::vector<MethodRow> selection_methods();

}  // namespace attn::approx

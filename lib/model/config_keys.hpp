// The pieces of a family's list of config keys: what each key sets, its range, and what a value
// would change that is not computed.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "model/config_value.hpp"
#include "model/model_config.hpp"

namespace attn::model {

using ReadKey = std::function<void(const ConfigValue&, ModelConfig&)>;

struct ConfigKey {
    std::string name;
    ReadKey read;
    bool size = false;  // measured against the arrays; info shows it elsewhere
};
using ConfigKeys = std::vector<ConfigKey>;

// Arrays (ours) and the key that asks for them.
using ArraysByKey = std::vector<std::pair<std::string, std::vector<std::string>>>;

// A family's reading of config.json.
struct FamilyConfig {
    // Sets what the family's configuration class has where the file says nothing. Runs first.
    std::function<void(ModelConfig&)> defaults = [](ModelConfig&) {};
    std::vector<std::pair<std::string, std::string>> assumed;  // field -> "sliding_window 4096"
    ConfigKeys keys;
    std::size_t heads = 0;  // of the class, for a config.json that names it; 0: it must say
    std::map<std::string, std::size_t> heads_of;  // of classes with another number, by model_type
    // Keys that are known not to change what this family computes.
    std::vector<std::string> ignored;
    // Arrays (ours) that the code of the family makes only where a key asks for them, and those
    // that it never makes, under "": transformers drops what a file has of them.
    ArraysByKey without;
    // The code of the family makes logits with the token table where config.json does not say.
    bool ties = false;
    // What follows from several keys together. Runs last.
    std::function<void(ModelConfig&)> finish = [](ModelConfig&) {};
};

// Sizes of arrays, and other whole numbers of `least` or more. null: as if the key were not there.
ConfigKey count_key(const std::string& name, const std::string& field,
                    std::optional<std::size_t> ModelConfig::*member, std::int64_t least = 1);
ConfigKey size_key(const std::string& name, const std::string& field,
                   std::optional<std::size_t> ModelConfig::*member);
// null: the family does without.
ConfigKey real_key(const std::string& name, const std::string& field,
                   std::optional<double> ModelConfig::*member,
                   const RealRange& range = RealRange::positive());
ConfigKey truth_key(const std::string& name, const std::string& field,
                    std::optional<bool> ModelConfig::*member);

// An activation by its name.
ConfigKey activation_key(const std::string& name);

// Notes that what the value asks for is not computed: `what` says what it would do ("it multiplies
// the embeddings").
void refuse_attention(const ConfigValue& value, const std::string& what, ModelConfig& config);
void refuse_attention(const std::string& what, ModelConfig& config);
void refuse_block(const ConfigValue& value, const std::string& what, ModelConfig& config);

// Only one value is computed; another one would do `what`. null passes.
ConfigKey only_key(const std::string& name, const ConfigValue::Content& value,
                   const std::string& what);

// Notes that by this value arrays of these names (ours) are there, or are not.
void claim(const ConfigValue& value, bool present, const std::vector<std::string>& arrays,
           ModelConfig& config);

// Says whether arrays of these names (ours) are there.
ConfigKey claim_key(const std::string& name, const std::vector<std::string>& arrays);

// "sliding_attention" or "full_attention" for each layer.
ConfigKey layer_types_key();

// All about rotary positions: rope_theta, rope_scaling, rope_parameters. With `partial` a share of
// a head may rotate; with `two_kinds` layers with a window have a rope_theta of their own.
ConfigKeys rotary_keys(bool partial, bool two_kinds = false);
// What follows from them together.
void finish_rotary(ModelConfig& config);

ConfigKeys join_keys(const std::vector<ConfigKeys>& lists);

// Keys that no family's result depends on: training, tokens, generation, files, heads of tasks.
bool is_harmless_key(const std::string& name);

// Keys that are in no list of the family: notes those that change the result, or may do so by
// their names, as not computed, and the others as not understood.
void judge_unlisted_key(const ConfigValue& value, const std::string& name, ModelConfig& config);

// The list of the family that has this --layout name.
const FamilyConfig& family_config(const std::string& layout);

}  // namespace attn::model

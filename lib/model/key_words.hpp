// What the words in a config key's name tell of a key that nobody knows.
#pragma once

#include <string>
#include <vector>

namespace attn::model {

// Whether one of the words of the name is in the list: rope, scaling, low and freq are those of
// "rope_scaling/lowFreq".
bool has_word(const std::string& name, const std::vector<const char*>& list);

// Whether the name has a word that keys which change the attention or a block are likely to have.
bool sounds_like_attention(const std::string& name);

}  // namespace attn::model

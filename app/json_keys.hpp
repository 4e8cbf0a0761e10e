// What the JSON that a command prints holds, key by key: for its long help and its manual page.
#pragma once

#include <string>
#include <vector>

namespace attn::app {

struct JsonKey {
    std::string name;     // of the outermost object
    std::string meaning;  // the keys inside of it stand between backticks
};

// Empty for a command that prints no JSON, in the order in which a reader wants them. Keys are
// promises to scripts: new ones may come, none goes.
std::vector<JsonKey> json_keys(const std::string& command);

}  // namespace attn::app

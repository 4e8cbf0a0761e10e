#include "catalogue.hpp"

namespace attn::app {

const CommandEntry* Catalogue::find(const std::string& name) const {
    for (const CommandEntry& command : commands) {
        if (command.name == name) return &command;
    }
    return nullptr;
}

std::string shown_names(const FlagEntry& flag) {
    if (flag.is_argument()) return flag.takes;
    std::string text;
    for (const std::string& name : flag.names) text += (text.empty() ? "" : ", ") + name;
    return flag.takes.empty() ? text : text + " " + flag.takes;
}

const std::string& long_name(const FlagEntry& flag) {
    for (const std::string& name : flag.names) {
        if (name.size() > 2) return name;
    }
    return flag.names.front();
}

}  // namespace attn::app

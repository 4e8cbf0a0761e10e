#include "completions.hpp"

#include "core/word_list.hpp"

namespace attn::app {
namespace {

// In single quotes for every shell; help texts hold quotes of their own.
std::string single_quoted(const std::string& text) {
    std::string result = "'";
    for (const char c : text) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return result + "'";
}

// The first sentence or clause of a help text; shells show one line.
std::string brief(const std::string& help) {
    const std::size_t end = help.find_first_of(";(\n");
    std::string text = help.substr(0, end);
    while (!text.empty() && (text.back() == ' ' || text.back() == ':' || text.back() == '.'))
        text.pop_back();
    return text;
}

std::vector<std::string> all_names(const CommandEntry& command) {
    std::vector<std::string> names;
    for (const FlagEntry& flag : command.flags) {
        if (flag.is_argument()) continue;
        names.insert(names.end(), flag.names.begin(), flag.names.end());
    }
    return names;
}

std::vector<std::string> command_names(const Catalogue& catalogue) {
    std::vector<std::string> names;
    for (const CommandEntry& command : catalogue.commands) names.push_back(command.name);
    return names;
}

// "        heatmap:--colormap) words viridis magma …;;"
std::string bash_case(const std::string& command, const FlagEntry& flag) {
    std::string patterns;
    for (const std::string& name : flag.names)
        patterns += (patterns.empty() ? "" : "|") + (command + ":" + name);
    std::string action;
    switch (flag.completion) {
        case Completion::words:
            action = std::string(flag.list ? "_attn_inspect_list" : "_attn_inspect_words") + " \"" +
                     joined(flag.words, " ") + "\"";
            break;
        case Completion::array:
            action = "_attn_inspect_array";
            break;
        case Completion::file:
            action = "_filedir";
            break;
        case Completion::folder:
            action = "_filedir -d";
            break;
        case Completion::nothing:
            action = ":";
            break;
    }
    return "    " + patterns + ") " + action + "; return ;;\n";
}

const char* const kBashHelpers =
    R"shell(# Completion of attn-inspect for bash; needs the package bash-completion.

_attn_inspect_words() {
  COMPREPLY=($(compgen -W "$1" -- "$cur"))
}

# One more word of a list with commas.
_attn_inspect_list() {
  local done="" last=$cur
  [[ $cur == *,* ]] && done="${cur%,*}," last=${cur##*,}
  COMPREPLY=($(compgen -P "$done" -W "$1" -- "$last"))
  compopt -o nospace
}

# A file, or behind "FILE:" an array that it holds.
_attn_inspect_array() {
  local file=${cur%%:*}
  if [[ $cur == *:* && -e $file ]]; then
    local keys=$(attn-inspect info --keys "$file" 2>/dev/null)
    COMPREPLY=($(compgen -P "$file:" -W "$keys" -- "${cur#*:}"))
    __ltrim_colon_completions "$cur"
  else
    _filedir
  fi
}

_attn_inspect() {
  local cur prev words cword
  _init_completion -n : || return
  local command="" word
  for word in "${words[@]:1:cword-1}"; do
    case $word in
)shell";

}  // namespace

std::string bash_completion(const Catalogue& catalogue) {
    std::string text = kBashHelpers;
    const std::string commands = joined(command_names(catalogue), "|");
    text += "      " + commands + ") command=$word; break ;;\n    esac\n  done\n";
    text += "  case $command:$prev in\n";
    for (const CommandEntry& command : catalogue.commands) {
        for (const FlagEntry& flag : command.flags) {
            if (!flag.is_argument() && !flag.takes.empty()) text += bash_case(command.name, flag);
        }
    }
    text += "    *:--threads) return ;;\n    :help) _attn_inspect_words \"" +
            joined(command_names(catalogue), " ") + "\"; return ;;\n  esac\n";
    const std::string everywhere = joined(all_names(catalogue.program), " ");
    text += "  if [[ $cur == -* ]]; then\n    case $command in\n";
    for (const CommandEntry& command : catalogue.commands) {
        text += "      " + command.name + ") _attn_inspect_words \"" +
                joined(all_names(command), " ") + " " + everywhere + "\" ;;\n";
    }
    text += "      *) _attn_inspect_words \"" + everywhere + "\" ;;\n    esac\n";
    text +=
        "  elif [[ -z $command ]]; then\n    _attn_inspect_array\n    COMPREPLY+=($(compgen -W \"" +
        joined(command_names(catalogue), " ") + " help\" -- \"$cur\"))\n";
    text += "  else\n    _attn_inspect_array\n  fi\n}\n\ncomplete -F _attn_inspect attn-inspect\n";
    return text;
}

namespace {

// Square brackets and colons mean something in the specifications of zsh.
std::string zsh_escaped(const std::string& text) {
    std::string result;
    for (const char c : text) {
        if (c == '[' || c == ']' || c == ':' || c == '\\') result += '\\';
        result += c;
    }
    return result;
}

std::string zsh_action(const FlagEntry& flag) {
    switch (flag.completion) {
        case Completion::words:
            return flag.list ? "_values -s , value " + joined(flag.words, " ")
                             : "(" + joined(flag.words, " ") + ")";
        case Completion::array:
            return "_attn_inspect_array";
        case Completion::file:
            return "_files";
        case Completion::folder:
            return "_files -/";
        case Completion::nothing:
            break;
    }
    return " ";
}

// "'(-o --output)'{-o,--output}'[Folder for the results]:DIR:_files -/' \"
std::string zsh_spec(const FlagEntry& flag) {
    if (flag.is_argument())
        return single_quoted("*:" + zsh_escaped(flag.takes) + ":" + zsh_action(flag));
    std::string value;
    if (!flag.takes.empty()) value = ":" + zsh_escaped(flag.takes) + ":" + zsh_action(flag);
    const std::string what = single_quoted("[" + zsh_escaped(brief(flag.help)) + "]" + value);
    if (flag.names.size() == 1) return flag.names.front() + what;
    return "'(" + joined(flag.names, " ") + ")'{" + joined(flag.names, ",") + "}" + what;
}

std::string zsh_arguments(const CommandEntry& command, const CommandEntry& program) {
    std::string text = "_arguments";
    for (const FlagEntry& flag : command.flags) text += " \\\n        " + zsh_spec(flag);
    for (const FlagEntry& flag : program.flags) text += " \\\n        " + zsh_spec(flag);
    return text;
}

const char* const kZshArray = R"shell(
# A file, or behind "FILE:" an array that it holds.
_attn_inspect_array() {
  local file=${PREFIX%%:*}
  if [[ $PREFIX == *:* && -e $file ]]; then
    local -a keys
    keys=(${(f)"$(attn-inspect info --keys $file 2>/dev/null)"})
    compset -P '*:'
    compadd -a keys
  else
    _files
  fi
}

)shell";

}  // namespace

std::string zsh_completion(const Catalogue& catalogue) {
    std::string text = "#compdef attn-inspect\n# Completion of attn-inspect for zsh.\n";
    text += kZshArray;
    text += "_attn_inspect() {\n  local -a commands\n  commands=(\n";
    for (const CommandEntry& command : catalogue.commands)
        text +=
            "    " + single_quoted(command.name + ":" + zsh_escaped(command.description)) + "\n";
    text +=
        "    'help:What a command does'\n  )\n  local curcontext=$curcontext state line\n"
        "  _arguments -C '1:command:->command' '*::argument:->argument'\n"
        "  case $state in\n    command) _describe command commands; _files ;;\n"
        "    argument)\n      case $words[1] in\n";
    for (const CommandEntry& command : catalogue.commands)
        text += "      " + command.name + ")\n        " +
                zsh_arguments(command, catalogue.program) + " ;;\n";
    text +=
        "      help) _describe command commands ;;\n      esac ;;\n  esac\n}\n\n"
        "_attn_inspect \"$@\"\n";
    return text;
}

namespace {

std::string fish_line(const std::string& condition, const FlagEntry& flag) {
    std::string line = "complete -c attn-inspect" + condition;
    for (const std::string& name : flag.names)
        line += name.size() == 2 ? " -s " + name.substr(1) : " -l " + name.substr(2);
    if (!flag.takes.empty()) {
        switch (flag.completion) {
            case Completion::words:
                line += flag.list ? " -x -a \"(__fish_append , " + joined(flag.words, " ") + ")\""
                                  : " -x -a \"" + joined(flag.words, " ") + "\"";
                break;
            case Completion::array:
                line += " -r -F -a \"(__attn_inspect_keys)\"";
                break;
            case Completion::file:
                line += " -r -F";
                break;
            case Completion::folder:
                line += " -x -a \"(__fish_complete_directories)\"";
                break;
            case Completion::nothing:
                line += " -x";
                break;
        }
    }
    return line + " -d " + single_quoted(brief(flag.help)) + "\n";
}

const char* const kFishKeys = R"(# Completion of attn-inspect for fish.

# Behind "FILE:" the arrays that the file holds.
function __attn_inspect_keys
  set -l token (commandline -ct)
  set -l file (string split -m 1 : -- $token)[1]
  if string match -q '*:*' -- $token; and test -e $file
    for key in (attn-inspect info --keys $file 2>/dev/null)
      echo $file:$key
    end
  end
end

)";

}  // namespace

std::string fish_completion(const Catalogue& catalogue) {
    std::string text = kFishKeys;
    const std::string none =
        " -n 'not __fish_seen_subcommand_from " + joined(command_names(catalogue), " ") + "'";
    for (const CommandEntry& command : catalogue.commands)
        text += "complete -c attn-inspect" + none + " -a " + command.name + " -d " +
                single_quoted(command.description) + "\n";
    for (const FlagEntry& flag : catalogue.program.flags) text += fish_line("", flag);
    for (const CommandEntry& command : catalogue.commands) {
        const std::string chosen = " -n '__fish_seen_subcommand_from " + command.name + "'";
        for (const FlagEntry& flag : command.flags) {
            if (flag.is_argument())
                text += "complete -c attn-inspect" + chosen + " -F -a \"(__attn_inspect_keys)\"\n";
            else
                text += fish_line(chosen, flag);
        }
    }
    return text;
}

}  // namespace attn::app

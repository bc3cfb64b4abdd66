// Shell completion: three small scripts ask `podctl __complete`, which answers from the table.
#include "podctl/base/text.hpp"
#include "podctl/cli/options.hpp"

namespace podctl::cli {
namespace {

constexpr std::string_view kBash = R"(# bash completion for podctl
_podctl() {
  # bash parts words at = and : as well, which podctl does not, and replaces only the last part.
  local IFS=$' \t\n' line=${COMP_LINE:0:COMP_POINT} words reply kept part
  local typed=${line##*[[:space:]]}
  read -ra words <<<"$line"
  [ -n "$typed" ] || words+=("")
  kept=${typed%"${typed##*["${COMP_WORDBREAKS//[^=:]/}"]}"}
  [[ $COMP_WORDBREAKS == *[=:]* ]] || kept=
  mapfile -t reply < <(podctl __complete -- "${words[@]:1}" 2>/dev/null)
  COMPREPLY=()
  if [ "${reply[0]}" = ":file" ]; then
    part=${typed#--*=}
    compopt -o filenames
    mapfile -t COMPREPLY < <(compgen -f -- "$part")
    kept=${kept#"${typed%"$part"}"}
  else
    COMPREPLY=("${reply[@]}")
    case ${COMPREPLY[0]} in *[=/]) compopt -o nospace ;; esac
  fi
  COMPREPLY=("${COMPREPLY[@]#"$kept"}")
}
complete -F _podctl podctl
)";

constexpr std::string_view kZsh = R"(#compdef podctl
# zsh completion for podctl
_podctl() {
  local -a reply
  reply=("${(@f)$(podctl __complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ ${reply[1]} = ":file" ]]; then
    compset -P '--*='
    _files
  else
    compadd -S '' -- ${(M)reply:#*[=/]}
    compadd -- ${reply:#*[=/]}
  fi
}
if [ "$funcstack[1]" = _podctl ]; then _podctl "$@"; else compdef _podctl podctl; fi
)";

constexpr std::string_view kFish = R"(# fish completion for podctl
function __podctl_complete
  set -l words (commandline -opc) (commandline -ct)
  set -l reply (podctl __complete -- $words[2..-1] 2>/dev/null)
  if test "$reply[1]" = ":file"
    set -l before (string match -r -- '^--[^=]*=' (commandline -ct))
    for path in (__fish_complete_path (string replace -r -- '^--[^=]*=' '' (commandline -ct)))
      printf '%s\n' "$before$path"
    end
  else
    printf '%s\n' $reply
  end
end
complete -c podctl -f -a '(__podctl_complete)'
)";

void add_options(const Command& command, std::vector<std::string>& out) {
  for (const Option& o : command.options) {
    out.push_back("--" + std::string(o.name) + (o.takes == Takes::kValue ? "=" : ""));
  }
}

void add_choices(const Option& option, Candidates& out) {
  for (std::string_view c : text::split(option.choices, '|')) {
    if (!c.empty()) out.words.push_back(out.before + std::string(c));
  }
  if (option.choices.empty()) out.dynamic = option.completes;
}

// The option that a word is or begins with; null when there is none.
const Option* option_of(const Command& command, const Command& root, std::string_view word) {
  const std::string_view name = word.substr(0, word.find('='));
  for (const auto& options : {command.options, root.options}) {
    for (const Option& o : options) {
      if (name == "--" + std::string(o.name)) return &o;
      if (o.letter != 0 && word.size() == 2 && word[0] == '-' && word[1] == o.letter) return &o;
    }
  }
  return nullptr;
}

// The option that still waits for its value after `word`.
const Option* waiting(const Command& command, const Command& root, std::string_view word) {
  const Option* option = option_of(command, root, word);
  const bool waits = option != nullptr && option->takes == Takes::kValue &&
                     word.find('=') == std::string_view::npos;
  return waits ? option : nullptr;
}

const Command* child(const Command& command, std::string_view word) {
  for (const Command& c : command.children) {
    if (c.name == word || (!c.alias.empty() && c.alias == word)) return &c;
  }
  return nullptr;
}

// Takes the words for what they are; half a command line is none that parse() would take.
Parsed understand(const Command& root, std::span<const std::string_view> words) {
  Parsed out;
  out.command = &root;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (out.had_dashes) {
      out.after_dashes.emplace_back(word);
    } else if (word == "--") {
      out.had_dashes = true;
    } else if (const Option* o = waiting(*out.command, root, word)) {
      if (++i < words.size()) out.options.emplace_back(o, words[i]);
    } else if (word.starts_with('-')) {
      const Option* given = option_of(*out.command, root, word);
      const std::size_t equals = word.find('=');
      if (given && equals != std::string_view::npos)
        out.options.emplace_back(given, word.substr(equals + 1));
    } else if (const Command* next = child(*out.command, word)) {
      out.command = next;
    } else {
      out.operands.emplace_back(word);
    }
  }
  return out;
}

void add_options(const Command& command, const Command& root, Candidates& out) {
  add_options(command, out.words);
  if (&command != &root) add_options(root, out.words);
}

// What the commands named so far are followed by.
void add_commands(const Command& root, const std::vector<std::string>& named, Candidates& out) {
  const Command* at = &root;
  for (const std::string& word : named) {
    at = child(*at, word);
    if (at == nullptr) return;
  }
  for (const Command& c : at->children) {
    if (!c.hidden) out.words.emplace_back(c.name);
  }
}

void add_operands(const Command& command, const Command& root, Candidates& out) {
  const std::size_t given = out.so_far.operands.size();
  if (given >= command.max_operands) return;
  out.dynamic = command.completes;
  switch (command.completes) {
    case Completes::kResource:
    case Completes::kPodType:
      if (given > 0) out.dynamic = Completes::kName;
      break;
    case Completes::kPod:
      if (given > 0) out.dynamic = Completes::kContainer;
      break;
    case Completes::kCommand:
      add_commands(root, out.so_far.operands, out);
      break;
    case Completes::kChoice:
      for (std::string_view c : text::split(command.operands, '|')) out.words.emplace_back(c);
      break;
    default:
      break;
  }
}

}  // namespace

Result<std::string> completion_script(std::string_view shell) {
  if (shell == "bash") return std::string(kBash);
  if (shell == "zsh") return std::string(kZsh);
  if (shell == "fish") return std::string(kFish);
  return fail(Code::kInvalidArgument, "unknown shell", std::string(shell),
              "must be bash, zsh or fish");
}

Candidates complete(const Command& root, std::span<const std::string_view> words) {
  Candidates out;
  const std::string_view current = words.empty() ? std::string_view() : words.back();
  const auto before = words.first(words.empty() ? 0 : words.size() - 1);
  out.so_far = understand(root, before);
  out.typed = current;
  const Command& command = *out.so_far.command;
  if (out.so_far.had_dashes) return out;  // the words of somebody else's command
  if (const Option* option = before.empty() ? nullptr : waiting(command, root, before.back())) {
    add_choices(*option, out);
    return out;
  }
  const std::size_t equals = current.find('=');
  if (current.starts_with('-') && equals != std::string_view::npos) {
    out.before = current.substr(0, equals + 1);
    out.typed = current.substr(equals + 1);
    if (const Option* option = option_of(command, root, current)) add_choices(*option, out);
  } else if (current.starts_with('-')) {
    add_options(command, root, out);
  } else if (!command.children.empty()) {
    add_commands(command, {}, out);
  } else {
    add_operands(command, root, out);
  }
  return out;
}

}  // namespace podctl::cli

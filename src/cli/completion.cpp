// Shell completion: three small scripts ask `podctl __complete`, which answers from the table.
#include "podctl/base/text.hpp"
#include "podctl/cli/options.hpp"

namespace podctl::cli {
namespace {

constexpr std::string_view kBash = R"(# bash completion for podctl
_podctl() {
  local IFS=$'\n' reply
  mapfile -t reply < <(podctl __complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  if [ "${reply[0]}" = ":file" ]; then
    compopt -o filenames
    mapfile -t COMPREPLY < <(compgen -f -- "${COMP_WORDS[COMP_CWORD]}")
  else
    mapfile -t COMPREPLY < <(compgen -W "${reply[*]}" -- "${COMP_WORDS[COMP_CWORD]}")
    case ${COMPREPLY[0]} in *=) compopt -o nospace ;; esac
  fi
}
complete -F _podctl podctl
)";

constexpr std::string_view kZsh = R"(#compdef podctl
# zsh completion for podctl
_podctl() {
  local -a reply
  reply=("${(@f)$(podctl __complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ ${reply[1]} = ":file" ]]; then
    _files
  else
    compadd -- ${reply}
  fi
}
if [ "$funcstack[1]" = _podctl ]; then _podctl "$@"; else compdef _podctl podctl; fi
)";

constexpr std::string_view kFish = R"(# fish completion for podctl
function __podctl_complete
  set -l words (commandline -opc) (commandline -ct)
  set -l reply (podctl __complete -- $words[2..-1] 2>/dev/null)
  if test "$reply[1]" = ":file"
    __fish_complete_path (commandline -ct)
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

void add_choices(const Option& option, const std::string& before, Candidates& out) {
  for (std::string_view c : text::split(option.choices, '|')) {
    if (!c.empty()) out.words.push_back(before + std::string(c));
  }
  if (option.choices.empty()) out.dynamic = option.completes;
}

// The option that still waits for its value after `word`.
const Option* waiting(const Command& command, const Command& root, std::string_view word) {
  for (const auto& options : {command.options, root.options}) {
    for (const Option& o : options) {
      if (o.takes != Takes::kValue) continue;
      if (word == "--" + std::string(o.name)) return &o;
      if (o.letter != 0 && word.size() == 2 && word[0] == '-' && word[1] == o.letter) return &o;
    }
  }
  return nullptr;
}

// Follows the words to the command they name; `operands` counts what was not a command or an
// option.
const Command* walk(const Command& root, std::span<const std::string_view> words,
                    std::size_t& operands) {
  const Command* at = &root;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (waiting(*at, root, words[i]) != nullptr) {
      ++i;
      continue;
    }
    if (words[i].starts_with('-')) continue;
    const Command* next = nullptr;
    for (const Command& c : at->children) {
      if (c.name == words[i] || c.alias == words[i]) next = &c;
    }
    if (next != nullptr) {
      at = next;
    } else {
      ++operands;
    }
  }
  return at;
}

}  // namespace

Result<std::string> completion_script(std::string_view shell) {
  if (shell == "bash") return std::string(kBash);
  if (shell == "zsh") return std::string(kZsh);
  if (shell == "fish") return std::string(kFish);
  return fail(Code::kInvalidArgument, "unknown shell", std::string(shell),
              "must be bash, zsh or fish");
}

Candidates complete(const Command& root, std::span<const std::string_view> typed) {
  Candidates out;
  // bash splits "--output=js" into three words.
  std::vector<std::string_view> words(typed.begin(), typed.end());
  if (words.size() > 1 && words.back() == "=") words.back() = "";
  std::erase(words, "=");
  const std::string_view current = words.empty() ? std::string_view() : words.back();
  const auto before =
      std::span<const std::string_view>(words).first(words.empty() ? 0 : words.size() - 1);
  std::size_t operands = 0;
  const Command* command = walk(root, before, operands);
  if (auto parsed = parse(root, before)) out.so_far = std::move(*parsed);
  if (!before.empty()) {
    if (const Option* option = waiting(*command, root, before.back())) {
      add_choices(*option, "", out);
      return out;
    }
  }
  if (current.starts_with('-')) {
    const std::size_t equals = current.find('=');
    if (equals != std::string_view::npos) {
      const std::string name(current.substr(0, equals));
      for (const auto& options : {command->options, root.options}) {
        for (const Option& o : options) {
          if (name == "--" + std::string(o.name)) add_choices(o, name + "=", out);
        }
      }
      return out;
    }
    add_options(*command, out.words);
    if (command != &root) add_options(root, out.words);
    return out;
  }
  for (const Command& c : command->children) {
    if (!c.hidden) out.words.emplace_back(c.name);
  }
  if (command->children.empty() && operands < command->max_operands) {
    out.dynamic = command->completes;
    const bool type_first =
        command->completes == Completes::kResource || command->completes == Completes::kPodType;
    if (type_first && operands > 0) out.dynamic = Completes::kPod;
    if (command->completes == Completes::kChoice) {
      out.dynamic = Completes::kNothing;
      for (std::string_view c : text::split(command->operands, '|')) out.words.emplace_back(c);
    }
  }
  return out;
}

}  // namespace podctl::cli

// The command line as data: one table of commands and options yields the parser, --help, the man
// page and shell completion, so the four never disagree. Constant-initialised: nothing of it runs
// at start-up.
//
// Used by the program podctl and by its completion. Parsing is pure; it prints and exits nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "podctl/base/error.hpp"

namespace podctl::cli {

enum class Takes : std::uint8_t {
  kFlag,      // --name, --name=false
  kValue,     // --name VALUE, --name=VALUE, -nVALUE
  kOptional,  // --name or --name=VALUE; `implied` without a value
};

// What an operand or a value completes to.
enum class Completes : std::uint8_t {
  kNothing,
  kFile,
  kResource,   // a type, then names
  kPodType,    // the same where pods are all that is taken
  kName,       // of the type that so_far.operands begins with
  kReference,  // TYPE/NAME
  kField,      // a path for explain
  kCommand,    // one of podctl's own
  kPod,
  kContainer,
  kNamespace,
  kChoice,
  kImage
};

struct Option {
  std::string_view name;
  char letter = 0;  // 0: no short form
  Takes takes = Takes::kFlag;
  std::string_view value_name = {};
  std::string_view help = {};
  std::string_view choices = {};  // "a|b|c"; one that ends with '=' is a prefix; empty: any
  std::string_view implied = {};  // kOptional without a value
  Completes completes = Completes::kNothing;
};

class Invocation;
using Run = int (*)(Invocation&);

struct Command {
  std::string_view name;
  std::string_view alias = {};     // one more name, not listed
  std::string_view operands = {};  // "POD -- COMMAND [ARG...]"
  std::string_view summary = {};   // one line, lower case, no full stop
  std::string_view text = {};      // paragraphs of --help and the man page
  std::string_view examples = {};  // lines "command\tcomment"
  std::span<const Option> options = {};
  std::span<const Command> children = {};
  Run run = nullptr;
  std::uint8_t min_operands = 0;
  std::uint8_t max_operands = 255;
  Completes completes = Completes::kNothing;
  bool hidden = false;
  bool dashes = false;  // takes "-- COMMAND…"
};

// The root of the table (command_table.cpp): options are the global ones, children the commands.
const Command& root_command();

struct Parsed {
  const Command* command = nullptr;  // null: no command was given
  std::string path;                  // "image ls"
  std::vector<std::pair<const Option*, std::string>> options;
  std::vector<std::string> operands;
  std::vector<std::string> after_dashes;
  bool had_dashes = false;
  bool help = false;

  bool has(std::string_view name) const { return find(name).has_value(); }
  bool flag(std::string_view name) const {
    return find(name) == std::optional<std::string_view>("true");
  }
  // The last value given.
  std::optional<std::string_view> find(std::string_view name) const;
  std::string_view get(std::string_view name, std::string_view otherwise = {}) const;
  std::vector<std::string_view> all(std::string_view name) const;
};

// Errors are kInvalidArgument, told as a person reads them, with "did you mean" for a slip.
Result<Parsed> parse(const Command& root, std::span<const std::string_view> words);

// The text of --help for the program (path empty) or one command.
std::string help_text(const Command& root, const Command& command, std::string_view path);
// podctl.1 in roff, every command included.
std::string man_page(const Command& root, std::string_view version);

// What `podctl completion SHELL` prints; kInvalidArgument for an unknown shell.
Result<std::string> completion_script(std::string_view shell);
// What can stand in place of the last of `words` (which may be empty or half typed): fixed words,
// or what kind of name the caller has to look up.
struct Candidates {
  std::vector<std::string> words;
  Completes dynamic = Completes::kNothing;
  std::string typed;   // what of the last word is to be looked up
  std::string before;  // what comes before that in it: "--filename="
  Parsed so_far;       // as far as it can be understood: nothing is missing yet
};
Candidates complete(const Command& root, std::span<const std::string_view> words);

}  // namespace podctl::cli

// podctl: reads the command line, runs the command, passes its status on.
#include <vector>

#include "podctl/cli/commands.hpp"
#include "podctl/cli/options.hpp"
#include "podctl/cli/session.hpp"

int main(int argc, char** argv) {
  using namespace podctl::cli;
  const std::vector<std::string_view> words(argv + 1, argv + argc);
  const Command& root = root_command();
  auto parsed = parse(root, words);
  if (!parsed) {
    Invocation in(Parsed{});
    in.err("error: " + parsed.error().message() + "\n");
    return kUsage;
  }
  const Command* command = parsed->command;
  Invocation in(std::move(*parsed));
  if (in.args.help || command == nullptr) {
    const std::string text = help_text(root, command != nullptr ? *command : root, in.args.path);
    if (in.args.help) {
      in.out(text);
      return kDone;
    }
    in.err(text);
    return kUsage;
  }
  return command->run(in);
}

// podctl: reads the command line, runs the command, passes its status on.
#include <fcntl.h>
#include <unistd.h>

#include <vector>

#include "podctl/cli/commands.hpp"
#include "podctl/cli/options.hpp"
#include "podctl/cli/session.hpp"

namespace {

// A descriptor that the caller closed (`<&-`) would be taken by the first file or socket opened
// here, and be read as input or written as output. Input is at its end then, output fails.
void fill_standard_descriptors() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (::fcntl(fd, F_GETFD) >= 0) continue;
    if (::open("/dev/null", O_RDONLY | O_NOCTTY) != fd) ::_exit(podctl::cli::kFailed);
  }
}

}  // namespace

int main(int argc, char** argv) {
  using namespace podctl::cli;
  fill_standard_descriptors();
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

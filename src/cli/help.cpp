// --help and the man page, both from the table.
#include <algorithm>

#include "podctl/base/text.hpp"
#include "podctl/cli/columns.hpp"
#include "podctl/cli/options.hpp"

namespace podctl::cli {
namespace {

std::string option_words(const Option& o) {
  std::string words = o.letter != 0 ? std::string("-") + o.letter + ", " : "    ";
  words += "--" + std::string(o.name);
  if (o.takes == Takes::kValue) words += " " + std::string(o.value_name);
  if (o.takes == Takes::kOptional) words += "[=" + std::string(o.value_name) + "]";
  return words;
}

std::string option_list(std::span<const Option> options) {
  std::string text;
  for (const Option& o : options)
    text += "  " + option_words(o) + "\t" + std::string(o.help) + "\n";
  return align(text, kDescribeStops);
}

std::string command_list(const Command& parent) {
  std::string text;
  for (const Command& c : parent.children) {
    if (!c.hidden) text += "  " + std::string(c.name) + "\t" + std::string(c.summary) + "\n";
  }
  return align(text, kDescribeStops);
}

std::string example_list(std::string_view examples) {
  std::string text;
  for (std::string_view line : text::split(examples, '\n')) {
    const auto parts = text::split(line, '\t');
    text += "  " + std::string(parts[0]);
    if (parts.size() > 1) text += "\t# " + std::string(parts[1]);
    text += "\n";
  }
  return align(text, kDescribeStops);
}

std::string usage_line(const Command& c, std::string_view path) {
  std::string line = "podctl";
  if (!path.empty()) line += " " + std::string(path);
  if (path.empty()) return line + " [OPTION...] COMMAND [ARG...]";
  if (!c.options.empty()) line += " [OPTION...]";
  if (!c.operands.empty()) line += " " + std::string(c.operands);
  return line;
}

// roff: a line that begins with a dot or quote is a request, a backslash and a minus are escaped.
std::string roff(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if ((c == '.' || c == '\'') && (i == 0 || text[i - 1] == '\n')) out += "\\&";
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
  }
  return out;
}

std::string roff_options(std::span<const Option> options) {
  std::string out;
  for (const Option& o : options) {
    out += ".TP\n\\fB" + roff(text::trim(option_words(o))) + "\\fR\n" + roff(o.help) + "\n";
  }
  return out;
}

void roff_command(const Command& c, const std::string& path, std::string& out) {
  if (c.hidden) return;
  if (c.run != nullptr) {
    out += ".SS \"" + roff(usage_line(c, path)) + "\"\n" + roff(c.summary) + ".\n";
    if (!c.text.empty()) out += ".PP\n" + roff(c.text) + "\n";
    if (!c.options.empty()) out += roff_options(c.options);
    if (!c.examples.empty()) out += ".PP\n.EX\n" + roff(example_list(c.examples)) + ".EE\n";
  }
  for (const Command& child : c.children)
    roff_command(child, path + " " + std::string(child.name), out);
}

}  // namespace

std::string help_text(const Command& root, const Command& command, std::string_view path) {
  std::string out =
      std::string(command.summary) + "\n\nUsage:\n  " + usage_line(command, path) + "\n";
  if (!out.empty())
    out[0] = static_cast<char>(out[0] >= 'a' && out[0] <= 'z' ? out[0] - 'a' + 'A' : out[0]);
  if (!command.text.empty()) out += "\n" + std::string(command.text) + "\n";
  if (!command.examples.empty()) out += "\nExamples:\n" + example_list(command.examples);
  if (!command.children.empty()) out += "\nCommands:\n" + command_list(command);
  const bool is_root = &command == &root;
  if (!is_root && !command.options.empty()) out += "\nOptions:\n" + option_list(command.options);
  out += "\nGlobal options:\n" + option_list(root.options);
  if (is_root) out += "\nFor one command: podctl COMMAND --help\n";
  return out;
}

std::string man_page(const Command& root, std::string_view version) {
  std::string out =
      ".\\\" Made from the command table of podctl (podctl __man).\n.TH PODCTL 1 \"\" \"podctl " +
      std::string(version) + "\" \"User Commands\"\n";
  out += ".SH NAME\npodctl \\- " + roff(root.summary) + "\n";
  out += ".SH SYNOPSIS\n.B podctl\n[\\fIOPTION\\fR...] \\fICOMMAND\\fR [\\fIARG\\fR...]\n";
  out +=
      ".SH DESCRIPTION\n"
      "podctl runs real Kubernetes Pod manifests on one Linux machine. It speaks the Kubernetes "
      "API to\n"
      ".BR podctld (8),\nwhich the first command that needs it starts.\n";
  out += ".SH GLOBAL OPTIONS\n" + roff_options(root.options);
  out += ".SH COMMANDS\n";
  for (const Command& c : root.children) roff_command(c, std::string(c.name), out);
  out +=
      ".SH EXIT STATUS\n"
      ".TP\n0\nall went well\n.TP\n1\nsomething failed; stderr says what\n.TP\n2\nthe command line "
      "is wrong\n"
      ".PP\n\\fBpodctl exec\\fR passes on the exit status of its command.\n";
  out +=
      ".SH ENVIRONMENT\n.TP\n\\fBPODCTL_ROOT\\fR\nthe same as \\fB\\-\\-root\\fR\n"
      ".TP\n\\fBNO_COLOR\\fR\nwhen set, no colour even on a terminal\n";
  out +=
      ".SH FILES\n.TP\n\\fI/run/podctl/podctld.sock\\fR\nthe socket of podctld\n"
      ".TP\n\\fI/var/lib/podctl\\fR\nobjects, images, volumes\n"
      ".TP\n\\fI/var/log/pods\\fR\nlogs as the kubelet lays them out\n";
  out += ".SH SEE ALSO\n.BR podctld (8),\n.BR lsns (8),\n.BR cgroups (7),\n.BR namespaces (7)\n";
  return out;
}

}  // namespace podctl::cli

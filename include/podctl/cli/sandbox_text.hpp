// podctl's own part of describe, the namespace map, the trace and the doctor's findings as text.
//
// Pure functions from the reports of docs/api.md; colour only when asked for.
#pragma once

#include <string>

#include "podctl/cli/view.hpp"

namespace podctl::cli {

struct Style {
  bool colour = false;
  std::size_t width = 0;  // of the terminal; 0: there is none, nothing is folded
};

// The map of one pod: a line for each namespace with its inode, whether it is shared, a holder's
// own or the host's, and who is in it. `wide` adds the path under /proc through which it can be
// entered.
std::string namespace_map(View report, bool wide, Style style);
// A line for each holder of each pod, a column for each type: shared, own or host; `wide` shows
// inodes.
std::string namespace_matrix(View reports, bool all_namespaces, bool wide, bool headings);

// What describe prints after kubectl's part.
std::string describe_sandbox(View report, Style style = {});

// Steps with their time, as a bar chart that fits `width` columns.
std::string trace_text(View steps, std::size_t width);
std::string doctor_text(View items, Style style);

}  // namespace podctl::cli

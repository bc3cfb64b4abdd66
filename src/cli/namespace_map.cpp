#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <vector>

#include "podctl/base/text.hpp"
#include "podctl/cli/columns.hpp"
#include "podctl/cli/sandbox_text.hpp"

namespace podctl::cli {
namespace {

// The order in which a pod is built: what pause holds for all first, what each has alone last.
constexpr std::string_view kTypes[] = {"net", "ipc", "uts", "pid", "mnt", "cgroup", "user", "time"};

struct Holder {
  std::string name;  // "pause", or the container's name
  std::int64_t pid = 0;
  View ids;
};

struct Space {
  std::string_view type;
  std::int64_t inode = 0;
  std::vector<const Holder*> members;  // the first holds it
  bool host = false;

  std::string_view kind() const { return host ? "host" : members.size() > 1 ? "shared" : "own"; }
};

std::vector<Holder> holders(View report) {
  std::vector<Holder> out;
  for (const auto& item : report["namespaces"].items()) {
    View n(item);
    std::string_view name = n["holder"].str();
    if (name.starts_with("container/")) name.remove_prefix(10);
    out.push_back({std::string(name), n["pid"].num(), n["ids"]});
  }
  return out;
}

std::vector<Space> spaces(const std::vector<Holder>& holders, View host) {
  std::vector<Space> out;
  for (std::string_view type : kTypes) {
    const std::size_t first = out.size();
    for (const Holder& h : holders) {
      const std::int64_t inode = h.ids[type].num();
      if (inode == 0) continue;
      auto found = std::find_if(out.begin() + static_cast<std::ptrdiff_t>(first), out.end(),
                                [&](const Space& s) { return s.inode == inode; });
      if (found == out.end()) {
        out.push_back({type, inode, {}, host[type].num() == inode});
        found = out.end() - 1;
      }
      found->members.push_back(&h);
    }
  }
  return out;
}

std::string with_pid(const Holder& h) { return h.name + " (" + std::to_string(h.pid) + ")"; }

std::string paint(std::string_view text, std::string_view kind, Style style) {
  if (!style.colour) return std::string(text);
  const std::string_view code = kind == "shared" ? "32" : kind == "own" ? "36" : "33";
  return "\x1b[" + std::string(code) + "m" + std::string(text) + "\x1b[0m";
}

std::string names_of(const Space& s) {
  std::string members;
  for (const Holder* h : s.members) members += (members.empty() ? "" : ", ") + h->name;
  return members;
}

constexpr std::size_t kLeastForUsers = 16;  // columns: less, and most names have a line each

// The width of all columns but the last.
std::size_t first_columns(const Table& table) {
  std::vector<std::size_t> widths;
  for (const auto& cell : table.head) widths.push_back(display_width(cell));
  for (const auto& row : table.rows) {
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], display_width(row[i]));
  }
  std::size_t sum = 0;
  for (std::size_t i = 0; i + 1 < widths.size(); ++i)
    sum += std::max(kTableStops.min_width, widths[i] + kTableStops.padding);
  return sum;
}

// Who is in it stands in lines of its own below each namespace that is not its holder's alone.
std::string narrow(Table table, const std::vector<Space>& all, std::size_t width) {
  constexpr std::string_view kIndent = "  used by: ";
  table.head.pop_back();
  for (auto& row : table.rows) row.pop_back();
  const std::string aligned = table.str();
  const auto lines = text::split(aligned, '\n');
  std::string out = std::string(lines.front()) + "\n";
  for (std::size_t i = 0; i < all.size() && i + 1 < lines.size(); ++i) {
    (out += lines[i + 1]) += '\n';
    if (all[i].members.size() > 1 || all[i].host)
      out += fold_values(std::string(kIndent) + names_of(all[i]), width) + "\n";
  }
  return out;
}

// The word for one holder and type in the matrix.
std::string relation(const std::vector<Space>& all, const Holder& h, std::string_view type,
                     bool wide) {
  for (const Space& s : all) {
    if (s.type != type || std::find(s.members.begin(), s.members.end(), &h) == s.members.end())
      continue;
    std::string text(s.kind());
    return wide ? text + ":" + std::to_string(s.inode) : text;
  }
  return "-";
}

}  // namespace

std::string namespace_map(View report, bool wide, Style style) {
  const auto who = holders(report);
  const auto all = spaces(who, report["host"]);
  Table table{{"TYPE", "INODE", "KIND", "HOLDER", "USED BY"}, {}};
  if (wide) table.head.insert(table.head.begin() + 4, "ENTER THROUGH");
  for (const Space& s : all) {
    const std::string members = names_of(s);
    const Holder& first = *s.members.front();
    std::vector<std::string> row = {std::string(s.type), std::to_string(s.inode),
                                    paint(s.kind(), s.kind(), style),
                                    s.host ? "the host" : with_pid(first), members};
    if (wide) {
      row.insert(row.begin() + 4,
                 "/proc/" + std::to_string(first.pid) + "/ns/" + std::string(s.type));
    }
    table.rows.push_back(std::move(row));
  }
  if (style.width != 0 && first_columns(table) + kLeastForUsers > style.width)
    return narrow(std::move(table), all, style.width);
  return table.str(true, style.width);
}

std::string namespace_matrix(View reports, bool all_namespaces, bool wide, bool headings) {
  Table table{{"POD", "HOLDER", "PID", "NET", "IPC", "UTS", "PIDNS", "MNT", "CGROUP", "USER"}, {}};
  if (all_namespaces) table.head.insert(table.head.begin(), "NAMESPACE");
  for (const auto& item : reports.items()) {
    View report(item);
    const auto who = holders(report);
    const auto all = spaces(who, report["host"]);
    for (const Holder& h : who) {
      std::vector<std::string> row;
      if (all_namespaces) row.emplace_back(report["pod"]["namespace"].str());
      row.emplace_back(report["pod"]["name"].str());
      row.push_back(h.name);
      row.push_back(std::to_string(h.pid));
      for (std::string_view type : {"net", "ipc", "uts", "pid", "mnt", "cgroup", "user"}) {
        row.push_back(relation(all, h, type, wide));
      }
      table.rows.push_back(std::move(row));
    }
  }
  return table.str(headings);
}

}  // namespace podctl::cli

#include "podctl/cli/sandbox_text.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "cli/describe_text.hpp"
#include "podctl/base/pressure.hpp"
#include "podctl/base/text.hpp"
#include "podctl/base/utf8.hpp"
#include "podctl/cli/time_text.hpp"

namespace podctl::cli {
namespace {

std::string indented(std::string_view text) {
  std::string out;
  for (std::string_view line : text::split(text, '\n')) {
    if (!line.empty()) (out += "  ") += std::string(line) + "\n";
  }
  return out;
}

// "avg10" of the "some" line of a pressure file.
std::string pressure(View usage, std::string_view field) {
  const auto percent = waited(usage[field].str());
  return percent.empty() ? std::string() : std::string(percent) + " %";
}

void add(std::string& text, std::string_view word, std::string value) {
  if (value.empty()) return;
  text += (text.empty() ? "" : ", ") + std::string(word) + value;
}

std::string memory_line(View usage) {
  std::string text = human_bytes(static_cast<std::uint64_t>(usage["memoryCurrent"].num()));
  if (usage["memorySummed"].flag()) text += " (its containers' sum)";
  if (usage["memoryPeak"].num() > 0)
    add(text, "peak ", human_bytes(static_cast<std::uint64_t>(usage["memoryPeak"].num())));
  if (usage["oomKills"].num() > 0)
    add(text, "killed for memory ", std::to_string(usage["oomKills"].num()) + " times");
  add(text, "pressure ", pressure(usage, "memoryPressure"));
  return text;
}

// Throttling raises the CPU pressure too, so the two stand side by side.
std::string cpu_line(View usage) {
  std::string text =
      human_ns(static_cast<std::uint64_t>(usage["cpuUsageUs"].num()) * 1000) + " used";
  if (usage["periods"].num() > 0) {
    add(text, "throttled in ",
        usage["throttledPeriods"].scalar() + " of " + usage["periods"].scalar() + " periods");
  }
  add(text, "pressure ", pressure(usage, "cpuPressure"));
  return text;
}

std::string io_line(View usage) {
  const auto bytes = [&](std::string_view field) {
    return human_bytes(static_cast<std::uint64_t>(usage[field].num()));
  };
  std::string text;
  if (usage["ioRead"]) text = bytes("ioRead") + " read, " + bytes("ioWritten") + " written";
  add(text, "pressure ", pressure(usage, "ioPressure"));
  return text;
}

std::string pids_line(View usage) {
  std::string text = std::to_string(usage["pids"].num());
  if (usage["pidsMaxEvents"].num() > 0)
    add(text, "limit met ", std::to_string(usage["pidsMaxEvents"].num()) + " times");
  return text;
}

// v1 says "no limit" as -1 or as the largest multiple of a page.
std::string limit_text(std::string value) {
  const auto number = text::parse_u64(value);
  const bool none = value == "-1" || value == "max" || (number && *number >= 1ULL << 62);
  return none ? "unlimited" : value;
}

// "a=1, b=2, …" over as many lines as the width needs; a value begins 12 columns after its key.
void limits(DescribeText& out, int level, View all, std::size_t width) {
  const std::size_t room = width > 0 ? std::max<std::size_t>(width, 60) - 12 - 2 * level : 0;
  std::string lead = "Limits:\t", line;
  for (const auto& [name, value] : all.fields()) {
    const std::string one = std::string(name) + "=" + limit_text(View(value).scalar());
    if (room > 0 && !line.empty() && line.size() + one.size() + 3 > room) {
      out.line(level, lead + line + ",");
      lead = "\t";
      line.clear();
    }
    add(line, "", one);
  }
  out.line(level, lead + (line.empty() ? "<none>" : line));
}

void cgroups(DescribeText& out, View list, std::size_t width) {
  if (list.items().empty()) return;
  out.title(0, "Cgroups");
  for (const auto& item : list.items()) {
    View c(item);
    std::string_view holder = c["holder"].str();
    if (holder.starts_with("container/")) holder.remove_prefix(10);
    const int level = holder == "pod" ? 1 : 2;
    out.title(level, holder);
    out.pair(level + 1, "Path", c["path"].str());
    limits(out, level + 1, c["limits"], width);
    if (View cpus = c["cpus"]; cpus)
      out.pair(level + 1, "CPUs",
               std::string(cpus["list"].str()) + (cpus["own"].flag() ? " (its own)" : " (shared)"));
    View usage = c["usage"];
    if (!usage) continue;
    out.pair(level + 1, "CPU", cpu_line(usage));
    out.pair(level + 1, "Memory", memory_line(usage));
    out.pair(level + 1, "Processes", pids_line(usage));
    if (auto io = io_line(usage); !io.empty()) out.pair(level + 1, "I/O", io);
  }
}

void list(DescribeText& out, int level, std::string_view key, View items) {
  std::string lead = std::string(key) + ":\t";
  for (const auto& item : items.items()) {
    out.line(level, lead + View(item).scalar());
    lead = "\t";
  }
  if (lead != "\t") out.line(level, lead + "<none>");
}

void network(DescribeText& out, View net) {
  if (!net) return;
  out.title(0, "Network");
  if (net["mode"].str() == "host")
    return out.pair(1, "Mode", "host (the host's own interfaces and addresses)");
  out.pair(1, "Host End",
           std::string(net["hostInterface"].str("<none>")) + " on bridge " +
               std::string(net["bridge"].str("<none>")));
  std::string pod_end(net["podInterface"].str("<none>"));
  if (auto mac = net["mac"].str(); !mac.empty()) pod_end += ", MAC " + std::string(mac);
  out.pair(1, "Pod End", pod_end);
  list(out, 1, "Addresses", net["addresses"]);
  list(out, 1, "Gateways", net["gateways"]);
  list(out, 1, "Routes", net["routes"]);
}

void rootfs(DescribeText& out, View all) {
  if (all.items().empty()) return;
  out.title(0, "Root File Systems");
  for (const auto& item : all.items()) {
    View r(item);
    out.title(1, r["container"].str());
    out.pair(2, "Writable", r["readOnly"].flag() ? "no" : "yes");
    if (auto upper = r["upper"].str(); !upper.empty()) out.pair(2, "Upper", upper);
    list(out, 2, "Layers", r["layers"]);
  }
}

}  // namespace

std::string describe_sandbox(View report, Style style) {
  Style within = style;
  if (within.width > 2) within.width -= 2;
  std::string text = "Namespaces:\n" + indented(namespace_map(report, false, within));
  DescribeText out;
  if (const View users = report["users"]; users)
    out.pair(0, "User Namespace", users["count"].scalar() + " ids from " + users["first"].scalar());
  if (const auto why = report["unknown"].str(); !why.empty())
    out.pair(0, "Cgroups and Network", "not known: " + std::string(why));
  cgroups(out, report["cgroups"], style.width);
  if (const auto why = report["noPressure"].str(); !why.empty())
    out.pair(0, "Pressure", "not known: " + std::string(why));
  network(out, report["network"]);
  rootfs(out, report["rootfs"]);
  list(out, 0, "Degraded Here", report["degraded"]);
  return text + fold_values(out.str(true), style.width);
}

std::string trace_text(View steps, std::size_t width) {
  std::int64_t first = 0, last = 0;
  for (const auto& item : steps.items()) {
    View s(item);
    const std::int64_t start = s["startNs"].num(), end = start + s["durationNs"].num();
    if (first == 0 || start < first) first = start;
    last = std::max(last, end);
  }
  const std::int64_t total = std::max<std::int64_t>(last - first, 1);
  std::string text = "AT\tTOOK\tPROCESS\tSTEP\tDETAIL\n";
  const std::size_t bar = width > 110 ? 24 : 0;  // a chart only where there is room
  if (bar > 0) text = "AT\tTOOK\tWHEN\tPROCESS\tSTEP\tDETAIL\n";
  for (const auto& item : steps.items()) {
    View s(item);
    const std::int64_t at = s["startNs"].num() - first, took = s["durationNs"].num();
    text += human_ns(static_cast<std::uint64_t>(at)) + "\t" +
            human_ns(static_cast<std::uint64_t>(took)) + "\t";
    if (bar > 0) {
      const auto from = static_cast<std::size_t>(at * static_cast<std::int64_t>(bar - 1) / total);
      auto size = static_cast<std::size_t>(took * static_cast<std::int64_t>(bar) / total);
      size = std::clamp<std::size_t>(size, 1, bar - from);
      text += std::string(from, ' ') + std::string(size, '#') +
              std::string(bar - from - size, ' ') + "\t";
    }
    text += std::string(s["process"].str()) + "\t" + std::string(s["name"].str()) + "\t" +
            std::string(s["detail"].str()) + "\n";
  }
  return align(utf8::printable(text), kTableStops) + "\n" +
         human_ns(static_cast<std::uint64_t>(last - first)) + " in all\n";
}

std::string doctor_text(View items, Style style) {
  std::string text;
  for (const auto& item : items.items()) {
    View i(item);
    const std::string_view status = i["status"].str();
    std::string word(status);
    if (style.colour) {
      const std::string_view code = status == "ok" ? "32" : status == "degraded" ? "33" : "31";
      word = "\x1b[" + std::string(code) + "m" + word + "\x1b[0m";
    }
    text +=
        word + "\t" + std::string(i["name"].str()) + "\t" + std::string(i["detail"].str()) + "\n";
    if (auto remedy = i["remedy"].str(); status != "ok" && !remedy.empty())
      text += "\t\t-> " + std::string(remedy) + "\n";
  }
  return align_folded(text, kDescribeStops, style.width);
}

}  // namespace podctl::cli

// What programs say at their end, in the words that C libraries, shells and run times share.
#include <algorithm>
#include <cctype>

#include "lifecycle/why_parts.hpp"
#include "podctl/base/text.hpp"
#include "podctl/base/utf8.hpp"

namespace podctl::lifecycle {
namespace {

constexpr std::size_t kLineShown = 200;  // bytes

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

std::string quoted_line(std::string_view line) {
  line = text::trim(line);
  std::string shown = utf8::printable(line.substr(0, kLineShown));
  return "\"" + shown + (line.size() > kLineShown ? "…\"" : "\"");
}

struct Saying {
  std::string_view reason;
  std::string_view words;  // any of these, parted by '|', in lower case
  std::string_view says;   // "its log says that …"
  std::string_view remedy;
};

// The order decides where a line has several: what names the thing before what only names an errno.
constexpr Saying kSayings[] = {
    {"PortTaken", "address already in use|eaddrinuse|address in use",
     "a port that it wants to listen on is taken",
     "Give one of the two another port: the containers of a pod share one network."},
    {"MissingLibrary", "error while loading shared libraries|glibc_|error relocating",
     "a shared library of its program is missing",
     "Take an image that has the library, or build the program for this image."},
    {"NoSpace", "no space left on device|enospc|disk quota exceeded", "its disk is full",
     "Make room where it writes: a volume of medium Memory ends at its sizeLimit, everything else "
     "at "
     "the machine's disk."},
    {"ReadOnlyFileSystem", "read-only file system|erofs",
     "it wrote to where nothing may be written",
     "Mount an emptyDir where it writes, or take readOnly or readOnlyRootFilesystem away."},
    {"NameNotFound",
     "bad address '|no such host|name or service not known|temporary failure in name "
     "resolution|could "
     "not resolve host|enotfound|getaddrinfo",
     "a name has no address",
     "There is no cluster DNS here: names of Services have no address. Use hostAliases, localhost "
     "for "
     "containers of the same pod, or a pod's IP."},
    {"ConnectionRefused", "connection refused|econnrefused", "nobody listens where it connects to",
     "See that the other side runs and listens before it: as a sidecar with a startupProbe, or "
     "retry."},
    {"NoProcesses",
     "can't fork|cannot fork|fork: retry|resource temporarily unavailable|pthread_create",
     "it could make no further process or thread",
     "Have it start fewer processes and threads, or raise its limit of them."},
    {"NoMemory", "cannot allocate memory|out of memory|outofmemoryerror|enomem|bad_alloc",
     "it got no memory", "Raise resources.limits.memory, or the limit that its own run time sets."},
    {"CommandNotFound", ": not found|command not found", "a command was not found",
     "Take an image that has the command, or correct its name or $PATH."},
    {"PermissionDenied", "permission denied|eacces|operation not permitted|eperm",
     "something was not permitted",
     "Run as a user who may (securityContext.runAsUser), change the file's owner or mode, or add "
     "the "
     "capability that it needs."},
    {"MissingFile", "no such file or directory|enoent|can't open|cannot open", "a file is missing",
     "Put the file into the image or a volume, or correct the path."},
};

bool says(const Saying& saying, const std::string& line) {
  const auto words = text::split(saying.words, '|');
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view w) { return contains(line, w); });
}

// The number after the last colon, as of an address; empty when there is none.
std::string port_in(std::string_view line) {
  for (auto at = line.rfind(':'); at != std::string_view::npos && at > 0;
       at = line.rfind(':', at - 1)) {
    const auto digits = line.substr(at + 1, line.find_first_not_of("0123456789", at + 1) - at - 1);
    const auto number = text::parse_u64(digits);
    if (number && *number > 0 && *number < 65536) return std::string(digits);
  }
  return {};
}

void port_facts(const Suspect& s, std::string_view line, Cause& cause) {
  const std::string port = port_in(line);
  if (s.pod.spec.hostNetwork.value_or(false)) {
    cause.remedy =
        "Take another port, or end what listens on it: the pod is in the host's network.";
    add_fact(cause, "manifest",
             "hostNetwork is true: any process of the machine may have the port");
  }
  for (const auto& other : s.pod.spec.containers) {
    if (other.name == s.spec.name || port.empty()) continue;
    for (const auto& p : other.ports) {
      if (std::to_string(p.containerPort) != port) continue;
      add_fact(cause, "manifest",
               "container \"" + other.name + "\" of the same pod declares port " + port);
    }
  }
}

// The volume whose mount the line names, for a file that is missing or must not be touched.
void mount_facts(const Suspect& s, std::string_view line, Cause& cause) {
  for (const auto& m : s.spec.volumeMounts) {
    if (!contains(line, m.mountPath)) continue;
    std::string text = "volume \"" + m.name + "\" is mounted at " + m.mountPath;
    if (m.readOnly.value_or(false)) text += ", read-only";
    add_fact(cause, "manifest", std::move(text));
    if (cause.reason == "PermissionDenied") cause.reason = "UnreadableMount";
  }
  if (s.status.user && s.status.user->linux_) {
    add_fact(cause, "status", "it runs as user " + std::to_string(s.status.user->linux_->uid));
  } else if (s.spec.securityContext && s.spec.securityContext->runAsUser) {
    add_fact(cause, "manifest",
             "runAsUser is " + std::to_string(*s.spec.securityContext->runAsUser));
  }
}

void read_only_facts(const Suspect& s, Cause& cause) {
  if (s.spec.securityContext && s.spec.securityContext->readOnlyRootFilesystem.value_or(false)) {
    add_fact(cause, "manifest", "readOnlyRootFilesystem is true");
  }
}

const std::vector<std::string>* lines_of(const Suspect& s) {
  const auto at = s.evidence.lines.find(s.spec.name);
  return at == s.evidence.lines.end() ? nullptr : &at->second;
}

}  // namespace

std::optional<Cause> log_cause(const Suspect& s, const std::string& ended) {
  const auto* lines = lines_of(s);
  if (lines == nullptr) return std::nullopt;
  for (auto line = lines->rbegin(); line != lines->rend(); ++line) {
    const std::string small = lower(*line);
    const auto* saying = std::find_if(std::begin(kSayings), std::end(kSayings),
                                      [&](const Saying& x) { return says(x, small); });
    if (saying == std::end(kSayings)) continue;
    Cause cause = cause_of(s, std::string(saying->reason),
                           ended + ", and its log says that " + std::string(saying->says) + ".",
                           std::string(saying->remedy));
    add_fact(cause, "log", quoted_line(*line));
    if (saying->reason == "PortTaken") port_facts(s, *line, cause);
    if (saying->reason == "PermissionDenied" || saying->reason == "MissingFile" ||
        saying->reason == "ReadOnlyFileSystem") {
      mount_facts(s, *line, cause);
    }
    if (saying->reason == "ReadOnlyFileSystem") read_only_facts(s, cause);
    return cause;
  }
  return std::nullopt;
}

bool wrote_nothing(const Suspect& s) {
  const auto* lines = lines_of(s);
  return lines != nullptr &&
         std::ranges::all_of(*lines, [](const auto& l) { return text::trim(l).empty(); });
}

void add_last_line(const Suspect& s, Cause& cause) {
  const auto* lines = lines_of(s);
  if (lines == nullptr) return;
  const auto line = std::find_if(lines->rbegin(), lines->rend(),
                                 [](const auto& l) { return !text::trim(l).empty(); });
  add_fact(cause, "log", line == lines->rend() ? "it wrote nothing" : quoted_line(*line));
}

}  // namespace podctl::lifecycle

// Memory as JSON. One table of fields a struct, used in both directions; what equals a fresh
// struct's value is not written, so that a field added later reads as its default from older texts.
#include "podctl/lifecycle/memory.hpp"

#include <boost/json.hpp>
#include <concepts>
#include <type_traits>

#include "podctl/base/utf8.hpp"

namespace podctl::lifecycle {
namespace {

namespace json = boost::json;

constexpr std::uint32_t kVersion = 1;

// ---- the tables ----

template <class V>
void fields(V& v, RunUser& x) {
  v("uid", x.uid);
  v("gid", x.gid);
  v("groups", x.groups);
}

template <class V>
void fields(V& v, Ended& x) {
  v("exitCode", x.exit_code);
  v("reason", x.reason);
  v("message", x.message);
  v("id", x.id);
  v("startedWall", x.started_wall_ns);
  v("finishedWall", x.finished_wall_ns);
  v("finished", x.finished_ns);
  v("signal", x.signal);
  v("oomKills", x.oom_kills);
  v("pidsRefused", x.pids_refused);
}

template <class V>
void fields(V& v, Waiting& x) {
  v("reason", x.reason);
  v("message", x.message);
  v("retryAt", x.retry_at_ns);
}

template <class V>
void fields(V& v, HookMemory& x) {
  v("progress", x.progress);
  v("since", x.since_ns);
  v("failure", x.failure);
}

template <class V>
void fields(V& v, ProbeMemory& x) {
  v("failing", x.failing);
  v("run", x.run);
  v("verdict", x.verdict);
  v("taken", x.taken_ns);
}

template <class V>
void fields(V& v, ImageOfVolume& x) {
  v("volume", x.volume);
  v("id", x.id);
}

template <class V>
void fields(V& v, ContainerMemory& x) {
  v("name", x.name);
  v("attempt", x.attempt);
  v("progress", x.progress);
  v("passed", x.passed);
  v("created", x.created);
  v("rerun", x.rerun);
  v("id", x.id);
  v("started", x.started_ns);
  v("startedWall", x.started_wall_ns);
  v("isStarted", x.started);
  v("isReady", x.ready);
  v("user", x.user);
  v("specImage", x.spec_image);
  v("image", x.image);
  v("imageId", x.image_id);
  v("stopSignal", x.stop_signal);
  v("volumeImages", x.volume_images);
  v("ended", x.ended);
  v("last", x.last);
  v("tailWanted", x.tail_wanted);
  v("waiting", x.waiting);
  v("applied", x.applied);
  v("backoff", x.backoff_s);
  v("backoffSince", x.backoff_since_ns);
  v("pullBackoff", x.pull_backoff_s);
  v("resolving", x.resolving);
  v("postStart", x.post_start);
  v("preStop", x.pre_stop);
  v("probes", x.probes);
  v("stopping", x.stopping);
  v("stopAt", x.stop_ns);
  v("killed", x.killed);
  v("killedAt", x.killed_ns);
}

template <class V>
void fields(V& v, Stop& x) {
  v("cause", x.cause);
  v("grace", x.grace_s);
  v("deadline", x.deadline_ns);
  v("told", x.told);
}

template <class V>
void fields(V& v, ConditionMemory& x) {
  v("known", x.known);
  v("status", x.status);
  v("sinceWall", x.since_wall_ns);
}

template <class V>
void fields(V& v, ResizeMemory& x) {
  v("allocated", x.allocated);
  v("reason", x.reason);
  v("message", x.message);
  v("pendingWall", x.pending_wall_ns);
  v("replaced", x.replaced);
  v("error", x.error);
  v("progressWall", x.progress_wall_ns);
  v("retryAt", x.retry_at_ns);
  v("podApplied", x.pod_applied);
}

template <class V>
void fields(V& v, PodMemory& x) {
  v("version", x.version);
  v("bootId", x.boot_id);
  v("seenBoot", x.seen_boot_ns);
  v("seenWall", x.seen_wall_ns);
  v("start", x.start_ns);
  v("startWall", x.start_wall_ns);
  v("unplacedReason", x.unplaced_reason);
  v("unplacedMessage", x.unplaced_message);
  v("sandboxAttempt", x.sandbox_attempt);
  v("sandbox", x.sandbox);
  v("sandboxRetryAt", x.sandbox_retry_at_ns);
  v("podIps", x.pod_ips);
  v("hostIps", x.host_ips);
  v("initialized", x.initialized);
  v("init", x.init);
  v("containers", x.containers);
  v("ephemeral", x.ephemeral);
  v("resize", x.resize);
  v("stop", x.stop);
  v("rejected", x.rejected);
  v("finalPhase", x.final_phase);
  v("reason", x.reason);
  v("message", x.message);
  v("conditions", x.conditions);
}

// ---- writing ----

template <class T>
json::value to_json(const T& x);

struct Writer {
  json::object& out;
  const void* fresh;  // a default struct of the same type
  const char* base;   // the struct that is written
  template <class T>
  void operator()(const char* name, T& member) {
    const auto offset = reinterpret_cast<const char*>(&member) - base;
    const auto& usual = *reinterpret_cast<const T*>(static_cast<const char*>(fresh) + offset);
    if (!(member == usual)) out.emplace(name, to_json(member));
  }
};

template <class T>
concept Struct = requires(Writer& w, T& x) {
  fields(w, x);
};
template <class T>
concept Optional = std::is_same_v<T, std::optional<typename T::value_type>>;
template <class T>
concept List = !std::is_same_v<T, std::string> && requires(const T& x) {
  x.begin();
  x.size();
};

template <class T>
json::value to_json(const T& x) {
  if constexpr (Struct<T>) {
    static const T fresh{};
    json::object object;
    Writer writer{object, &fresh, reinterpret_cast<const char*>(&x)};
    fields(writer,
           const_cast<T&>(x));  // NOLINT: one table serves both ways; Writer changes nothing
    return object;
  } else if constexpr (Optional<T>) {
    return x ? to_json(*x) : json::value(nullptr);
  } else if constexpr (List<T>) {
    json::array array;
    array.reserve(x.size());
    for (const auto& entry : x) array.push_back(to_json(entry));
    return array;
  } else if constexpr (std::is_enum_v<T>) {
    return static_cast<std::uint64_t>(x);
  } else {
    return json::value(x);
  }
}

// ---- reading ----

struct Reader {
  const json::object& in;
  bool& good;
  template <class T>
  void operator()(const char* name, T& member);
};

template <class T>
bool from_json(const json::value& v, T& x);

// The last value of each enum: what lies beyond is not ours.
constexpr std::uint64_t last_of(Progress) { return static_cast<std::uint64_t>(Progress::kEnded); }
constexpr std::uint64_t last_of(SandboxProgress) {
  return static_cast<std::uint64_t>(SandboxProgress::kGone);
}
constexpr std::uint64_t last_of(HookProgress) {
  return static_cast<std::uint64_t>(HookProgress::kEnded);
}
constexpr std::uint64_t last_of(Verdict) { return static_cast<std::uint64_t>(Verdict::kFailure); }
constexpr std::uint64_t last_of(KillCause) {
  return static_cast<std::uint64_t>(KillCause::kResized);
}
constexpr std::uint64_t last_of(StopCause) {
  return static_cast<std::uint64_t>(StopCause::kEvicted);
}

template <class T>
bool number_from_json(const json::value& v, T& x) {
  boost::system::error_code ec;
  x = v.to_number<T>(ec);
  return !ec;
}

template <class T>
bool list_from_json(const json::value& v, T& list) {
  if (!v.is_array()) return false;
  const auto& array = v.get_array();
  if constexpr (requires { list.resize(0); }) list.resize(array.size());
  if (array.size() > list.size()) return false;
  auto into = list.begin();
  for (const auto& entry : array) {
    if (!from_json(entry, *into++)) return false;
  }
  return true;
}

template <class T>
bool enum_from_json(const json::value& v, T& x) {
  std::uint64_t number = 0;
  if (!number_from_json(v, number) || number > last_of(x)) return false;
  x = static_cast<T>(number);
  return true;
}

template <class T>
bool from_json(const json::value& v, T& x) {
  if constexpr (std::is_same_v<T, bool>) {
    if (!v.is_bool()) return false;
    x = v.get_bool();
    return true;
  } else if constexpr (std::is_same_v<T, std::string>) {
    if (!v.is_string()) return false;
    x = std::string_view(v.get_string());
    return true;
  } else if constexpr (std::is_enum_v<T>) {
    return enum_from_json(v, x);
  } else if constexpr (std::is_integral_v<T>) {
    return number_from_json(v, x);
  } else if constexpr (Optional<T>) {
    return from_json(v, x.emplace());
  } else if constexpr (List<T>) {
    return list_from_json(v, x);
  } else {
    if (!v.is_object()) return false;
    bool good = true;
    Reader reader{v.get_object(), good};
    fields(reader, x);
    return good;
  }
}

template <class T>
void Reader::operator()(const char* name, T& member) {
  const auto* value = in.if_contains(name);
  if (value != nullptr && !from_json(*value, member)) good = false;
}

// What step relies on besides the types.
bool consistent(const std::vector<ContainerMemory>& containers) {
  for (const auto& m : containers) {
    if (m.progress == Progress::kEnded && !m.ended) return false;
  }
  return true;
}

}  // namespace

// Messages of containers and of the kernel are in it: a byte that is not UTF-8 would make it
// unreadable.
std::string encode_memory(const PodMemory& memory) {
  return utf8::well_formed(json::serialize(to_json(memory)));
}

Result<PodMemory> decode_memory(std::string_view text) {
  PodMemory memory;
  if (text.empty()) return memory;
  boost::system::error_code ec;
  const auto value = json::parse({text.data(), text.size()}, ec);
  if (ec) return fail(Code::kCorrupt, "decode lifecycle memory", "", ec.message());
  if (!from_json(value, memory)) {
    return fail(Code::kCorrupt, "decode lifecycle memory", "", "a field has the wrong type");
  }
  if (memory.version > kVersion) {
    return fail(Code::kUnsupported, "decode lifecycle memory", "",
                "it was written by a newer podctl: version " + std::to_string(memory.version));
  }
  if (!consistent(memory.init) || !consistent(memory.containers)) {
    return fail(Code::kCorrupt, "decode lifecycle memory", "", "a container ended without an end");
  }
  return memory;
}

}  // namespace podctl::lifecycle

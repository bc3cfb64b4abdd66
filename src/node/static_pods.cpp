#include "node/static_pods.hpp"

#include <sys/inotify.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <filesystem>
#include <optional>

#include "podctl/api/encode.hpp"
#include "podctl/api/manifest.hpp"
#include "podctl/base/text.hpp"
#include "podctl/base/unique_fd.hpp"
#include "podctl/node/clock.hpp"
#include "podctl/sys/files.hpp"

namespace podctl::node {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;

// The kubelet's fileCheckFrequency: a directory that is made later, a mount over it, is seen then.
constexpr std::chrono::seconds kPeriod{20};
// An editor writes, renames and removes: what belongs together is looked at once.
constexpr std::chrono::milliseconds kCalm{50};
constexpr std::size_t kMaxFile = 8U << 20;

// As the kubelet, which also leaves out what begins with a dot. Only a directory that is not there
// has no files; what cannot be listed says nothing of them.
Result<std::vector<StaticFile>> read_files(const std::string& directory, StaticSet& set) {
  std::vector<StaticFile> files;
  std::error_code error;
  fs::directory_iterator entry(directory, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    std::error_code failed;
    const std::string name = entry->path().filename();
    if (name.starts_with('.')) continue;
    // Symlinks are followed: that is how mounted ConfigMaps have their files. One to nothing is
    // being changed.
    const auto file = fs::canonical(entry->path(), failed);
    if (!failed && !fs::is_regular_file(file, failed)) continue;
    auto text = failed ? fail_errno(failed.value(), "follow symlink", entry->path())
                        : sys::read_file(file, kMaxFile);
    if (text && text->size() < kMaxFile && !text::trim(*text).empty()) {
      files.push_back({name, std::move(*text)});
      continue;
    }
    set.unread.insert(name);  // an empty one is being written
    if (!text) set.faults.push_back(name + ": " + text.error().message());
    if (text && text->size() >= kMaxFile) set.faults.push_back(name + ": it is larger than 8 MiB");
  }
  if (error && error != std::errc::no_such_file_or_directory)
    return fail_errno(error.value(), "list directory", directory);
  std::sort(files.begin(), files.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return files;
}

std::string fault_text(const std::string& file, const api::Fault& fault) {
  std::string text = file;
  if (fault.at.line > 0)
    text += ":" + std::to_string(fault.at.line) + ":" + std::to_string(fault.at.column);
  return text + ": " + (fault.field.empty() ? "" : fault.field + ": ") + fault.text;
}

// The kubelet's own marks and rights (pkg/kubelet/config/common.go, applyDefaults).
StaticPod made_static(const std::string& file, api::Pod pod, const std::string& node) {
  StaticPod out{file, {}, {}};
  out.hash = text::hex(text::hash64(node + "/" + file + "/" + api::to_json(pod)), 16);
  auto& meta = pod.metadata;
  meta.name += "-" + node;
  meta.annotations[kConfigHash] = out.hash;
  meta.annotations[kConfigSource] = "file";
  meta.annotations[kConfigMirror] = out.hash;
  pod.spec.nodeName = node;
  api::Toleration stays;
  stays.operator_ = "Exists";
  stays.effect = "NoExecute";
  pod.spec.tolerations.push_back(std::move(stays));
  out.pod = std::move(pod);
  return out;
}

}  // namespace

std::string static_manifests(const Layout& layout) {
  return layout.root().empty() ? "/etc/podctl/manifests" : layout.root() + "/manifests";
}

bool is_static(const api::Pod& pod) {
  const auto& notes = pod.metadata.annotations;
  const auto source = notes.find(kConfigSource);
  return source != notes.end() && source->second == "file" && notes.contains(kConfigHash);
}

StaticSet static_pods(const std::vector<StaticFile>& files, const std::string& node) {
  StaticSet set;
  std::set<Key> names;
  for (const StaticFile& file : files) {
    auto loaded = api::load_manifests(file.text, "default", api::Bar::kPodctl);
    for (const auto& fault : loaded.faults) set.faults.push_back(fault_text(file.name, fault));
    if (!loaded.faults.empty()) {
      set.unread.insert(file.name);
      continue;
    }
    for (auto& manifest : loaded.manifests) {
      if (!manifest.is_pod()) {
        set.faults.push_back(file.name + ": kind: only pods can be kept running from a file");
        continue;
      }
      const Key key{manifest.pod.metadata.namespace_, manifest.pod.metadata.name};
      if (key.second.empty()) {
        set.faults.push_back(file.name + ": metadata.name: a static pod needs a name");
      } else if (!names.insert(key).second) {
        set.faults.push_back(file.name + ": another file has the pod \"" + key.second +
                             "\" already");
      } else {
        set.pods.push_back(made_static(file.name, std::move(manifest.pod), node));
      }
    }
  }
  return set;
}

struct StaticPods::Watcher {
  explicit Watcher(asio::io_context& io) : timer(io), calm(io), descriptor(io) {}
  asio::steady_timer timer, calm;
  asio::posix::stream_descriptor descriptor;
};

StaticPods::StaticPods(Node& node, Context& context)
    : node_(node),
      context_(context),
      directory_(static_manifests(context.layout)),
      watcher_(std::make_unique<Watcher>(context.io)) {}

StaticPods::~StaticPods() { *alive_ = false; }

void StaticPods::start() {
  watch();
  scan();
}

// The directory may be missing, or be another one by now: looked at anew each time.
void StaticPods::watch() {
  boost::system::error_code ignored;
  watcher_->descriptor.close(ignored);
  UniqueFd fd(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  constexpr std::uint32_t kChanges = IN_CREATE | IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM |
                                     IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF;
  if (fd && ::inotify_add_watch(fd.get(), directory_.c_str(), kChanges | IN_ONLYDIR) >= 0) {
    watcher_->descriptor.assign(fd.release(), ignored);
    wait_for_change();
  }
  watcher_->timer.expires_after(kPeriod);
  watcher_->timer.async_wait([this](boost::system::error_code error) {
    if (error) return;
    watch();
    scan();
  });
}

void StaticPods::wait_for_change() {
  watcher_->descriptor.async_wait(asio::posix::stream_descriptor::wait_read,
                                  [this](boost::system::error_code error) {
                                    if (error) return;
                                    char events[4096];
                                    boost::system::error_code failed;
                                    watcher_->descriptor.read_some(asio::buffer(events), failed);
                                    if (failed && failed != asio::error::would_block)
                                      return;  // the timer begins anew
                                    scan_soon();
                                    wait_for_change();
                                  });
}

void StaticPods::scan_soon() {
  watcher_->calm.expires_after(kCalm);
  watcher_->calm.async_wait([this](boost::system::error_code error) {
    if (!error) scan();
  });
}

void StaticPods::scan() {
  if (std::exchange(scanning_, true)) {
    again_ = true;
    return;
  }
  context_.offload.run([this, alive = alive_, directory = directory_,
                        name = context_.machine.facts.name]() -> std::function<void()> {
    StaticSet unread;
    const auto files = read_files(directory, unread);
    std::optional<StaticSet> found;
    if (files) {
      found = static_pods(*files, name);
      found->unread.merge(unread.unread);
    }
    auto faults = files ? std::move(unread.faults) : std::vector{files.error().message()};
    return [this, alive, found = std::move(found), faults = std::move(faults)]() mutable {
      if (*alive) scanned(std::move(found), std::move(faults));
    };
  });
}

void StaticPods::scanned(std::optional<StaticSet> found, std::vector<std::string> unread) {
  scanning_ = false;
  std::set<std::string> faults(unread.begin(), unread.end());
  if (found) faults.insert(found->faults.begin(), found->faults.end());
  for (const std::string& fault : faults) {
    if (!told_.contains(fault)) context_.log("static pods: " + directory_ + "/" + fault);
  }
  told_ = std::move(faults);
  if (found) take(std::move(*found));
  reconcile();
  if (std::exchange(again_, false)) scan();
}

void StaticPods::take(StaticSet found) {
  known_ = true;
  unread_ = std::move(found.unread);
  std::erase_if(wanted_, [&](const auto& entry) { return !unread_.contains(entry.second.file); });
  for (StaticPod& pod : found.pods) {
    Key key{pod.pod.metadata.namespace_, pod.pod.metadata.name};
    files_[key] = pod.file;
    wanted_.insert_or_assign(std::move(key), std::move(pod));
  }
}

// Of a pod that an earlier podctld made it is not known which file asked for it.
bool StaticPods::wanted_no_more(const Key& key, const api::Pod& pod) const {
  const auto wanted = wanted_.find(key);
  if (wanted != wanted_.end())
    return wanted->second.hash != pod.metadata.annotations.find(kConfigHash)->second;
  const auto file = files_.find(key);
  return file == files_.end() ? unread_.empty() : !unread_.contains(file->second);
}

// What a file no longer says goes; its successor comes once it is gone.
void StaticPods::reconcile() {
  if (!known_) return;
  std::vector<Key> going;
  for (const auto& [key, record] : node_.objects().pods()) {
    if (!is_static(*record.object) || record.object->metadata.deletionTimestamp) continue;
    if (wanted_no_more(key, *record.object)) going.push_back(key);
  }
  for (const Key& key : going) {
    if (!wanted_.contains(key)) files_.erase(key);
    node_.remove(key.first, key.second, {.by_file = true}, [](const Answer<Written>&) {});
  }
  for (const auto& [key, wanted] : wanted_) {
    if (node_.objects().find_pod(key.first, key.second) == nullptr) create(wanted);
  }
}

void StaticPods::create(const StaticPod& wanted) {
  Admitted admitted{wanted.pod, {}};
  admitted.pod.metadata.annotations[kConfigSeen] = to_time(wall_now_ns()).str();
  node_.create(std::move(admitted), false,
               [this, alive = alive_, file = wanted.file](const Answer<Written>& made) {
                 if (!*alive || made) return;
                 const std::string fault = file + ": " + made.error().message;
                 if (told_.insert(fault).second)
                   context_.log("static pods: " + directory_ + "/" + fault);
               });
}

}  // namespace podctl::node

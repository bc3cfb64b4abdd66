// Static pods: manifests in a directory that podctld keeps running without being asked, as the
// kubelet does (staticPodPath). A file that comes, changes or goes takes its pods along; a faulty
// one is told of in podctld's log, and leaves all others alone.
//
// Owned by Node, on podctld's loop; files are read by a worker. What it has made it knows by the
// annotations kubernetes.io/config.*, so that a podctld which finds the pods goes on with them.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "podctl/node/context.hpp"
#include "podctl/node/node.hpp"

namespace podctl::node {

inline constexpr const char* kConfigSource = "kubernetes.io/config.source";
inline constexpr const char* kConfigHash = "kubernetes.io/config.hash";
inline constexpr const char* kConfigMirror = "kubernetes.io/config.mirror";
inline constexpr const char* kConfigSeen = "kubernetes.io/config.seen";

// DIR/manifests of a root, /etc/podctl/manifests of the system's. It is not podctl's own, but the
// user's: nothing makes or removes it.
std::string static_manifests(const Layout& layout);

// A pod that a file asks for.
struct StaticPod {
  std::string file, hash;  // of the pod as written
  api::Pod pod;            // with its name on this node, and the annotations
};
struct StaticFile {
  std::string name, text;
};
// Every pod of the files, and what is wrong with the others: a line each. Pure.
struct StaticSet {
  std::vector<StaticPod> pods;
  std::vector<std::string> faults;
  // Files that are faulty, cannot be read or are just being written: what they asked for before
  // goes on.
  std::set<std::string> unread;
};
StaticSet static_pods(const std::vector<StaticFile>& files, const std::string& node);
// Whether a pod's object was made from a file.
bool is_static(const api::Pod& pod);

class StaticPods {
 public:
  StaticPods(Node& node, Context& context);
  ~StaticPods();
  void start();
  // A pod is gone, or has changed: one of the same name may have waited for that.
  void reconcile();

 private:
  struct Watcher;
  void watch();
  void wait_for_change();
  void scan_soon();
  void scan();
  // Nothing found: the directory could not be read.
  void scanned(std::optional<StaticSet> found, std::vector<std::string> unread);
  void take(StaticSet found);
  bool wanted_no_more(const Key& key, const api::Pod& pod) const;
  void create(const StaticPod& wanted);

  Node& node_;
  Context& context_;
  std::string directory_;
  std::unique_ptr<Watcher> watcher_;
  std::map<Key, StaticPod> wanted_;
  std::map<Key, std::string> files_;  // of pods that were ever wanted
  std::set<std::string> unread_;
  std::set<std::string> told_;  // faults that stand in the log already
  bool scanning_ = false, again_ = false, known_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace podctl::node

#include "podctl/base/layout.hpp"

#include "podctl/base/text.hpp"

namespace podctl {
namespace {

std::string under(const std::string& root, std::string_view inside, std::string_view system) {
  return root.empty() ? std::string(system) : root + std::string(inside);
}

}  // namespace

Layout::Layout(std::string root) : root_(std::move(root)) {
  while (root_.size() > 1 && root_.back() == '/') root_.pop_back();
  if (root_ == "/") root_.clear();
}

std::string Layout::id() const { return text::hex(text::hash64(root_), 8); }

std::string Layout::lib() const { return under(root_, "/lib", "/var/lib/podctl"); }
std::string Layout::run() const { return under(root_, "/run", "/run/podctl"); }
std::string Layout::logs() const { return under(root_, "/log/pods", "/var/log/pods"); }

std::string Layout::pod_lib(std::string_view uid) const {
  return lib() + "/pods/" + std::string(uid);
}
std::string Layout::volume(std::string_view uid, std::string_view volume) const {
  return pod_lib(uid) + "/volumes/" + std::string(volume);
}
std::string Layout::container_lib(std::string_view uid, std::string_view container,
                                  std::uint32_t attempt) const {
  return pod_lib(uid) + "/containers/" + std::string(container) + "/" + std::to_string(attempt);
}

std::string Layout::pod_run(std::string_view uid) const {
  return pods_run() + "/" + std::string(uid);
}
std::string Layout::pod_logs(std::string_view ns, std::string_view pod,
                             std::string_view uid) const {
  return logs() + "/" + std::string(ns) + "_" + std::string(pod) + "_" + std::string(uid);
}
std::string Layout::container_log(std::string_view ns, std::string_view pod, std::string_view uid,
                                  std::string_view container, std::uint32_t attempt) const {
  return pod_logs(ns, pod, uid) + "/" + std::string(container) + "/" + std::to_string(attempt) +
         ".log";
}

std::string Layout::bridge() const { return root_.empty() ? "podctl0" : "podctl" + id(); }
std::string Layout::host_veth(std::string_view uid) const {
  return "veth" + text::hex(text::hash64(root_ + "\n" + std::string(uid)), 11);
}
std::string Layout::cgroup() const { return "/podctl-" + id(); }
std::string Layout::nft_table() const { return "podctl_" + id(); }

}  // namespace podctl

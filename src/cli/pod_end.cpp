#include "cli/pod_end.hpp"

#include <boost/json/array.hpp>

namespace podctl::cli {

PodEnd::PodEnd(Invocation& in, const std::string& ns, std::string name, std::string uid)
    : in_(in), path_(pods_path(ns)), name_(std::move(name)), uid_(std::move(uid)) {}

bool PodEnd::runs(View pod) const {
  const auto phase = pod["status"]["phase"].str();
  return pod["metadata"]["uid"].str() == uid_ && phase != "Succeeded" && phase != "Failed";
}

Result<bool> PodEnd::follow() {
  lines_.clear();
  const auto listing = [this] {
    Target target(path_);
    return target.add("fieldSelector", "metadata.name=" + name_);
  };
  for (int left = kReconnects;; --left) {
    const auto list = TRY(in_.fetch(listing().str()));
    const auto& items = View(list)["items"].items();
    if (items.empty() || !runs(View(items[0]))) return false;
    client_ = TRY(in_.connect());
    Request request;
    request.target = listing()
                         .add("watch", "1")
                         .add("resourceVersion", View(list)["metadata"]["resourceVersion"].scalar())
                         .str();
    const auto reply = client_->open(request);
    if (reply && reply->ok()) return true;
    if (left == 0) return fail(Code::kUnavailable, "watch pod", name_);
    pause_briefly();
  }
}

Result<bool> PodEnd::take() {
  do {
    auto piece = client_->next();
    if (!piece || !*piece) {  // podctld went away
      pause_briefly();
      return follow();
    }
    lines_.feed(**piece);
    while (const auto event = TRY(lines_.next())) {
      if (is_broken(*event)) return follow();
      if (View(*event)["type"].str() == "DELETED" || !runs(View(*event)["object"])) return false;
    }
  } while (client_->buffered());
  return true;
}

}  // namespace podctl::cli

// Event objects about pods and claims, as the kubelet and the scheduler write them: equal ones are
// one object with a count, and so are those whose messages alone differ once there are many (a
// probe's output may be another each time, and is a container's to choose); gone an hour after
// their last time. Used by node's pod workers on podctld's loop.
// https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <unordered_map>

#include "podctl/api/kinds.hpp"
#include "podctl/api/pod.hpp"
#include "podctl/lifecycle/action.hpp"
#include "podctl/node/objects.hpp"

namespace podctl::node {

inline constexpr std::int64_t kEventTtlSeconds = 3600;  // the API server's --event-ttl

class Events {
 public:
  Events(Objects& objects, std::string host);

  // Takes up the events that the store holds, so that they go on counting.
  void adopt();
  void record(const api::Pod& pod, const lifecycle::RecordEvent& event, std::uint64_t wall_ns);
  void record(const api::KindInfo& kind, const api::ObjectMeta& about,
              const lifecycle::RecordEvent& event, std::uint64_t wall_ns);
  // Drops what is older than the TTL. Call it about once a minute.
  void expire(std::uint64_t wall_ns);

 private:
  std::string new_name(const api::ObjectMeta& about, std::uint64_t wall_ns) const;

  Objects& objects_;
  std::string host_;
  bool are_many(const api::Event& event);

  std::unordered_map<std::uint64_t, Key> known_;  // by sameness()
  // By the sameness that they would have without their messages.
  struct Similar {
    std::set<std::uint64_t> messages;
    std::int64_t last_seconds = 0;
  };
  std::unordered_map<std::uint64_t, Similar> similar_;
};

}  // namespace podctl::node

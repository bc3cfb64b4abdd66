// PersistentVolumeClaims: who may use one, and what becomes of its volume, a directory of this
// machine that outlives pods.
//
// Owned by Node, on podctld's loop. A volume is made by the shim of the first pod that uses it;
// here it is taken away again, once its claim has gone. Claims of
// ephemeral volumes are made and removed here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "podctl/api/claim.hpp"
#include "podctl/api/pod.hpp"
#include "podctl/base/error.hpp"
#include "podctl/base/layout.hpp"

namespace podctl::node {

struct Change;
struct Context;
class KeptObjects;
class Objects;

// Why a pod of the node cannot have the claim that a volume of its is, in the kubelet's words;
// empty when it can.
std::string claim_trouble(const Objects& objects, const api::Pod& pod, const api::Volume& volume);

// What a pod's sandbox has to find.
struct ClaimVolume {
  std::string name, path;              // of the volume; the directory, made where there is none
  std::optional<std::uint32_t> group;  // the pod's fsGroup, to whom all of it is given
  bool on_mismatch = false;            // unless it is already
};
std::vector<ClaimVolume> claim_volumes(const api::Pod& pod, const Layout& layout);
// Blocks: for a worker. What fails is a volume's, as wire::kVolumeFailed.
Result<void> make_claim_volumes(const std::vector<ClaimVolume>& volumes);

class Claims {
 public:
  Claims(Context& context, KeptObjects& kept) : context_(context), kept_(kept) {}

  // Before any request: removes what a former podctld was about to remove.
  void start();
  // A pod or a claim was changed.
  void changed(const Change& change);

 private:
  void tell(const api::PersistentVolumeClaim& claim);
  void sweep();
  void review();
  void make();
  void collect();
  void release();
  void discard(const std::string& ns, const std::string& name);

  Context& context_;
  KeptObjects& kept_;
  bool reviewing_ = false;
};

}  // namespace podctl::node

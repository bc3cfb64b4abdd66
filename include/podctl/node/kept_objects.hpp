// Objects that podctld only keeps (ConfigMaps, Secrets): creating, changing and removing them. Who
// needs one reads it from Objects, and hears of changes by its hub.
//
// Used by server on podctld's loop; owned by Node. Answers come after the commit.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "podctl/api/kinds.hpp"
#include "podctl/node/admission.hpp"
#include "podctl/node/objects.hpp"
#include "podctl/node/refusal.hpp"

namespace podctl::node {

// A decoded object on its way into the store.
struct AdmittedKept {
  const api::KindInfo* kind = nullptr;
  std::shared_ptr<void> object;
  std::vector<std::string> warnings;
};

// From a request's body; the wording is the Kubernetes API server's.
Answer<AdmittedKept> decode_kept(const api::KindInfo& kind, std::string_view body, bool yaml,
                                 std::string_view ns, FieldValidation validation);
// Validation and defaults, then the server's own fields.
Answer<AdmittedKept> admit_new_kept(AdmittedKept decoded, std::string_view uid,
                                    std::uint64_t wall_ns);
// `wanted` in place of `live`, where Kubernetes allows that.
Answer<AdmittedKept> admit_kept_update(const void* live, AdmittedKept wanted);

class KeptObjects {
 public:
  struct Written {
    std::shared_ptr<const std::string> json;
    std::vector<std::string> warnings;
    bool gone = false;  // of a removal: nothing holds it back
    std::string uid;
  };
  struct Removal {
    std::string uid, resource_version;  // preconditions; empty: none
    bool dry_run = false;
  };
  using Reply = std::function<void(Answer<Written>)>;

  // `closed`: nothing new is taken any more, for everything is being removed.
  KeptObjects(Objects& objects, std::function<bool()> closed)
      : objects_(objects), closed_(std::move(closed)) {}

  void create(AdmittedKept decoded, bool dry_run, const Reply& reply);
  void update(const std::string& ns, const std::string& name, AdmittedKept wanted, bool dry_run,
              const Reply& reply);
  // Finalizers hold it back: it is marked for deletion, and gone with the last of them.
  void remove(const api::KindInfo& kind, const std::string& ns, const std::string& name,
              const Removal& request, const Reply& reply);

  // Takes one out that podctld itself has put in; what it held back goes with the last of them.
  void drop_finalizer(const api::KindInfo& kind, const Key& key, const std::string& finalizer);

 private:
  void put(const api::KindInfo& kind, std::shared_ptr<void> object,
           std::vector<std::string> warnings, const Reply& reply);
  void erase(const api::KindInfo& kind, const Key& key, std::vector<std::string> warnings,
             const Reply& reply);

  Objects& objects_;
  std::function<bool()> closed_;
};

}  // namespace podctl::node

#include "podctl/api/diff.hpp"

#include <algorithm>

#include "api/reader.hpp"
#include "podctl/api/encode.hpp"

namespace podctl::api {
namespace {

// One field alone as JSON, to compare values of any kind.
std::string field_json(const Field& f, const void* object) {
  Field alone = f;
  alone.required = false;
  Type wrapper{};
  wrapper.fields = std::span<const Field>(&alone, 1);
  std::string json;
  encode_json(wrapper, object, json);
  return json;
}

class Differ {
 public:
  explicit Differ(std::vector<std::string>& out) : out_(out) {}

  void object(const Type& type, const void* a, const void* b, const std::string& path) {
    for (const Field& f : type.fields) {
      if (field_json(f, a) != field_json(f, b)) field(f, a, b, reader::child(path, f.name));
    }
  }

 private:
  void field(const Field& f, const void* a, const void* b, const std::string& path) {
    const void *pa = f.at(a), *pb = f.at(b);
    if (f.shape == Shape::kMap) return map(f, pa, pb, path);
    if (f.kind != Kind::kStruct) return out_.push_back(path);
    const Type& type = f.type();
    switch (f.shape) {
      case Shape::kPlain:
        return object(type, pa, pb, path);
      case Shape::kOptional:
        pa = type.box_get(pa);
        pb = type.box_get(pb);
        if (pa && pb) return object(type, pa, pb, path);
        return out_.push_back(path);
      case Shape::kList:
        return list(type, pa, pb, path);
      case Shape::kMap:
        return;
    }
  }

  void list(const Type& type, const void* a, const void* b, const std::string& path) {
    std::size_t size = type.list_size(b);
    if (type.list_size(a) != size) return out_.push_back(path);
    for (std::size_t i = 0; i < size; ++i) {
      object(type, type.list_at_const(a, i), type.list_at_const(b, i), reader::child(path, i));
    }
  }

  void map(const Field& f, const void* a, const void* b, const std::string& path) {
    if (f.kind == Kind::kQuantity) return keys<Quantity>(a, b, path);
    if (f.kind == Kind::kBytes) return out_.push_back(path);
    keys<std::string>(a, b, path);
  }

  template <class T>
  void keys(const void* a, const void* b, const std::string& path) {
    const auto& ma = *static_cast<const std::map<std::string, T>*>(a);
    const auto& mb = *static_cast<const std::map<std::string, T>*>(b);
    for (const auto& [key, value] : ma) {
      auto it = mb.find(key);
      if (it == mb.end() || !(it->second == value)) out_.push_back(reader::child(path, key));
    }
    for (const auto& [key, _] : mb) {
      if (!ma.count(key)) out_.push_back(reader::child(path, key));
    }
  }

  std::vector<std::string>& out_;
};

bool image_of_container(std::string_view path) {
  bool container =
      path.rfind("spec.containers[", 0) == 0 || path.rfind("spec.initContainers[", 0) == 0;
  return container && path.size() > 7 && path.substr(path.size() - 7) == "].image";
}

// Tolerations may only be added.
bool tolerations_added(const PodSpec& live, const PodSpec& wanted) {
  auto text = [](const Toleration& t) { return to_json(t); };
  return std::all_of(live.tolerations.begin(), live.tolerations.end(), [&](const Toleration& t) {
    return std::any_of(wanted.tolerations.begin(), wanted.tolerations.end(),
                       [&](const Toleration& w) { return text(w) == text(t); });
  });
}

// Gates may only be taken away.
bool gates_taken_away(const PodSpec& live, const PodSpec& wanted) {
  return std::all_of(
      wanted.schedulingGates.begin(), wanted.schedulingGates.end(), [&](const auto& gate) {
        return std::any_of(live.schedulingGates.begin(), live.schedulingGates.end(),
                           [&](const auto& known) { return known.name == gate.name; });
      });
}

// May be set, or shortened; never lifted.
bool deadline_ok(const PodSpec& live, const PodSpec& wanted) {
  if (!live.activeDeadlineSeconds) return true;
  return wanted.activeDeadlineSeconds &&
         *wanted.activeDeadlineSeconds <= *live.activeDeadlineSeconds;
}

bool mutable_field(const std::string& path, const PodSpec& live, const PodSpec& wanted) {
  if (path.rfind("metadata.", 0) == 0 || image_of_container(path)) return true;
  if (path.rfind("spec.tolerations", 0) == 0) return tolerations_added(live, wanted);
  if (path.rfind("spec.schedulingGates", 0) == 0) return gates_taken_away(live, wanted);
  if (path == "spec.activeDeadlineSeconds") return deadline_ok(live, wanted);
  if (path == "spec.terminationGracePeriodSeconds") {
    return live.terminationGracePeriodSeconds.value_or(0) < 0 &&
           wanted.terminationGracePeriodSeconds == 1;
  }
  return false;
}

// What the server adds is no difference when the manifest does not name it.
Pod comparable(const Pod& live, const Pod& wanted) {
  Pod out;
  out.spec = live.spec;
  out.metadata.labels = live.metadata.labels;
  out.metadata.annotations = live.metadata.annotations;
  for (auto it = out.metadata.annotations.begin(); it != out.metadata.annotations.end();) {
    bool ours =
        it->first.rfind("kubectl.kubernetes.io/", 0) == 0 || it->first.rfind("podctl.dev/", 0) == 0;
    it = ours && !wanted.metadata.annotations.count(it->first) ? out.metadata.annotations.erase(it)
                                                               : std::next(it);
  }
  if (wanted.spec.nodeName.empty()) out.spec.nodeName.clear();
  if (wanted.spec.serviceAccountName.empty()) out.spec.serviceAccountName.clear();
  if (wanted.spec.serviceAccount.empty()) out.spec.serviceAccount.clear();
  return out;
}

}  // namespace

std::vector<std::string> diff(const Type& type, const void* a, const void* b,
                              const std::string& prefix) {
  std::vector<std::string> out;
  Differ(out).object(type, a, b, prefix);
  return out;
}

PodChange pod_change(const Pod& live, const Pod& wanted) {
  Pod a = comparable(live, wanted), b;
  b.spec = wanted.spec;
  b.metadata.labels = wanted.metadata.labels;
  b.metadata.annotations = wanted.metadata.annotations;
  PodChange change;
  change.changed = diff(type_of<Pod>(), &a, &b);
  for (const std::string& path : change.changed) {
    if (!mutable_field(path, live.spec, wanted.spec)) change.immutable.push_back(path);
  }
  return change;
}

}  // namespace podctl::api

// The texts of ConfigMaps and Secrets.
#include "api/prose.hpp"

namespace podctl::api {
namespace {

constexpr Prose kProse[] = {
    {"ConfigMap", "kind", "ConfigMap."},
    {"ConfigMap", "apiVersion", "v1."},
    {"ConfigMap", "metadata", "Name, namespace, labels, annotations."},
    {"Secret", "kind", "Secret."},
    {"Secret", "apiVersion", "v1."},
    {"Secret", "metadata", "Name, namespace, labels, annotations."},
    {"ConfigMap", "data",
     "Text by key: variables and files of pods. A key has letters, digits, '-', '_' and '.'."},
    {"ConfigMap", "binaryData", "Bytes by key, in base64; a key stands in one of the two maps."},
    {"ConfigMap", "immutable",
     "Neither data nor this may be changed any more; deleting is allowed."},
    {"Secret", "data", "Bytes by key, in base64; podctl prints them for \"get -o\" alone."},
    {"Secret", "stringData", "Text by key, which goes into data over what is there; never read."},
    {"Secret", "type",
     "What it is for (Opaque); the types of kubernetes.io say which keys it must have."},
    {"Secret", "immutable", "Neither data nor this may be changed any more; deleting is allowed."},
    {"PersistentVolumeClaim", "kind", "PersistentVolumeClaim."},
    {"PersistentVolumeClaim", "apiVersion", "v1."},
    {"PersistentVolumeClaim", "metadata", "Name, namespace, labels, annotations."},
    {"PersistentVolumeClaim", "spec", "What volume is asked for."},
    {"PersistentVolumeClaim", "status", "What there is."},
    {"PersistentVolumeClaimStatus", "phase",
     "Bound: pods may use it. Pending: nobody makes volumes of its class."},
    {"PersistentVolumeClaimStatus", "accessModes", "As asked for."},
    {"PersistentVolumeClaimStatus", "capacity", "As asked for; podctl bounds no directory's size."},
};

}  // namespace

std::span<const Prose> prose_of_config() { return kProse; }

}  // namespace podctl::api

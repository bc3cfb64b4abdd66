// Containers: names, images, ports, environment, mounts, restart policy.
#include "api/formats.hpp"
#include "api/validate_parts.hpp"
#include "podctl/api/validate.hpp"

namespace podctl::api {
namespace {

constexpr std::string_view kHostNetworkPort = "must match `hostPort` when `hostNetwork` is true";

struct Pass {
  const PodSpec& spec;
  FaultList& faults;
  std::set<std::string_view> volumes;
  std::set<std::string_view> names;
  std::set<std::string> host_ports;  // over all containers that run side by side
};

void ports(const Container& c, const Path& at, Pass& pass) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < c.ports.size(); ++i) {
    const ContainerPort& port = c.ports[i];
    const Path here = Path::of(at, i);
    if (!port.name.empty()) {
      const Path name = Path::of(here, "name");
      pass.faults.check(name, port.name, check_port_name(port.name));
      if (!names.insert(port.name).second) pass.faults.duplicate(name, port.name);
    }
    const Path number = Path::of(here, "containerPort");
    if (port.containerPort == 0) {
      pass.faults.required(number);
    } else {
      pass.faults.range(number, port.containerPort, 1, 65535);
    }
    std::int32_t host = port.hostPort.value_or(0);
    if (host != 0) pass.faults.range(Path::of(here, "hostPort"), host, 1, 65535);
    if (pass.spec.hostNetwork.value_or(false) && host != port.containerPort) {
      pass.faults.invalid(number, port.containerPort, kHostNetworkPort);
    }
    if (!port.hostIP.empty()) {
      pass.faults.check(Path::of(here, "hostIP"), port.hostIP, check_ip(port.hostIP));
    }
    std::string key = port.protocol + "/" + port.hostIP + "/" + std::to_string(host);
    if (host != 0 && !pass.host_ports.insert(key).second) {
      pass.faults.duplicate(Path::of(here, "hostPort"), key);
    }
  }
}

void mount_paths(const VolumeMount& m, const Path& at, FaultList& faults) {
  if (!m.subPath.empty()) {
    faults.check(Path::of(at, "subPath"), m.subPath, check_local_path(m.subPath));
  }
  if (!m.subPathExpr.empty()) {
    const Path expr = Path::of(at, "subPathExpr");
    if (!m.subPath.empty())
      faults.invalid(expr, m.subPathExpr, "subPathExpr and subPath are mutually exclusive");
    faults.check(expr, m.subPathExpr, check_local_path(m.subPathExpr));
  }
}

void mount_flags(const Container& c, const VolumeMount& m, const Path& at, FaultList& faults) {
  bool privileged = c.securityContext && c.securityContext->privileged.value_or(false);
  if (m.mountPropagation == "Bidirectional" && !privileged) {
    faults.forbidden(Path::of(at, "mountPropagation"),
                     "Bidirectional mount propagation is available only to privileged containers");
  }
  if (m.recursiveReadOnly.empty() || m.recursiveReadOnly == "Disabled") return;
  const Path recursive = Path::of(at, "recursiveReadOnly");
  if (!m.readOnly.value_or(false)) {
    faults.forbidden(recursive, "may only be specified when readOnly is true");
  }
  if (!m.mountPropagation.empty() && m.mountPropagation != "None") {
    faults.forbidden(recursive,
                     "may only be specified when mountPropagation is None or not specified");
  }
}

void mounts(const Container& c, const Path& at, Pass& pass) {
  std::set<std::string_view> paths;
  for (std::size_t i = 0; i < c.volumeMounts.size(); ++i) {
    const VolumeMount& m = c.volumeMounts[i];
    const Path here = Path::of(at, i);
    if (!m.name.empty() && !pass.volumes.count(m.name)) {
      pass.faults.not_found(Path::of(here, "name"), m.name);
    }
    if (!m.mountPath.empty() && !paths.insert(m.mountPath).second) {
      pass.faults.invalid(Path::of(here, "mountPath"), m.mountPath, "must be unique");
    }
    mount_paths(m, here, pass.faults);
    mount_flags(c, m, here, pass.faults);
  }
}

void proc_mount(const Container& c, const Path& at, Pass& pass) {
  if (c.securityContext->procMount != "Unmasked" || !pass.spec.hostUsers.value_or(true)) return;
  const Path context = Path::of(at, "securityContext");
  pass.faults.invalid(Path::of(context, "procMount"), "Unmasked",
                      "`hostUsers` must be false to use `Unmasked`");
}

// Files of variables are looked for in what the pod itself writes (K validateFileKeyRefVolumes).
void file_keys(const Container& c, const Path& at, Pass& pass) {
  for (std::size_t i = 0; i < c.env.size(); ++i) {
    const auto& from = c.env[i].valueFrom;
    if (!from || !from->fileKeyRef || from->fileKeyRef->volumeName.empty()) continue;
    const std::string& name = from->fileKeyRef->volumeName;
    const Path here = Path::of(at, i), value = Path::of(here, "valueFrom"),
               ref = Path::of(value, "fileKeyRef"), where = Path::of(ref, "volumeName");
    const auto& all = pass.spec.volumes;
    const auto volume = std::find_if(all.begin(), all.end(),
                                     [&name](const Volume& v) { return v.name == name; });
    if (volume == all.end()) {
      pass.faults.not_found(where, name);
    } else if (!volume->emptyDir) {
      pass.faults.invalid(where, name, "must be a volume of type emptyDir");
    }
  }
}

bool is_claim(const PodSpec& spec, std::string_view name) {
  for (const Volume& v : spec.volumes) {
    if (v.name == name) return v.persistentVolumeClaim || v.ephemeral;
  }
  return false;
}

void devices(const Container& c, const Path& at, Pass& pass) {
  // A block device has no idmapped mount.
  if (!c.volumeDevices.empty() && !pass.spec.hostUsers.value_or(true))
    pass.faults.forbidden(at, "when `hostUsers` is false");
  for (std::size_t i = 0; i < c.volumeDevices.size(); ++i) {
    const std::string& volume = c.volumeDevices[i].name;
    const Path here = Path::of(at, i);
    const Path name = Path::of(here, "name");
    if (volume.empty()) continue;  // the tables have said so
    if (!pass.volumes.count(volume)) {
      pass.faults.not_found(name, volume);
    } else if (!is_claim(pass.spec, volume)) {
      pass.faults.invalid(name, volume,
                          "can only use volume source type of PersistentVolumeClaim or Ephemeral "
                          "for block mode");
    }
  }
}

// K validateResizePolicy.
void resize(const Container& c, const std::string& pod_restarts, const Path& at,
            FaultList& faults) {
  constexpr std::string_view kResources[] = {"cpu", "memory"};
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < c.resizePolicy.size(); ++i) {
    const std::string& name = c.resizePolicy[i].resourceName;
    const Path here = Path::of(at, i);
    if (!name.empty() && name != "cpu" && name != "memory")
      faults.unsupported(Path::of(here, "resourceName"), name, kResources);
    if (!name.empty() && !seen.insert(name).second) faults.duplicate(here, name);
    const std::string& policy = c.resizePolicy[i].restartPolicy;
    if (pod_restarts == "Never" && policy == "RestartContainer") {
      faults.invalid(Path::of(here, "restartPolicy"), policy,
                     "must be 'NotRequired' when `restartPolicy` is 'Never'");
    }
  }
}

void restart_rules(const Container& c, const Path& at, FaultList& faults) {
  if (c.restartPolicyRules.empty()) return;
  if (c.restartPolicy.empty()) {
    faults.required(Path::of(at, "restartPolicy"),
                    "must specify restartPolicy when restart rules are used");
  }
  const Path list = Path::of(at, "restartPolicyRules");
  if (c.restartPolicyRules.size() > 20) faults.too_many(list, c.restartPolicyRules.size(), 20);
  for (std::size_t i = 0; i < c.restartPolicyRules.size(); ++i) {
    const auto& codes = c.restartPolicyRules[i].exitCodes;
    const Path here = Path::of(list, i);
    const Path where = Path::of(here, "exitCodes");
    if (!codes) {
      faults.required(where, "must be specified");
    } else if (codes->values.size() > 255) {
      faults.too_many(Path::of(where, "values"), codes->values.size(), 255);
    } else if (codes->values.empty()) {
      faults.required(Path::of(where, "values"), "must be specified");
    }
  }
}

void lifecycle(const Container& c, const Path& at, Pass& pass) {
  if (!c.lifecycle || c.lifecycle->stopSignal.empty()) return;
  if (!pass.spec.os || pass.spec.os->name.empty()) {
    pass.faults.forbidden(Path::of(at, "stopSignal"),
                          "may not be set for containers with empty `spec.os.name`");
  }
}

void image(const Container& c, const Path& at, FaultList& faults) {
  if (c.image.empty()) {
    faults.required(at);
  } else if (c.image.front() == ' ' || c.image.back() == ' ' || c.image.back() == '\n') {
    faults.invalid(at, c.image, "must not have leading or trailing whitespace");
  }
}

void one(const Container& c, bool init, const Path& at, Pass& pass) {
  const Path name = Path::of(at, "name");
  if (!c.name.empty()) {
    pass.faults.check(name, c.name, check_dns_label(c.name));
    if (!pass.names.insert(c.name).second) pass.faults.duplicate(name, c.name);
  }
  image(c, Path::of(at, "image"), pass.faults);
  // An init container that ends frees its host ports again.
  bool sidecar = init && c.restartPolicy == "Always";
  auto held = pass.host_ports;
  ports(c, Path::of(at, "ports"), pass);
  if (init && !sidecar) pass.host_ports = std::move(held);
  validate_environment(c, at, pass.faults);
  file_keys(c, Path::of(at, "env"), pass);
  mounts(c, Path::of(at, "volumeMounts"), pass);
  devices(c, Path::of(at, "volumeDevices"), pass);
  resize(c, pass.spec.restartPolicy, Path::of(at, "resizePolicy"), pass.faults);
  restart_rules(c, at, pass.faults);
  lifecycle(c, Path::of(at, "lifecycle"), pass);
  validate_probes(c, !init || sidecar, pass.spec.terminationGracePeriodSeconds.value_or(0), at,
                  pass.faults);
  if (c.resources) {
    validate_resources(*c.resources, pass.spec, Path::of(at, "resources"), pass.faults);
  }
  if (c.securityContext) {
    proc_mount(c, at, pass);
    const Path security = Path::of(at, "securityContext");
    if (c.securityContext->windowsOptions && pass.spec.os && pass.spec.os->name == "linux")
      pass.faults.forbidden(Path::of(security, "windowsOptions"), kNoWindows);
    validate_security(*c.securityContext, Path::of(at, "securityContext"), pass.faults);
  }
}

}  // namespace

void validate_containers(const PodSpec& spec, const Path& at, FaultList& faults) {
  Pass pass{spec, faults, {}, {}, {}};
  for (const Volume& v : spec.volumes) pass.volumes.insert(v.name);
  const Path main = Path::of(at, "containers"), init = Path::of(at, "initContainers");
  if (spec.containers.empty()) faults.required(main);
  for (std::size_t i = 0; i < spec.containers.size(); ++i) {
    one(spec.containers[i], false, Path::of(main, i), pass);
  }
  for (std::size_t i = 0; i < spec.initContainers.size(); ++i) {
    one(spec.initContainers[i], true, Path::of(init, i), pass);
  }
  if (!spec.ephemeralContainers.empty()) {
    faults.forbidden(Path::of(at, "ephemeralContainers"), "cannot be set on create");
  }
}

}  // namespace podctl::api

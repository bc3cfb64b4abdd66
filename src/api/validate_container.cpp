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

void env_source(const EnvVar& env, const Path& at, FaultList& faults) {
  const EnvVarSource& source = *env.valueFrom;
  int count = source.fieldRef.has_value() + source.resourceFieldRef.has_value() +
              source.configMapKeyRef.has_value() + source.secretKeyRef.has_value() +
              source.fileKeyRef.has_value();
  const std::string none;
  if (count == 0) {
    faults.invalid(
        at, none,
        "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`");
  } else if (!env.value.empty()) {
    faults.invalid(at, none, "may not be specified when `value` is not empty");
  } else if (count > 1) {
    faults.invalid(at, none, "may not have more than one field specified at a time");
  }
}

void environment(const Container& c, const Path& at, FaultList& faults) {
  const Path env = Path::of(at, "env");
  for (std::size_t i = 0; i < c.env.size(); ++i) {
    const Path here = Path::of(env, i);
    faults.check(Path::of(here, "name"), c.env[i].name, check_env_name(c.env[i].name));
    if (c.env[i].valueFrom) env_source(c.env[i], Path::of(here, "valueFrom"), faults);
  }
  const Path from = Path::of(at, "envFrom");
  for (std::size_t i = 0; i < c.envFrom.size(); ++i) {
    const EnvFromSource& source = c.envFrom[i];
    const Path here = Path::of(from, i);
    faults.check(Path::of(here, "prefix"), source.prefix, check_env_name(source.prefix));
    if (source.configMapRef && source.secretRef) {
      faults.invalid(here, "", "may not have more than one field specified at a time");
    } else if (!source.configMapRef && !source.secretRef) {
      faults.invalid(here, "", "must specify one of: `configMapRef` or `secretRef`");
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

void restart_rules(const Container& c, const Path& at, FaultList& faults) {
  if (c.restartPolicyRules.empty()) return;
  if (c.restartPolicy.empty()) {
    faults.required(Path::of(at, "restartPolicy"),
                    "must specify restartPolicy when restart rules are used");
  }
  if (c.restartPolicyRules.size() > 20) {
    faults.too_many(Path::of(at, "restartPolicyRules"), c.restartPolicyRules.size(), 20);
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
  environment(c, at, pass.faults);
  mounts(c, Path::of(at, "volumeMounts"), pass);
  restart_rules(c, at, pass.faults);
  lifecycle(c, Path::of(at, "lifecycle"), pass);
  validate_probes(c, !init || sidecar, at, pass.faults);
  if (c.resources) validate_resources(*c.resources, false, Path::of(at, "resources"), pass.faults);
  if (c.securityContext) {
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

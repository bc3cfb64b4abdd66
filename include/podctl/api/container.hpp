// Containers: environment, mounts, ports, probes, lifecycle hooks.
//
// Plain data in Kubernetes' own words (v1.37), used by every program but the hands. Member = JSON
// name; an empty string, Box, optional, list or map is an absent field. Tables over them:
// src/api/tables_container.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "podctl/api/box.hpp"
#include "podctl/api/intstr.hpp"
#include "podctl/api/security.hpp"
#include "podctl/api/volume.hpp"

namespace podctl::api {

struct ContainerPort {
  std::string name;
  std::optional<std::int32_t> hostPort;
  std::int32_t containerPort = 0;
  std::string protocol;
  std::string hostIP;
};

struct ConfigMapEnvSource {
  std::string name;
  std::optional<bool> optional;
};

struct SecretEnvSource {
  std::string name;
  std::optional<bool> optional;
};

struct EnvFromSource {
  std::string prefix;
  Box<ConfigMapEnvSource> configMapRef;
  Box<SecretEnvSource> secretRef;
};

struct ConfigMapKeySelector {
  std::string name;
  std::string key;
  std::optional<bool> optional;
};

struct SecretKeySelector {
  std::string name;
  std::string key;
  std::optional<bool> optional;
};

struct FileKeySelector {
  std::string volumeName;
  std::string path;
  std::string key;
  std::optional<bool> optional;
};

struct EnvVarSource {
  Box<ObjectFieldSelector> fieldRef;
  Box<ResourceFieldSelector> resourceFieldRef;
  Box<ConfigMapKeySelector> configMapKeyRef;
  Box<SecretKeySelector> secretKeyRef;
  Box<FileKeySelector> fileKeyRef;
};

struct EnvVar {
  std::string name;
  std::string value;
  Box<EnvVarSource> valueFrom;
};

struct ContainerResizePolicy {
  std::string resourceName;
  std::string restartPolicy;
};

struct ContainerRestartRuleOnExitCodes {
  std::string operator_;
  std::vector<std::int32_t> values;
};

struct ContainerRestartRule {
  std::string action;
  Box<ContainerRestartRuleOnExitCodes> exitCodes;
};

struct VolumeMount {
  std::string name;
  std::optional<bool> readOnly;
  std::string recursiveReadOnly;
  std::string mountPath;
  std::string subPath;
  std::string mountPropagation;
  std::string subPathExpr;
  std::vector<std::string> bindMountOptions;
};

struct VolumeDevice {
  std::string name;
  std::string devicePath;
};

struct ExecAction {
  std::vector<std::string> command;
};

struct HTTPHeader {
  std::string name;
  std::string value;
};

struct HTTPGetAction {
  std::string path;
  IntOrString port;
  std::string host;
  std::string scheme;
  std::vector<HTTPHeader> httpHeaders;
  std::string protocol;
};

struct TCPSocketAction {
  IntOrString port;
  std::string host;
};

struct GRPCAction {
  std::int32_t port = 0;
  std::string service;
  std::string mode;
};

struct Probe {
  Box<ExecAction> exec;
  Box<HTTPGetAction> httpGet;
  Box<TCPSocketAction> tcpSocket;
  Box<GRPCAction> grpc;
  std::optional<std::int32_t> initialDelaySeconds;
  std::optional<std::int32_t> timeoutSeconds;
  std::optional<std::int32_t> periodSeconds;
  std::optional<std::int32_t> successThreshold;
  std::optional<std::int32_t> failureThreshold;
  std::optional<std::int64_t> terminationGracePeriodSeconds;
};

struct SleepAction {
  std::int64_t seconds = 0;
};

struct LifecycleHandler {
  Box<ExecAction> exec;
  Box<HTTPGetAction> httpGet;
  Box<TCPSocketAction> tcpSocket;
  Box<SleepAction> sleep;
};

struct Lifecycle {
  Box<LifecycleHandler> postStart;
  Box<LifecycleHandler> preStop;
  std::string stopSignal;
};

struct Container {
  std::string name;
  std::string image;
  std::vector<std::string> command;
  std::vector<std::string> args;
  std::string workingDir;
  std::vector<ContainerPort> ports;
  std::vector<EnvFromSource> envFrom;
  std::vector<EnvVar> env;
  Box<ResourceRequirements> resources;
  std::vector<ContainerResizePolicy> resizePolicy;
  std::string restartPolicy;
  std::vector<ContainerRestartRule> restartPolicyRules;
  std::vector<VolumeMount> volumeMounts;
  std::vector<VolumeDevice> volumeDevices;
  Box<Probe> livenessProbe;
  Box<Probe> readinessProbe;
  Box<Probe> startupProbe;
  Box<Lifecycle> lifecycle;
  std::string terminationMessagePath;
  std::string terminationMessagePolicy;
  std::string imagePullPolicy;
  Box<SecurityContext> securityContext;
  std::optional<bool> stdin;
  std::optional<bool> stdinOnce;
  std::optional<bool> tty;
};

// The same fields, and the container whose processes it looks at.
struct EphemeralContainer : Container {
  std::string targetContainerName;
};

}  // namespace podctl::api

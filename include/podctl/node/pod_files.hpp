// The content of /etc/hosts, /etc/hostname and /etc/resolv.conf of a pod, as the kubelet writes
// them. Pure; used by spec_builder.
// https://kubernetes.io/docs/tasks/network/customize-hosts-file-for-pods/
// https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "podctl/api/pod.hpp"
#include "podctl/base/error.hpp"

namespace podctl::node {

struct PodHostname {
  std::string hostname;  // of the UTS namespace
  std::string domain;    // "sub.ns.svc.cluster.local", or empty
};

// hostnameOverride, else hostname, else the name cut to 63 characters; the FQDN with
// setHostnameAsFQDN. `node_hostname` is taken for hostNetwork. kInvalidArgument when the FQDN is
// longer than 64 characters.
Result<PodHostname> pod_hostname(const api::Pod& pod, std::string_view node_hostname);

// `host_file` is the machine's own /etc/hosts, taken over for hostNetwork.
std::string hosts_file(const api::Pod& pod, const PodHostname& hostname,
                       const std::vector<std::string>& pod_ips, std::string_view host_file);

struct ResolvConf {
  std::vector<std::string> nameservers, searches, options;
};

ResolvConf parse_resolv_conf(std::string_view text);

// By dnsPolicy and dnsConfig. There is no cluster DNS: ClusterFirst behaves as Default. Beyond
// Kubernetes' limits (3 nameservers, 32 searches of 2048 characters) the rest is left out.
std::string resolv_conf_file(const api::Pod& pod, const ResolvConf& host);

}  // namespace podctl::node

#include "podctl/node/pod_files.hpp"

#include <algorithm>

#include "podctl/base/text.hpp"

namespace podctl::node {
namespace {

constexpr std::size_t kHostnameMax = 63;  // RFC 1123 label
constexpr std::size_t kFqdnMax = 64;      // the kernel's UTS name
constexpr std::size_t kNameservers = 3, kSearches = 32, kSearchCharacters = 2048;

// Kubernetes' default cluster domain: the pod's FQDN is the same here as in a cluster.
constexpr std::string_view kClusterDomain = "cluster.local";

void append_unique(std::vector<std::string>& list, const std::string& word) {
  if (std::find(list.begin(), list.end(), word) == list.end()) list.push_back(word);
}

std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words;
  std::string word;
  for (const char c : line) {
    if (c != ' ' && c != '\t' && c != '\r') {
      word += c;
    } else if (!word.empty()) {
      words.push_back(std::exchange(word, {}));
    }
  }
  if (!word.empty()) words.push_back(std::move(word));
  return words;
}

std::string option_name(const std::string& option) { return option.substr(0, option.find(':')); }

void merge_option(std::vector<std::string>& options, const api::PodDNSConfigOption& wanted) {
  const std::string text = wanted.value.empty() ? wanted.name : wanted.name + ":" + wanted.value;
  for (auto& option : options) {
    if (option_name(option) == wanted.name) {
      option = text;
      return;
    }
  }
  options.push_back(text);
}

void limit(ResolvConf& conf) {
  if (conf.nameservers.size() > kNameservers) conf.nameservers.resize(kNameservers);
  if (conf.searches.size() > kSearches) conf.searches.resize(kSearches);
  while (!conf.searches.empty() && text::join(conf.searches, " ").size() > kSearchCharacters) {
    conf.searches.pop_back();
  }
}

std::string host_aliases(const api::Pod& pod) {
  if (pod.spec.hostAliases.empty()) return {};
  std::string out = "\n# Entries added by HostAliases.\n";
  for (const auto& alias : pod.spec.hostAliases) {
    out += alias.ip + "\t" + text::join(alias.hostnames, "\t") + "\n";
  }
  return out;
}

}  // namespace

Result<PodHostname> pod_hostname(const api::Pod& pod, std::string_view node_hostname) {
  const auto& spec = pod.spec;
  if (spec.hostNetwork.value_or(false)) return PodHostname{std::string(node_hostname), {}};
  if (!spec.hostnameOverride.empty()) return PodHostname{spec.hostnameOverride, {}};
  PodHostname result;
  result.hostname =
      spec.hostname.empty() ? pod.metadata.name.substr(0, kHostnameMax) : spec.hostname;
  while (!result.hostname.empty() &&
         (result.hostname.back() == '-' || result.hostname.back() == '.')) {
    result.hostname.pop_back();
  }
  if (spec.subdomain.empty()) return result;
  result.domain =
      spec.subdomain + "." + pod.metadata.namespace_ + ".svc." + std::string(kClusterDomain);
  if (!spec.setHostnameAsFQDN.value_or(false)) return result;
  const std::string fqdn = result.hostname + "." + result.domain;
  if (fqdn.size() > kFqdnMax) {
    return fail(Code::kInvalidArgument, "make hostname", fqdn,
                "the FQDN is too long (64 characters is the max, " + std::to_string(fqdn.size()) +
                    " characters requested)");
  }
  return PodHostname{fqdn, result.domain};
}

std::string hosts_file(const api::Pod& pod, const PodHostname& hostname,
                       const std::vector<std::string>& pod_ips, std::string_view host_file) {
  if (pod.spec.hostNetwork.value_or(false)) {
    return "# Kubernetes-managed hosts file (host network).\n" + std::string(host_file) +
           host_aliases(pod);
  }
  std::string out =
      "# Kubernetes-managed hosts file.\n"
      "127.0.0.1\tlocalhost\n"
      "::1\tlocalhost ip6-localhost ip6-loopback\n"
      "fe00::0\tip6-localnet\n"
      "fe00::0\tip6-mcastprefix\n"
      "fe00::1\tip6-allnodes\n"
      "fe00::2\tip6-allrouters\n";
  const std::string label = hostname.hostname.substr(0, hostname.hostname.find('.'));
  for (const auto& ip : pod_ips) {
    out += ip + "\t";
    if (!hostname.domain.empty()) out += label + "." + hostname.domain + "\t";
    out += (hostname.domain.empty() ? hostname.hostname : label) + "\n";
  }
  return out + host_aliases(pod);
}

ResolvConf parse_resolv_conf(std::string_view content) {
  ResolvConf conf;
  for (const auto line : text::split(content, '\n')) {
    const auto words = words_of(line);
    if (words.size() < 2 || words[0][0] == '#' || words[0][0] == ';') continue;
    const std::vector<std::string> rest(words.begin() + 1, words.end());
    if (words[0] == "nameserver") conf.nameservers.push_back(rest[0]);
    if (words[0] == "search" || words[0] == "domain") conf.searches = rest;
    if (words[0] == "options") {
      for (const auto& option : rest) append_unique(conf.options, option);
    }
  }
  return conf;
}

std::string resolv_conf_file(const api::Pod& pod, const ResolvConf& host) {
  ResolvConf conf = pod.spec.dnsPolicy == "None" ? ResolvConf{} : host;
  if (pod.spec.dnsConfig) {
    for (const auto& server : pod.spec.dnsConfig->nameservers)
      append_unique(conf.nameservers, server);
    for (const auto& search : pod.spec.dnsConfig->searches) append_unique(conf.searches, search);
    for (const auto& option : pod.spec.dnsConfig->options) merge_option(conf.options, option);
  }
  limit(conf);
  std::string out;
  if (!conf.searches.empty()) out += "search " + text::join(conf.searches, " ") + "\n";
  for (const auto& server : conf.nameservers) out += "nameserver " + server + "\n";
  if (!conf.options.empty()) out += "options " + text::join(conf.options, " ") + "\n";
  return out;
}

}  // namespace podctl::node

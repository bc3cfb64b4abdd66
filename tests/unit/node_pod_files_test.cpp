#include <gtest/gtest.h>

#include "podctl/node/pod_files.hpp"

namespace podctl::node {
namespace {

api::Pod pod() {
  api::Pod p;
  p.metadata.name = "web";
  p.metadata.namespace_ = "default";
  return p;
}

TEST(PodHostname, NameHostnameOverrideAndFqdn) {
  auto p = pod();
  EXPECT_EQ(pod_hostname(p, "node")->hostname, "web");
  p.metadata.name = std::string(62, 'a') + "-bcd";
  EXPECT_EQ(pod_hostname(p, "node")->hostname, std::string(62, 'a'))
      << "cut to 63, no trailing dash";
  p.spec.hostname = "h";
  p.spec.subdomain = "sub";
  EXPECT_EQ(pod_hostname(p, "node")->hostname, "h");
  EXPECT_EQ(pod_hostname(p, "node")->domain, "sub.default.svc.cluster.local");
  p.spec.setHostnameAsFQDN = true;
  EXPECT_EQ(pod_hostname(p, "node")->hostname, "h.sub.default.svc.cluster.local");
  p.spec.hostname = std::string(50, 'h');
  EXPECT_FALSE(pod_hostname(p, "node"));
  p.spec.hostnameOverride = "over";
  EXPECT_EQ(pod_hostname(p, "node")->hostname, "over");
  p.spec.hostNetwork = true;
  EXPECT_EQ(pod_hostname(p, "node")->hostname, "node");
}

TEST(HostsFile, IsTheKubelets) {
  auto p = pod();
  p.spec.hostAliases = {{"192.0.2.7", {"db", "db.example"}}};
  EXPECT_EQ(hosts_file(p, {"web", ""}, {"10.0.0.2", "fd00::2"}, "ignored"),
            "# Kubernetes-managed hosts file.\n"
            "127.0.0.1\tlocalhost\n"
            "::1\tlocalhost ip6-localhost ip6-loopback\n"
            "fe00::0\tip6-localnet\n"
            "fe00::0\tip6-mcastprefix\n"
            "fe00::1\tip6-allnodes\n"
            "fe00::2\tip6-allrouters\n"
            "10.0.0.2\tweb\n"
            "fd00::2\tweb\n"
            "\n"
            "# Entries added by HostAliases.\n"
            "192.0.2.7\tdb\tdb.example\n");
  p.spec.hostAliases.clear();
  EXPECT_TRUE(
      hosts_file(p, {"web", "s.d"}, {"10.0.0.2"}, "").ends_with("10.0.0.2\tweb.s.d\tweb\n"));
  p.spec.hostNetwork = true;
  EXPECT_EQ(hosts_file(p, {"node", ""}, {}, "127.0.0.1 localhost\n"),
            "# Kubernetes-managed hosts file (host network).\n127.0.0.1 localhost\n");
}

TEST(ResolvConf, HostsOwnByDefaultMergedWithDnsConfig) {
  const auto host = parse_resolv_conf(
      "# comment\nnameserver 192.0.2.1\nnameserver 192.0.2.2\nsearch a.example  b.example\noptions "
      "ndots:2 edns0\n");
  auto p = pod();
  p.spec.dnsPolicy = "ClusterFirst";
  EXPECT_EQ(resolv_conf_file(p, host),
            "search a.example b.example\nnameserver 192.0.2.1\nnameserver 192.0.2.2\noptions "
            "ndots:2 edns0\n");
  auto& dns = p.spec.dnsConfig.emplace();
  dns.nameservers = {"192.0.2.2", "192.0.2.3", "192.0.2.4"};
  dns.searches = {"c.example"};
  dns.options = {{"ndots", "5"}, {"rotate", ""}};
  EXPECT_EQ(resolv_conf_file(p, host),
            "search a.example b.example c.example\nnameserver 192.0.2.1\nnameserver 192.0.2.2\n"
            "nameserver 192.0.2.3\noptions ndots:5 edns0 rotate\n");
  p.spec.dnsPolicy = "None";
  EXPECT_EQ(resolv_conf_file(p, host),
            "search c.example\nnameserver 192.0.2.2\nnameserver 192.0.2.3\nnameserver 192.0.2.4\n"
            "options ndots:5 rotate\n");
}

TEST(ResolvConf, SearchListsEndAtKubernetesLimits) {
  auto p = pod();
  p.spec.dnsPolicy = "None";
  auto& dns = p.spec.dnsConfig.emplace();
  for (int i = 0; i < 40; ++i)
    dns.searches.push_back("d" + std::to_string(i) + "." + std::string(100, 'x'));
  const auto text = resolv_conf_file(p, {});
  EXPECT_LE(text.find('\n'), 2048U + 7);
}

}  // namespace
}  // namespace podctl::node

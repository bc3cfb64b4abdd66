// One libnftables context: commands in, JSON out. Private to nat.
#pragma once

#include <boost/json/value.hpp>
#include <memory>
#include <string>

#include "podctl/base/error.hpp"

struct nft_ctx;

namespace podctl::nat {

class Nft {
 public:
  // kUnsupported when the kernel has no netfilter netlink: libnftables would end the process at
  // first use.
  static Result<Nft> open();
  // Runs commands as one transaction. `subject` is for the error, which carries the library's first
  // line.
  Result<void> run(const std::string& commands, const std::string& op, const std::string& subject);
  // A list command's objects: the array behind "nftables".
  Result<boost::json::array> list(const std::string& command);

 private:
  struct Closer {
    void operator()(nft_ctx* context) const;
  };
  explicit Nft(nft_ctx* context) : context_(context) {}
  std::unique_ptr<nft_ctx, Closer> context_;
};

}  // namespace podctl::nat

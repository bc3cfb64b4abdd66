// One libnftables context: commands in, JSON out. Private to nat.
//
// The library is loaded with the context and unloaded with it: it is asked once or twice in
// podctld's life, and with its five dependencies it would take a MiB for all of it.
#pragma once

#include <boost/json/value.hpp>
#include <memory>
#include <string>

#include "podctl/base/error.hpp"

struct nft_ctx;

namespace podctl::nat {

class Nft {
 public:
  // kUnsupported when the library is not installed, or when the kernel has no netfilter netlink:
  // libnftables would end the process at first use.
  static Result<Nft> open();
  // Runs commands as one transaction. `subject` is for the error, which carries the library's first
  // line.
  Result<void> run(const std::string& commands, const std::string& op, const std::string& subject);
  // A list command's objects: the array behind "nftables".
  Result<boost::json::array> list(const std::string& command);

  Nft(Nft&& other) noexcept;
  Nft& operator=(Nft&&) = delete;
  ~Nft();

 private:
  struct Library;
  Nft(std::unique_ptr<Library> library, nft_ctx* context);
  std::unique_ptr<Library> library_;
  nft_ctx* context_;
};

}  // namespace podctl::nat

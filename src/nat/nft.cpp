#include "nat/nft.hpp"

#include <linux/netlink.h>
#include <nftables/libnftables.h>
#include <sys/socket.h>

#include <boost/json/parse.hpp>
#include <cerrno>

#include "podctl/base/text.hpp"
#include "podctl/base/unique_fd.hpp"

namespace podctl::nat {
namespace {

// libnftables gives text only; these are strerror's words for what it met.
Code code_of(std::string_view words) {
  const auto has = [words](std::string_view part) {
    return words.find(part) != std::string_view::npos;
  };
  if (has("Operation not permitted") || has("Permission denied")) return Code::kPermissionDenied;
  if (has("Operation not supported") || has("not supported")) return Code::kUnsupported;
  if (has("No such file or directory")) return Code::kNotFound;
  if (has("File exists")) return Code::kAlreadyExists;
  return Code::kIo;
}

std::string first_line(const char* text) {
  const std::string_view all = text == nullptr ? "" : text;
  return std::string(text::trim(all.substr(0, all.find('\n'))));
}

}  // namespace

void Nft::Closer::operator()(nft_ctx* context) const { nft_ctx_free(context); }

Result<Nft> Nft::open() {
  const UniqueFd probe(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER));
  if (!probe && errno == EPROTONOSUPPORT) {
    return fail(Code::kUnsupported, "use", "nftables",
                "this kernel lacks CONFIG_NETFILTER_NETLINK");
  }
  if (!probe) return fail_errno(errno, "use", "nftables");
  nft_ctx* context = nft_ctx_new(NFT_CTX_DEFAULT);
  if (context == nullptr) return fail(Code::kExhausted, "use", "nftables");
  nft_ctx_buffer_output(context);
  nft_ctx_buffer_error(context);
  nft_ctx_output_set_flags(context, NFT_CTX_OUTPUT_JSON | NFT_CTX_OUTPUT_HANDLE);
  return Nft(context);
}

Result<void> Nft::run(const std::string& commands, const std::string& op,
                      const std::string& subject) {
  if (nft_run_cmd_from_buffer(context_.get(), commands.c_str()) == 0) return {};
  const std::string words = first_line(nft_ctx_get_error_buffer(context_.get()));
  return fail(code_of(words), op, subject, words);
}

Result<boost::json::array> Nft::list(const std::string& command) {
  TRY(run(command, "list", "nftables"));
  const char* text = nft_ctx_get_output_buffer(context_.get());
  boost::json::error_code error;
  const boost::json::value value = boost::json::parse(text == nullptr ? "" : text, error);
  const auto* object = error ? nullptr : value.if_object();
  const auto* objects = object == nullptr ? nullptr : object->if_contains("nftables");
  if (objects == nullptr || !objects->is_array()) {
    return fail(Code::kCorrupt, "read", "nftables",
                "the library's answer is not the JSON it documents");
  }
  return objects->get_array();
}

}  // namespace podctl::nat

#include "nat/nft.hpp"

#include <dlfcn.h>
#include <linux/netlink.h>
#include <nftables/libnftables.h>
#include <sys/socket.h>

#include <boost/json/parse.hpp>
#include <cerrno>
#include <utility>

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

// Gives `symbol` the library's function of that name.
template <class F>
bool resolve(void* library, const char* name, F*& symbol) {
  symbol = reinterpret_cast<F*>(::dlsym(library, name));
  return symbol != nullptr;
}

}  // namespace

// The functions of libnftables that are used here.
struct Nft::Library {
  void* handle = nullptr;
  decltype(nft_ctx_new)* make = nullptr;
  decltype(nft_ctx_free)* free = nullptr;
  decltype(nft_ctx_buffer_output)* buffer_output = nullptr;
  decltype(nft_ctx_buffer_error)* buffer_error = nullptr;
  decltype(nft_ctx_output_set_flags)* set_flags = nullptr;
  decltype(nft_run_cmd_from_buffer)* run = nullptr;
  decltype(nft_ctx_get_output_buffer)* output = nullptr;
  decltype(nft_ctx_get_error_buffer)* error = nullptr;

  Library() = default;
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;
  ~Library() {
    if (handle != nullptr) ::dlclose(handle);
  }

  bool load() {
    handle = ::dlopen("libnftables.so.1", RTLD_NOW | RTLD_LOCAL);
    return handle != nullptr && resolve(handle, "nft_ctx_new", make) &&
           resolve(handle, "nft_ctx_free", free) &&
           resolve(handle, "nft_ctx_buffer_output", buffer_output) &&
           resolve(handle, "nft_ctx_buffer_error", buffer_error) &&
           resolve(handle, "nft_ctx_output_set_flags", set_flags) &&
           resolve(handle, "nft_run_cmd_from_buffer", run) &&
           resolve(handle, "nft_ctx_get_output_buffer", output) &&
           resolve(handle, "nft_ctx_get_error_buffer", error);
  }
};

Nft::Nft(std::unique_ptr<Library> library, nft_ctx* context)
    : library_(std::move(library)), context_(context) {}

Nft::Nft(Nft&& other) noexcept
    : library_(std::move(other.library_)), context_(std::exchange(other.context_, nullptr)) {}

Nft::~Nft() {
  if (context_ != nullptr) library_->free(context_);
}

Result<Nft> Nft::open() {
  const UniqueFd probe(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER));
  if (!probe && errno == EPROTONOSUPPORT) {
    return fail(Code::kUnsupported, "use", "nftables",
                "this kernel lacks CONFIG_NETFILTER_NETLINK");
  }
  if (!probe) return fail_errno(errno, "use", "nftables");
  auto library = std::make_unique<Library>();
  if (!library->load()) {
    const char* why = ::dlerror();
    return fail(Code::kUnsupported, "load", "libnftables", why == nullptr ? "" : why);
  }
  nft_ctx* context = library->make(NFT_CTX_DEFAULT);
  if (context == nullptr) return fail(Code::kExhausted, "use", "nftables");
  library->buffer_output(context);
  library->buffer_error(context);
  library->set_flags(context, NFT_CTX_OUTPUT_JSON | NFT_CTX_OUTPUT_HANDLE);
  return Nft(std::move(library), context);
}

Result<void> Nft::run(const std::string& commands, const std::string& op,
                      const std::string& subject) {
  if (library_->run(context_, commands.c_str()) == 0) return {};
  const std::string words = first_line(library_->error(context_));
  return fail(code_of(words), op, subject, words);
}

Result<boost::json::array> Nft::list(const std::string& command) {
  TRY(run(command, "list", "nftables"));
  const char* text = library_->output(context_);
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

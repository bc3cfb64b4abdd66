#include "node/state_file.hpp"

#include <boost/json.hpp>

#include "podctl/sys/files.hpp"

namespace podctl::node {
namespace {

constexpr std::size_t kLimit = std::size_t{1} << 22U;  // bytes

}  // namespace

Failure not_ours(const std::string& path, const std::string& advice) {
  return fail(Code::kInternal, "read", path, "it is not what podctld wrote: " + advice);
}

namespace {

Failure cut_short(const std::string& path, const std::string& text, const std::string& advice) {
  return fail(Code::kInternal, "read", path,
              (text.empty() ? "it is empty: " : "its end is missing: ") + advice);
}

}  // namespace

Result<std::optional<boost::json::object>> read_state_file(const std::string& path,
                                                           const std::string& advice) {
  const auto content = sys::read_file(path, kLimit);
  if (!content && content.error().code == Code::kNotFound) return std::nullopt;
  if (!content) return Failure(content.error());
  boost::system::error_code error;
  auto value = boost::json::parse(*content, error);
  if (content->empty() || error == boost::json::error::incomplete)
    return cut_short(path, *content, advice);
  if (error || !value.is_object()) return not_ours(path, advice);
  return std::move(value.get_object());
}

Result<void> write_state_file(const std::string& path, const boost::json::object& content) {
  const auto text = boost::json::serialize(content) + "\n";
  if (text.size() > kLimit) {
    return fail(Code::kInvalidArgument, "remember", path,
                "more than " + std::to_string(kLimit) + " bytes");
  }
  return sys::write_file_to_disk(path, text, 0600);
}

}  // namespace podctl::node

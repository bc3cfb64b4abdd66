#include "podctl/wire/messages.hpp"

namespace podctl::wire {

ErrorBody to_wire(const Error& error) {
  return {.code = static_cast<std::uint8_t>(error.code),
          .sys_errno = error.sys_errno,
          .op = error.op,
          .subject = error.subject,
          .detail = error.detail,
          .context = error.context};
}

Error from_wire(ErrorBody body) {
  const bool known = body.code >= static_cast<std::uint8_t>(Code::kInvalidArgument) &&
                     body.code <= static_cast<std::uint8_t>(Code::kInternal);
  return {.code = known ? static_cast<Code>(body.code) : Code::kInternal,
          .sys_errno = body.sys_errno,
          .op = std::move(body.op),
          .subject = std::move(body.subject),
          .detail = std::move(body.detail),
          .context = std::move(body.context)};
}

}  // namespace podctl::wire

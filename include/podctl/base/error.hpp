// The one error type of podctl: data, not text. Every function below main returns Result<T>.
//
// Used by every layer, in every process. Callers switch on `code`, never on the message; the message is
// for the person who reads it: "op subject: cause", lower case, no full stop, user strings quoted. Each
// caller on the way up may add one line of context. Nothing here logs or throws.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

namespace podctl {

enum class Code : std::uint8_t {
  kInvalidArgument = 1,   // the caller's input is wrong; repeating it cannot help
  kNotFound = 2,          // the named thing does not exist
  kAlreadyExists = 3,     // the thing to be made exists
  kPermissionDenied = 4,  // the kernel or a policy said no
  kUnsupported = 5,       // this kernel, build or version cannot do it
  kExhausted = 6,         // no space, no address, no descriptor, a limit reached
  kFailedPrecondition = 7,  // right request, wrong state
  kConflict = 8,          // somebody else changed it meanwhile
  kUnavailable = 9,       // the peer is gone or not there yet; trying again may help
  kTimedOut = 10,         // a bound of time ran out
  kIo = 11,               // the system refused for another reason: see sys_errno
  kCorrupt = 12,          // stored or received data breaks its format
  kCancelled = 13,        // the caller withdrew the request
  kInternal = 14,         // a broken invariant that was survived
};

// Stable lower-case name of a code ("not_found"), for logs and the wire.
std::string_view code_name(Code code);

struct Error {
  Code code = Code::kInternal;
  int sys_errno = 0;     // 0 when no system call is behind it
  std::string op;        // what was attempted: "mount overlay"
  std::string subject;   // on which object: a path, id or name
  std::string detail;    // the cause in words; empty when sys_errno says it all
  std::vector<std::string> context;  // added while climbing, innermost first

  // "<context>: …: op subject: cause (errno text)".
  std::string message() const;

  Error&& with(std::string line) && {
    context.push_back(std::move(line));
    return std::move(*this);
  }
};

template <class T>
using Result = tl::expected<T, Error>;
using Failure = tl::unexpected<Error>;

// An error without a system call behind it.
[[nodiscard]] Failure fail(Code code, std::string op, std::string subject, std::string detail = {});

// An error from a system call; `err` is errno as it stood right after the call. The code follows from it.
[[nodiscard]] Failure fail_errno(int err, std::string op, std::string subject, std::string detail = {});

// The code that fits an errno value (ENOENT -> kNotFound, EPERM -> kPermissionDenied, …).
Code code_from_errno(int err);

namespace detail {
template <class T>
T take(Result<T>&& result) {
  if constexpr (!std::is_void_v<T>) {
    return std::move(*result);
  }
}
[[noreturn]] void must_failed(const Error& error, const char* file, int line);
}  // namespace detail

// Passes an error up; else yields the value. Not for coroutines.
#define TRY(expr)                                                      \
  ({                                                                   \
    auto podctl_try_result_ = (expr);                                  \
    if (!podctl_try_result_) {                                         \
      return ::podctl::Failure(std::move(podctl_try_result_).error()); \
    }                                                                  \
    ::podctl::detail::take(std::move(podctl_try_result_));             \
  })

// The same, adding a line of context on the way up.
#define TRY_CONTEXT(expr, line)                                                           \
  ({                                                                                      \
    auto podctl_try_result_ = (expr);                                                     \
    if (!podctl_try_result_) {                                                            \
      return ::podctl::Failure(std::move(podctl_try_result_).error().with(line));         \
    }                                                                                     \
    ::podctl::detail::take(std::move(podctl_try_result_));                                \
  })

// Where failure is a bug: aborts with the message and the place.
#define MUST(expr)                                                                       \
  ({                                                                                     \
    auto podctl_must_result_ = (expr);                                                   \
    if (!podctl_must_result_) {                                                          \
      ::podctl::detail::must_failed(podctl_must_result_.error(), __FILE__, __LINE__);    \
    }                                                                                    \
    ::podctl::detail::take(std::move(podctl_must_result_));                              \
  })

}  // namespace podctl

#include "podctl/base/error.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace podctl {

std::string_view code_name(Code code) {
  switch (code) {
    case Code::kInvalidArgument: return "invalid_argument";
    case Code::kNotFound: return "not_found";
    case Code::kAlreadyExists: return "already_exists";
    case Code::kPermissionDenied: return "permission_denied";
    case Code::kUnsupported: return "unsupported";
    case Code::kExhausted: return "exhausted";
    case Code::kFailedPrecondition: return "failed_precondition";
    case Code::kConflict: return "conflict";
    case Code::kUnavailable: return "unavailable";
    case Code::kTimedOut: return "timed_out";
    case Code::kIo: return "io";
    case Code::kCorrupt: return "corrupt";
    case Code::kCancelled: return "cancelled";
    case Code::kInternal: return "internal";
  }
  return "unknown";
}

namespace {

void append_cause(std::string& out, std::string_view cause) {
  if (cause.empty()) return;
  if (!out.empty()) out += ": ";
  out += cause;
}

}  // namespace

std::string Error::message() const {
  std::string out;
  for (auto line = context.rbegin(); line != context.rend(); ++line) append_cause(out, *line);
  std::string what = op;
  if (!subject.empty()) {
    if (!what.empty()) what += ' ';
    what += subject;
  }
  append_cause(out, what);
  append_cause(out, detail);
  // strerrordesc_np is thread-safe and knows no locale, unlike strerror.
  if (sys_errno != 0) {
    const char* text = strerrordesc_np(sys_errno);
    append_cause(out, text != nullptr ? text : "errno " + std::to_string(sys_errno));
  }
  return out;
}

Failure fail(Code code, std::string op, std::string subject, std::string detail) {
  return Failure(Error{.code = code,
                       .sys_errno = 0,
                       .op = std::move(op),
                       .subject = std::move(subject),
                       .detail = std::move(detail),
                       .context = {}});
}

Failure fail_errno(int err, std::string op, std::string subject, std::string detail) {
  return Failure(Error{.code = code_from_errno(err),
                       .sys_errno = err,
                       .op = std::move(op),
                       .subject = std::move(subject),
                       .detail = std::move(detail),
                       .context = {}});
}

Code code_from_errno(int err) {
  switch (err) {
    case EINVAL: case EDOM: case ENAMETOOLONG: case ELOOP: return Code::kInvalidArgument;
    case ENOENT: case ESRCH: case ENODEV: case ENXIO: return Code::kNotFound;
    case EEXIST: return Code::kAlreadyExists;
    case EPERM: case EACCES: case EROFS: return Code::kPermissionDenied;
    case ENOSYS: case EOPNOTSUPP: case EPROTONOSUPPORT: case EAFNOSUPPORT: return Code::kUnsupported;
    case ENOMEM: case ENOSPC: case EMFILE: case ENFILE: case EDQUOT: case EUSERS:
      return Code::kExhausted;
    case EBUSY: case ENOTEMPTY: case EISDIR: case ENOTDIR: return Code::kFailedPrecondition;
    case EAGAIN: case ECONNREFUSED: case ECONNRESET: case EPIPE: case ENOTCONN: case EHOSTUNREACH:
      return Code::kUnavailable;
    case ETIMEDOUT: return Code::kTimedOut;
    case ECANCELED: return Code::kCancelled;
    default: return Code::kIo;
  }
}

namespace detail {

void must_failed(const Error& error, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: broken invariant: %s\n", file, line, error.message().c_str());
  std::abort();
}

}  // namespace detail
}  // namespace podctl

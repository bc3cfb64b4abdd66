#include "podctl/cli/session.hpp"

#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parse.hpp>
#include <cerrno>
#include <csignal>
#include <cstdlib>

#include "podctl/base/utf8.hpp"
#include "podctl/cli/daemon.hpp"
#include "podctl/cli/time_text.hpp"
#include "podctl/cli/view.hpp"

namespace podctl::cli {
namespace {

// False when not all of it could be written; errno says why.
bool write_some(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

void write_all(int fd, std::string_view text) {
  if (write_some(fd, text)) return;
  if (fd == STDOUT_FILENO && errno != EPIPE)
    write_all(STDERR_FILENO,
              "error: " + fail_errno(errno, "write to stdout", {}).value().message() + "\n");
  ::_exit(kFailed);
}

Failure refusal(const Reply& reply) {
  const Code code = reply.status == 404   ? Code::kNotFound
                    : reply.status == 409 ? Code::kConflict
                    : reply.status == 403 ? Code::kPermissionDenied
                                          : Code::kFailedPrecondition;
  return fail(code, refusal_text(reply), {});
}

}  // namespace

Result<boost::json::value> parse_json_value(std::string_view text,
                                            boost::json::storage_ptr storage) {
  boost::system::error_code error;
  boost::json::parse_options options;
  options.max_depth = 200;
  auto value = boost::json::parse({text.data(), text.size()}, error, std::move(storage), options);
  if (error) return fail(Code::kCorrupt, "read podctld's answer", {}, error.message());
  return value;
}

std::string refusal_reason(const Reply& reply) {
  auto status = parse_json_value(reply.body);
  return status ? std::string(View(*status)["reason"].str()) : std::string();
}

std::string refusal_text(const Reply& reply) {
  auto status = parse_json_value(reply.body);
  View s = status ? View(*status) : View();
  std::string text = "Error from server";
  if (auto reason = s["reason"].str(); !reason.empty()) text += " (" + std::string(reason) + ")";
  std::string_view message = s["message"].str();
  text += ": ";
  text += message.empty() ? "status " + std::to_string(reply.status) : std::string(message);
  for (const auto& cause : s["details"]["causes"].items()) {
    const auto field = View(cause)["field"].str();
    if (field.empty() || message.find(field) != std::string_view::npos) continue;
    text += "\n  " + std::string(field) + ": " + std::string(View(cause)["message"].str());
  }
  return text;
}

std::string pods_path(std::string_view ns, std::string_view name) {
  std::string path = "/api/v1";
  if (!ns.empty()) path += "/namespaces/" + url_escape(ns);
  path += "/pods";
  if (!name.empty()) path += "/" + url_escape(name);
  return path;
}

std::string podctl_path(std::string_view rest) { return "/apis/podctl.dev/v1" + std::string(rest); }

Invocation::Invocation(Parsed parsed)
    : args(std::move(parsed)), layout(Layout::from(args.get("root"))) {}

void pause_briefly() {
  const timespec pause{0, 50'000'000};
  ::nanosleep(&pause, nullptr);
}

Result<Client> Invocation::connect() { return connect_or_start(layout); }

Result<Client> Invocation::take_connection() {
  if (!client_) return connect();
  Client client = std::move(*client_);
  client_.reset();
  return client;
}

Result<Reply> Invocation::call(const Request& request) {
  asked_twice_ = false;
  const std::int64_t start = monotonic_ns();
  if (!client_) {
    client_ = TRY(connect());
    reused_ = false;
  }
  auto reply = client_->request(request);
  const auto lost = [&reply] { return !reply && reply.error().code != Code::kCorrupt; };
  const auto harmless = [&] {
    return request.method == "GET" || (never_read(reply.error()) && !request.upload);
  };
  // Repeating is safe for what changes nothing, and for what nobody has read. A connection that
  // served before may have been closed because podctld ended: the next one goes on from its store.
  for (int i = 0; lost() && harmless() && i < kReconnects; ++i) {
    if (i > 0) pause_briefly();
    client_ = TRY(connect());
    reply = client_->request(request);
  }
  // A deletion may also have met a podctld that was just being killed.
  if (lost() && (request.method == "DELETE" || (request.method != "GET" && reused_)) &&
      !request.upload) {
    client_ = TRY(connect());
    reply = client_->request(request);
    asked_twice_ = true;
  }
  reused_ = true;
  if (!reply) client_.reset();
  if (args.flag("verbose")) {
    err(std::string(request.method) + " " + request.target + " -> " +
        (reply ? std::to_string(reply->status) : reply.error().message()) + " in " +
        human_ns(static_cast<std::uint64_t>(monotonic_ns() - start)) + "\n");
  }
  if (reply && reply->header("connection") == "close") client_.reset();
  return reply;
}

Result<Reply> Invocation::get(const std::string& target) {
  Request request;
  request.target = target;
  return call(request);
}

Result<boost::json::value> Invocation::fetch(const std::string& target, std::string_view accept) {
  Request request;
  request.target = target;
  if (!accept.empty()) request.headers.emplace_back("Accept", accept);
  Reply reply = TRY(call(request));
  if (!reply.ok()) return refusal(reply);
  // Lists live as long as the command: one arena, never freed piece by piece.
  static auto* arena = new boost::json::monotonic_resource(reply.body.size() * 2);
  return parse_json_value(reply.body, arena);
}

void Invocation::out(std::string_view text) { write_all(STDOUT_FILENO, text); }
void Invocation::try_out(std::string_view text) { (void)write_some(STDOUT_FILENO, text); }
void Invocation::err(std::string_view text) { write_all(STDERR_FILENO, text); }

int Invocation::failed(const Error& error) {
  const bool sentence = error.op.starts_with("Error from server");
  err(utf8::printable(sentence ? error.op : "error: " + error.message()) + "\n");
  return kFailed;
}

int Invocation::failed(std::string_view text) {
  err("error: " + utf8::printable(text) + "\n");
  return kFailed;
}

int Invocation::refused(const Reply& reply) {
  err(utf8::printable(refusal_text(reply)) + "\n");
  return kFailed;
}

int Invocation::usage(std::string_view text) {
  err("error: " + utf8::printable(text) + "\n");
  if (text.find("see 'podctl") == std::string_view::npos)
    err("see 'podctl " + args.path + " --help'\n");
  return kUsage;
}

void Invocation::warn(const Reply& reply) {
  for (const std::string& text : reply.warnings()) err("Warning: " + utf8::printable(text) + "\n");
}

Style Invocation::style() const {
  const char* no = std::getenv("NO_COLOR");
  const bool terminal = ::isatty(STDOUT_FILENO) == 1;
  return {.colour = terminal && (no == nullptr || *no == '\0'), .width = terminal ? width() : 0};
}

std::size_t Invocation::width() const {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

}  // namespace podctl::cli

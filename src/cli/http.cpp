#include "podctl/cli/http.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <ctime>

#include "podctl/base/text.hpp"

namespace podctl::cli {
namespace {

constexpr std::size_t kMaxHead = 64U << 10;

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
  return out;
}

Failure gone() {
  return fail(Code::kUnavailable, "read from podctld", {}, "it closed the connection");
}

Failure unread() {
  return fail_errno(ECONNRESET, "ask podctld", {}, "it ended before it had read the request");
}

std::optional<std::uint64_t> parse_hex(std::string_view text) {
  std::uint64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

}  // namespace

std::int64_t monotonic_ns() {
  std::timespec ts{};
  ::clock_gettime(CLOCK_MONOTONIC, &ts);
  return static_cast<std::int64_t>(ts.tv_sec) * 1'000'000'000 + ts.tv_nsec;
}

std::string url_escape(std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto u = static_cast<unsigned char>(c);
    const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    if (plain) {
      out += c;
    } else {
      out += '%';
      out += kHex[u >> 4];
      out += kHex[u & 15];
    }
  }
  return out;
}

Upload file_upload(int fd) {
  Upload upload;
  struct stat st {};
  if (::fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
    upload.size = static_cast<std::uint64_t>(st.st_size);
  upload.next = [fd]() -> Result<std::string> {
    std::string piece(256U << 10, '\0');
    ssize_t n = 0;
    do {
      n = ::read(fd, piece.data(), piece.size());
    } while (n < 0 && errno == EINTR);
    if (n < 0) return fail_errno(errno, "read the file to send", {});
    piece.resize(static_cast<std::size_t>(n));
    return piece;
  };
  return upload;
}

bool never_read(const Error& error) {
  return error.sys_errno == ECONNRESET || error.sys_errno == EPIPE;
}

Target& Target::add(std::string_view name, std::string_view value) {
  text_ += query_ ? '&' : '?';
  query_ = true;
  text_ += std::string(name) + "=" + url_escape(value);
  return *this;
}

Target& Target::add_if(std::string_view name, std::string_view value) {
  return value.empty() ? *this : add(name, value);
}

std::string_view Reply::header(std::string_view name) const {
  for (const auto& [n, v] : headers) {
    if (n == name) return v;
  }
  return {};
}

std::vector<std::string> Reply::warnings() const {
  std::vector<std::string> out;
  for (const auto& [name, value] : headers) {
    if (name != "warning") continue;
    const std::size_t quote = value.find('"');
    if (quote == std::string::npos) continue;
    std::string text;
    for (std::size_t i = quote + 1; i < value.size() && value[i] != '"'; ++i) {
      if (value[i] == '\\' && i + 1 < value.size()) ++i;
      text += value[i];
    }
    out.push_back(std::move(text));
  }
  return out;
}

Result<Reply> parse_head(std::string_view head) {
  Reply reply;
  bool first = true;
  for (std::string_view line : text::split(head, '\n')) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (first) {
      first = false;
      if (!line.starts_with("HTTP/1.") || line.size() < 12) {
        return fail(Code::kCorrupt, "read from podctld", {}, "the answer is not HTTP");
      }
      auto status = text::parse_u64(line.substr(9, 3));
      if (!status) return fail(Code::kCorrupt, "read from podctld", {}, "the answer has no status");
      reply.status = static_cast<int>(*status);
      continue;
    }
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    reply.headers.emplace_back(lower(line.substr(0, colon)),
                               std::string(text::trim(line.substr(colon + 1))));
  }
  return reply;
}

// The path is reached through a descriptor of its directory: sun_path ends at 108 bytes.
Result<Client> Client::connect(const std::string& socket_path) {
  const std::size_t slash = socket_path.rfind('/');
  UniqueFd dir(::open(socket_path.substr(0, slash).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!dir) return fail_errno(errno, "open", socket_path.substr(0, slash));
  const std::string path = "/proc/self/fd/" + std::to_string(dir.get()) + socket_path.substr(slash);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    return fail_errno(ENAMETOOLONG, "connect to", socket_path);
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  Client client;
  client.fd_ = UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!client.fd_) return fail_errno(errno, "make a socket", {});
  if (::connect(client.fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    const int err = errno;
    if (err == ECONNREFUSED)
      return fail(Code::kUnavailable, "connect to", socket_path, "nobody listens");
    return fail_errno(err, "connect to", socket_path);
  }
  return client;
}

int Client::peer_pid() const {
  ucred cred{};
  socklen_t size = sizeof cred;
  return ::getsockopt(fd_.get(), SOL_SOCKET, SO_PEERCRED, &cred, &size) == 0 ? cred.pid : 0;
}

Result<void> Client::send_all(std::string_view data) {
  while (!data.empty()) {
    const ssize_t n = ::send(fd_.get(), data.data(), data.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno(errno, "write to podctld", {});
    data.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

// A server that refuses an upload answers before it has read all: EPIPE here means "read the
// answer".
Result<void> Client::send_body(const Upload& upload) {
  for (;;) {
    std::string piece = TRY(upload.next());
    const bool end = piece.empty();
    if (!upload.size) {
      char digits[20];
      auto [last, error] = std::to_chars(digits, digits + sizeof digits, piece.size(), 16);
      piece = std::string(digits, last) + "\r\n" + piece + "\r\n";
    }
    if (auto sent = send_all(piece); !sent) {
      if (sent.error().sys_errno == EPIPE) return {};
      return sent;
    }
    if (end) return {};
  }
}

Result<void> Client::send(const Request& request) {
  std::string head =
      std::string(request.method) + " " + request.target + " HTTP/1.1\r\nHost: podctld\r\n";
  for (const auto& [name, value] : request.headers)
    head += std::string(name) + ": " + value + "\r\n";
  if (request.upload) {
    const auto& size = request.upload.size;
    head += "Content-Type: application/x-tar\r\n";
    head += size ? "Content-Length: " + std::to_string(*size) + "\r\n\r\n"
                 : "Transfer-Encoding: chunked\r\n\r\n";
    TRY(send_all(head));
    return send_body(request.upload);
  }
  if (!request.body.empty() || request.method == "POST") {
    head += "Content-Type: " + std::string(request.content_type) + "\r\n";
    head += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  }
  head += "\r\n";
  return send_all(head + request.body);
}

Result<bool> Client::fill(std::int64_t deadline_ns) {
  for (;;) {
    if (deadline_ns != 0) {
      const std::int64_t left = (deadline_ns - monotonic_ns()) / 1'000'000;
      pollfd waiting{fd_.get(), POLLIN, 0};
      const int n =
          ::poll(&waiting, 1, static_cast<int>(std::clamp<std::int64_t>(left, 0, 1 << 30)));
      if (n < 0 && errno == EINTR) continue;
      if (n == 0 && left > 0) continue;
      if (n == 0) return fail(Code::kTimedOut, "wait for podctld", {});
    }
    char block[64U << 10];
    const ssize_t n = ::recv(fd_.get(), block, sizeof block, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == ECONNRESET) {
      reset_ = true;
      return false;
    }
    if (n < 0) return fail_errno(errno, "read from podctld", {});
    buffer_.append(block, static_cast<std::size_t>(n));
    return n > 0;
  }
}

Result<Reply> Client::read_head() {
  for (;;) {
    const std::size_t end = buffer_.find("\r\n\r\n");
    if (end == std::string::npos) {
      if (buffer_.size() > kMaxHead)
        return fail(Code::kCorrupt, "read from podctld", {}, "the head has no end");
      // Of a socket's two ends the kernel tells ECONNRESET where the other had not read all, or had
      // not even taken the connection (unix_release_sock).
      if (!TRY(fill(0))) return reset_ && buffer_.empty() ? unread() : gone();
      continue;
    }
    Reply reply = TRY(parse_head(std::string_view(buffer_).substr(0, end)));
    buffer_.erase(0, end + 4);
    if (reply.status != 100) return reply;
  }
}

Result<Reply> Client::open(const Request& request) {
  TRY(send(request));
  Reply reply = TRY(read_head());
  chunked_ = lower(reply.header("transfer-encoding")).find("chunked") != std::string::npos;
  left_ = text::parse_u64(reply.header("content-length"));
  in_chunk_ = false;
  done_ = reply.status == 101 || reply.status == 204 || request.method == "HEAD" ||
          (!chunked_ && left_ == 0U);
  if (reply.ok() || reply.status == 101) return reply;
  while (auto piece = TRY(next())) reply.body += *piece;
  return reply;
}

Result<Reply> Client::request(const Request& request) {
  Reply reply = TRY(open(request));
  if (reply.ok()) {
    while (auto piece = TRY(next())) reply.body += *piece;
  }
  return reply;
}

Result<std::optional<std::string>> Client::next(std::int64_t deadline_ns) {
  if (done_) return std::optional<std::string>();
  return chunked_ ? next_chunk(deadline_ns) : next_plain(deadline_ns);
}

Result<std::optional<std::string>> Client::next_plain(std::int64_t deadline_ns) {
  if (buffer_.empty() && !TRY(fill(deadline_ns))) {
    if (left_) return gone();
    done_ = true;
    return std::optional<std::string>();
  }
  std::string piece = std::move(buffer_);
  buffer_.clear();
  if (left_) {
    if (piece.size() > *left_) {
      buffer_ = piece.substr(*left_);
      piece.resize(*left_);
    }
    *left_ -= piece.size();
    done_ = *left_ == 0;
  }
  return std::optional(std::move(piece));
}

Result<std::optional<std::string>> Client::next_chunk(std::int64_t deadline_ns) {
  while (!in_chunk_) {
    const std::size_t end = buffer_.find("\r\n");
    if (end == std::string::npos) {
      if (!TRY(fill(deadline_ns))) return gone();
      continue;
    }
    const std::string_view line =
        std::string_view(buffer_).substr(0, std::min(end, buffer_.find(';')));
    auto size = parse_hex(line);
    if (!size) return fail(Code::kCorrupt, "read from podctld", {}, "a chunk has no size");
    if (*size == 0) {
      // Taken off as a whole only: a deadline may come between its bytes.
      while (buffer_.size() < end + 4) {
        if (!TRY(fill(deadline_ns))) return gone();
      }
      buffer_.erase(0, end + 4);
      done_ = true;
      return std::optional<std::string>();
    }
    buffer_.erase(0, end + 2);
    left_ = *size + 2;  // with the line end that follows it
    in_chunk_ = true;
  }
  if (buffer_.empty() && !TRY(fill(deadline_ns))) return gone();
  std::string piece = buffer_.substr(0, *left_);
  buffer_.erase(0, piece.size());
  *left_ -= piece.size();
  // The last two bytes of a chunk are its line end; they may come apart.
  const std::size_t cut = *left_ < 2 ? std::min<std::size_t>(piece.size(), 2 - *left_) : 0;
  piece.resize(piece.size() - cut);
  if (*left_ == 0) in_chunk_ = false;
  if (piece.empty()) return next_chunk(deadline_ns);
  return std::optional(std::move(piece));
}

}  // namespace podctl::cli

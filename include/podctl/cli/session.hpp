// One run of podctl: what was asked, where podctld is, and where the answer goes. The commands get
// one.
//
// Lives in the process podctl only. It connects on the first request (starting podctld when
// needed), asks again once when podctld went away between two requests, and turns refusals into
// kubectl's words.
#pragma once

#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "podctl/base/error.hpp"
#include "podctl/base/layout.hpp"
#include "podctl/cli/http.hpp"
#include "podctl/cli/options.hpp"
#include "podctl/cli/sandbox_text.hpp"

namespace podctl::cli {

inline constexpr int kDone = 0, kFailed = 1, kUsage = 2;

// A JSON text as a value; kCorrupt when it is none.
Result<boost::json::value> parse_json_value(std::string_view text,
                                            boost::json::storage_ptr storage = {});

// kubectl's sentence for a refused request: "Error from server (NotFound): pods \"x\" not found".
std::string refusal_text(const Reply& reply);
// Status.reason of a refusal; empty if the body is no Status.
std::string refusal_reason(const Reply& reply);

// "/api/v1/namespaces/<ns>/pods[/<name>]"; an empty ns gives all of them.
std::string pods_path(std::string_view ns, std::string_view name = {});
std::string podctl_path(std::string_view rest);

// A podctld that is being killed may accept a connection just before it is gone: how often a
// command that may be repeated connects anew, and the moment (50 ms) between two of those.
inline constexpr int kReconnects = 5;
void pause_briefly();

class Invocation {
 public:
  explicit Invocation(Parsed parsed);

  const Parsed args;
  const Layout layout;

  // -n, else "default".
  std::string ns() const { return std::string(args.get("namespace", "default")); }
  bool all_namespaces() const { return args.flag("all-namespaces"); }

  // A request with its whole reply. Refusals are replies.
  Result<Reply> call(const Request& request);
  Result<Reply> get(const std::string& target);
  // Whether the last call was sent a second time because the first one's answer was lost.
  bool asked_twice() const { return asked_twice_; }
  // A JSON object or list; a refusal becomes an Error whose detail is its sentence (kNotFound for
  // 404). `accept` asks for another form of it.
  Result<boost::json::value> fetch(const std::string& target, std::string_view accept = {});
  // A connection of its own, for streams.
  Result<Client> connect();
  // The same, but that of the calls so far if there is one: the next call makes another.
  Result<Client> take_connection();

  // Writes all of it at once; a broken pipe ends the program as a shell expects.
  void out(std::string_view text);
  // The same for who has something left to do: a reader that is gone ends nothing.
  void try_out(std::string_view text);
  void err(std::string_view text);
  // Prints "error: …" and returns 1.
  int failed(const Error& error);
  int failed(std::string_view text);
  // The same for a refused reply.
  int refused(const Reply& reply);
  int usage(std::string_view text);
  void warn(const Reply& reply);

  // Of stdout: colour only on a terminal and without NO_COLOR; the width to fit.
  Style style() const;
  std::size_t width() const;

 private:
  std::optional<Client> client_;
  bool reused_ = false, asked_twice_ = false;
};

}  // namespace podctl::cli

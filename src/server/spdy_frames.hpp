// Frames of SPDY/3.1, as far as Kubernetes' streams use them: what bytes from a client hold, and
// the bytes of what is sent. kubectl's exec, attach and port-forward still speak it.
//
// Used by spdy_connection and tests. Pure: no sockets. The header blocks of a connection are one
// zlib stream a direction, hence one Reader and one Writer a connection.
// https://www.chromium.org/spdy/spdy-protocol/spdy-protocol-draft3-1/
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "podctl/base/error.hpp"

namespace podctl::server::spdy {

enum class Type : std::uint8_t {
  kData = 0,  // not a number of the protocol: data frames have none
  kSynStream = 1,
  kSynReply = 2,
  kReset = 3,
  kSettings = 4,
  kPing = 6,
  kGoAway = 7,
  kHeaders = 8,
  kWindowUpdate = 9,
};

// Names are in lower case; a name's values are parted by NUL.
using Headers = std::map<std::string, std::string, std::less<>>;

struct Frame {
  Type type = Type::kData;
  std::uint32_t stream = 0;  // of kPing: its number
  bool fin = false;          // the sender has no more for the stream
  Headers headers;           // of kSynStream, kSynReply, kHeaders
  std::string data;          // of kData; a large frame's comes in several
  std::uint32_t status = 0;  // of kReset and kGoAway
};

// Status of a kReset.
inline constexpr std::uint32_t kProtocolError = 1, kRefusedStream = 3;

class Reader {
 public:
  Reader();
  ~Reader();
  void feed(std::string_view bytes);
  // The next frame, or nothing before more bytes are fed. kCorrupt: the connection is of no use.
  Result<std::optional<Frame>> next();

 private:
  struct Inflater;
  Result<Frame> control(std::string_view head, std::string_view body);
  Result<Headers> headers(std::string_view block);
  Frame take_data();

  std::unique_ptr<Inflater> inflater_;
  std::string bytes_;
  std::size_t taken_ = 0;                          // of bytes_
  std::uint32_t data_stream_ = 0, data_left_ = 0;  // of a data frame that has begun
  bool data_fin_ = false;
};

class Writer {
 public:
  Writer();
  ~Writer();
  std::string syn_stream(std::uint32_t stream, const Headers& headers, bool fin);
  std::string syn_reply(std::uint32_t stream, const Headers& headers);
  static std::string data(std::uint32_t stream, std::string_view data, bool fin);
  static std::string reset(std::uint32_t stream, std::uint32_t status);
  static std::string ping(std::uint32_t number);
  static std::string go_away(std::uint32_t last_stream);

 private:
  struct Deflater;
  std::string block(const Headers& headers);
  std::unique_ptr<Deflater> deflater_;
};

}  // namespace podctl::server::spdy

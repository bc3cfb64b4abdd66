#include "spdy_frames.hpp"

#include <zlib.h>

#include <array>

#include "podctl/base/text.hpp"

namespace podctl::server::spdy {
namespace {

constexpr std::size_t kHead = 8;                   // bytes before a frame's body
constexpr std::uint32_t kMostControl = 64U << 10;  // bytes of a control frame
constexpr std::size_t kMostHeaders = 64U << 10;    // bytes of a header block, inflated
constexpr std::uint32_t kMostData = (1U << 24) - 1;
constexpr std::uint16_t kVersion = 3;
// Of what is sent, a few bytes a stream: a connection needs 16 KiB for it instead of 260. The
// window holds the dictionary.
constexpr int kWindow = 12, kMemory = 2;

// What both ends know before the first header (section 2.6.10.1): words with their lengths, then
// text. Its Adler-32, which a client names, is e3c6a7c2.
constexpr std::string_view kWords =
    "options|head|post|put|delete|trace|accept|accept-charset|accept-encoding|accept-language|"
    "accept-ranges|age|allow|authorization|cache-control|connection|content-base|content-encoding|"
    "content-language|content-length|content-location|content-md5|content-range|content-type|date|"
    "etag|expect|expires|from|host|if-match|if-modified-since|if-none-match|if-range|"
    "if-unmodified-since|last-modified|location|max-forwards|pragma|proxy-authenticate|"
    "proxy-authorization|range|referer|retry-after|server|te|trailer|transfer-encoding|upgrade|"
    "user-agent|vary|via|warning|www-authenticate|method|get|status|200 OK|version|HTTP/1.1|url|"
    "public|set-cookie|keep-alive|origin";
constexpr std::string_view kText =
    "100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505"
    "203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request"
    "401 Unauthorized403 Forbidden404 Not Found500 Internal Server Error501 Not Implemented"
    "503 Service UnavailableJan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 "
    "Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMT"
    "chunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,"
    "text/plain,text/javascript,publicprivatemax-age=gzip,deflate,sdchcharset=utf-8"
    "charset=iso-8859-1,utf-,*,enq=0.";

void put32(std::string& out, std::uint32_t value) {
  for (const int shift : {24, 16, 8, 0}) out += static_cast<char>(value >> shift & 255);
}

std::uint32_t get32(std::string_view bytes) {
  std::uint32_t value = 0;
  for (const char c : bytes.substr(0, 4)) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

void put_text(std::string& out, std::string_view text) {
  put32(out, static_cast<std::uint32_t>(text.size()));
  out += text;
}

const std::string& dictionary() {
  static const std::string kWhole = [] {
    std::string whole;
    for (const auto word : text::split(kWords, '|')) put_text(whole, word);
    return whole += kText;
  }();
  return kWhole;
}

Bytef* bytes_of(const std::string& text) {
  return reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));  // zlib's types know no const
}

std::string control_frame(Type type, std::uint8_t flags, std::string_view body) {
  std::string out;
  put32(out, 0x80000000U | kVersion << 16 | static_cast<std::uint32_t>(type));
  put32(out, std::uint32_t{flags} << 24 | static_cast<std::uint32_t>(body.size()));
  return out += body;
}

std::string numbers(std::initializer_list<std::uint32_t> values) {
  std::string out;
  for (const auto value : values) put32(out, value);
  return out;
}

Failure broken(std::string why) {
  return fail(Code::kCorrupt, "read a SPDY frame", {}, std::move(why));
}

// A length and as many bytes; none when the block ends before.
std::optional<std::string_view> take_text(std::string_view& block) {
  if (block.size() < 4) return std::nullopt;
  const std::size_t size = get32(block);
  if (block.size() - 4 < size) return std::nullopt;
  const auto text = block.substr(4, size);
  block.remove_prefix(4 + size);
  return text;
}

}  // namespace

struct Reader::Inflater {
  z_stream z{};
  Inflater() { ready = ::inflateInit(&z) == Z_OK; }
  ~Inflater() { ::inflateEnd(&z); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  bool ready = false;

  Result<std::string> inflate(std::string_view from) {
    const std::string in(from);
    std::string out;
    std::array<char, 4096> block{};
    z.next_in = bytes_of(in);
    z.avail_in = static_cast<uInt>(in.size());
    do {
      z.next_out = reinterpret_cast<Bytef*>(block.data());
      z.avail_out = block.size();
      int got = ready ? ::inflate(&z, Z_SYNC_FLUSH) : Z_MEM_ERROR;
      if (got == Z_NEED_DICT) {
        const auto& known = dictionary();
        got = ::inflateSetDictionary(&z, bytes_of(known), static_cast<uInt>(known.size()));
        if (got == Z_OK) continue;
      }
      // Z_BUF_ERROR: everything has been taken.
      if (got != Z_OK && got != Z_BUF_ERROR) return broken("its headers are not SPDY's zlib");
      out.append(block.data(), block.size() - z.avail_out);
      if (out.size() > kMostHeaders) return broken("its headers are too long");
      if (got == Z_BUF_ERROR) break;
    } while (z.avail_in > 0 || z.avail_out == 0);
    return out;
  }
};

Reader::Reader() : inflater_(std::make_unique<Inflater>()) {}
Reader::~Reader() = default;

void Reader::feed(std::string_view bytes) {
  bytes_.erase(0, taken_);
  taken_ = 0;
  bytes_ += bytes;
}

Result<std::optional<Frame>> Reader::next() {
  const std::string_view rest = std::string_view(bytes_).substr(taken_);
  if (data_left_ > 0) {
    if (rest.empty()) return std::nullopt;
    return take_data();
  }
  if (rest.size() < kHead) return std::nullopt;
  const std::uint32_t first = get32(rest);
  const std::uint32_t size = get32(rest.substr(4)) & kMostData;
  if ((first & 0x80000000U) == 0) {
    taken_ += kHead;
    data_stream_ = first;
    data_left_ = size;
    data_fin_ = (rest[4] & 1) != 0;
    if (size > 0 && rest.size() == kHead) return std::nullopt;
    return take_data();
  }
  if (size > kMostControl) return broken("it is too long");
  if (rest.size() < kHead + size) return std::nullopt;
  taken_ += kHead + size;
  return TRY(control(rest.substr(0, kHead), rest.substr(kHead, size)));
}

// What is there of a data frame's body.
Frame Reader::take_data() {
  const std::size_t size = std::min<std::size_t>(bytes_.size() - taken_, data_left_);
  Frame frame{.stream = data_stream_, .data = bytes_.substr(taken_, size)};
  taken_ += size;
  data_left_ -= static_cast<std::uint32_t>(size);
  frame.fin = data_fin_ && data_left_ == 0;
  return frame;
}

Result<Frame> Reader::control(std::string_view head, std::string_view body) {
  const std::uint32_t first = get32(head);
  if ((first >> 16 & 0x7fff) != kVersion) return broken("it is not of version 3");
  Frame frame{.type = static_cast<Type>(first & 0xff), .fin = (head[4] & 1) != 0};
  std::size_t least = 4;
  if (frame.type == Type::kSynStream) least = 10;
  if (frame.type == Type::kReset || frame.type == Type::kGoAway) least = 8;
  if (body.size() < least) return broken("it is too short");
  frame.stream = get32(body);
  if (frame.type != Type::kPing) frame.stream &= 0x7fffffffU;
  if (least == 8) frame.status = get32(body.substr(4));
  if (frame.type == Type::kSynStream || frame.type == Type::kSynReply ||
      frame.type == Type::kHeaders)
    frame.headers = TRY(headers(body.substr(least)));
  return frame;
}

Result<Headers> Reader::headers(std::string_view block) {
  const std::string whole = TRY(inflater_->inflate(block));
  std::string_view rest = whole;
  Headers found;
  if (rest.size() < 4) return broken("its headers are cut off");
  std::uint32_t left = get32(rest);
  for (rest.remove_prefix(4); left > 0; --left) {
    const auto name = take_text(rest);
    const auto value = take_text(rest);
    if (!name || !value) return broken("its headers are cut off");
    found.emplace(*name, *value);
  }
  return found;
}

struct Writer::Deflater {
  z_stream z{};
  Deflater() {
    const auto& known = dictionary();
    if (::deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kWindow, kMemory,
                       Z_DEFAULT_STRATEGY) == Z_OK)
      ::deflateSetDictionary(&z, bytes_of(known), static_cast<uInt>(known.size()));
  }
  ~Deflater() { ::deflateEnd(&z); }
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;

  std::string deflate(const std::string& in) {
    std::string out;
    std::array<char, 4096> block{};
    z.next_in = bytes_of(in);
    z.avail_in = static_cast<uInt>(in.size());
    do {
      z.next_out = reinterpret_cast<Bytef*>(block.data());
      z.avail_out = block.size();
      if (::deflate(&z, Z_SYNC_FLUSH) != Z_OK) break;
      out.append(block.data(), block.size() - z.avail_out);
    } while (z.avail_out == 0);
    return out;
  }
};

Writer::Writer() : deflater_(std::make_unique<Deflater>()) {}
Writer::~Writer() = default;

std::string Writer::block(const Headers& headers) {
  std::string plain;
  put32(plain, static_cast<std::uint32_t>(headers.size()));
  for (const auto& [name, value] : headers) {
    put_text(plain, name);
    put_text(plain, value);
  }
  return deflater_->deflate(plain);
}

std::string Writer::syn_stream(std::uint32_t stream, const Headers& headers, bool fin) {
  return control_frame(Type::kSynStream, fin ? 1 : 0,
                       numbers({stream, 0}) + std::string(2, '\0') + block(headers));
}

std::string Writer::syn_reply(std::uint32_t stream, const Headers& headers) {
  return control_frame(Type::kSynReply, 0, numbers({stream}) + block(headers));
}

std::string Writer::data(std::uint32_t stream, std::string_view data, bool fin) {
  std::string out;
  while (data.size() > kMostData) {
    out += Writer::data(stream, data.substr(0, kMostData), false);
    data.remove_prefix(kMostData);
  }
  out += numbers(
      {stream, (fin ? std::uint32_t{1} << 24 : 0) | static_cast<std::uint32_t>(data.size())});
  return out += data;
}

std::string Writer::reset(std::uint32_t stream, std::uint32_t status) {
  return control_frame(Type::kReset, 0, numbers({stream, status}));
}

std::string Writer::ping(std::uint32_t number) {
  return control_frame(Type::kPing, 0, numbers({number}));
}

std::string Writer::go_away(std::uint32_t last_stream) {
  return control_frame(Type::kGoAway, 0, numbers({last_stream, 0}));
}

}  // namespace podctl::server::spdy

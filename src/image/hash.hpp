// SHA-256 by OpenSSL, as OCI digests are written. Private to image.
//
// By the plain functions, which OpenSSL 3 calls deprecated: behind its EVP interface stands every
// cipher there is, 3 MiB in a program that wants one hash.
#pragma once

#define OPENSSL_API_COMPAT 0x10100000L
#include <openssl/sha.h>

#include <array>
#include <string>
#include <string_view>

namespace podctl::image {

class Sha256 {
 public:
  Sha256() { SHA256_Init(&context_); }
  void update(const void* data, std::size_t size) { SHA256_Update(&context_, data, size); }
  // "sha256:…"; the object is spent afterwards.
  std::string digest() {
    std::array<unsigned char, SHA256_DIGEST_LENGTH> bytes{};
    SHA256_Final(bytes.data(), &context_);
    std::string out = "sha256:";
    for (const unsigned char byte : bytes) {
      out += "0123456789abcdef"[byte >> 4U];
      out += "0123456789abcdef"[byte & 15U];
    }
    return out;
  }

 private:
  SHA256_CTX context_{};
};

inline std::string sha256(std::string_view data) {
  Sha256 hash;
  hash.update(data.data(), data.size());
  return hash.digest();
}

// The hex digits of a digest: a file name in blobs/sha256/ and layers/.
inline std::string hex_of(std::string_view digest) { return std::string(digest.substr(7)); }

}  // namespace podctl::image

// SHA-256 by OpenSSL, as OCI digests are written. Private to image.
#pragma once

#include <openssl/evp.h>

#include <memory>
#include <string>
#include <string_view>

namespace podctl::image {

class Sha256 {
 public:
  Sha256() : context_(EVP_MD_CTX_new(), &EVP_MD_CTX_free) {
    EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr);
  }
  void update(const void* data, std::size_t size) { EVP_DigestUpdate(context_.get(), data, size); }
  // "sha256:…"; the object is spent afterwards.
  std::string digest() {
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    EVP_DigestFinal_ex(context_.get(), bytes, &size);
    std::string out = "sha256:";
    for (unsigned int i = 0; i < size; ++i) {
      out += "0123456789abcdef"[bytes[i] >> 4U];
      out += "0123456789abcdef"[bytes[i] & 15U];
    }
    return out;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

inline std::string sha256(std::string_view data) {
  Sha256 hash;
  hash.update(data.data(), data.size());
  return hash.digest();
}

// The hex digits of a digest: a file name in blobs/sha256/ and layers/.
inline std::string hex_of(std::string_view digest) { return std::string(digest.substr(7)); }

}  // namespace podctl::image

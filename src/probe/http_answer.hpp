// An HTTP/1 answer as it comes in from the network, judged as the kubelet does. Pure; private to
// probe and its tests.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "podctl/base/error.hpp"
#include "podctl/probe/probe.hpp"

namespace podctl::probe {

class HttpAnswer {
 public:
  HttpAnswer();
  ~HttpAnswer();

  // The next bytes. True: it is complete, or as much of it as anybody looks at. Up to five answers
  // before it that say no more than that it is to come (1xx) are passed over.
  Result<bool> take(std::string_view bytes);
  // The peer has closed. An error when that came too early.
  Result<void> end();

  int status() const;
  // Where a redirect leads to; empty when it is none.
  std::string location() const;
  // Its first 10 KiB.
  std::string_view body() const;
  // Of an answer that is not to be followed any further.
  Answer judge() const;

 private:
  Result<bool> go_on();

  struct Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace podctl::probe

// What a podctld serves that cannot open its root, for want of readable objects or images: every
// request is told why, and a reset removes what there is, by listing it. Pods that run go on
// without it.
//
// Used by main on podctld's loop, instead of Api and Node.
#pragma once

#include <functional>
#include <memory>

#include "podctl/base/layout.hpp"
#include "podctl/engine/engine.hpp"
#include "podctl/node/context.hpp"
#include "podctl/server/http.hpp"

namespace podctl::server {

class Failed {
 public:
  // `end`: called after each answer, with whether everything has been removed.
  Failed(boost::asio::io_context& io, Layout layout, engine::Options options, Error why,
         std::function<void(bool reset)> end);
  void handle(std::shared_ptr<Exchange> exchange);

 private:
  void reset(std::shared_ptr<Exchange> exchange);

  Layout layout_;
  Error why_;
  std::function<void(bool reset)> end_;
  engine::Engine engine_;
  node::Offload offload_;
};

}  // namespace podctl::server

#include "probe/attempt.hpp"

namespace podctl::probe {
namespace {

class Handle : public Try {
 public:
  explicit Handle(std::shared_ptr<Attempt> attempt) : attempt_(std::move(attempt)) {}
  ~Handle() override { attempt_->give_up(); }

 private:
  std::shared_ptr<Attempt> attempt_;
};

}  // namespace

TryPtr begin(std::shared_ptr<Attempt> attempt, std::chrono::nanoseconds timeout) {
  attempt->begin(timeout);
  return std::make_unique<Handle>(std::move(attempt));
}

}  // namespace podctl::probe

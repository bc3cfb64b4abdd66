#include "podctl/node/trace_log.hpp"

#include <map>
#include <string_view>
#include <utility>

namespace podctl::node {
namespace {

using Title = std::pair<std::string, std::string>;  // process, name

// The titles of steps are few and the same in every pod: a number stands for each.
struct Titles {
  std::map<Title, std::uint64_t> numbers;
  std::vector<const Title*> all;
};

Titles& titles() {
  static Titles titles;
  return titles;
}

std::uint64_t number_of(const wire::TraceStep& step) {
  auto& known = titles();
  const auto [at, added] = known.numbers.try_emplace({step.process, step.name}, known.all.size());
  if (added) known.all.push_back(&at->first);
  return at->second;
}

// Seven bits a byte, the lowest first.
void put_number(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(0x80 | (value & 0x7f));
  out += static_cast<char>(value);
}

std::uint64_t take_number(std::string_view& in) {
  std::uint64_t value = 0;
  for (unsigned shift = 0;; shift += 7) {
    const auto byte = static_cast<unsigned char>(in.front());
    in.remove_prefix(1);
    value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
}

}  // namespace

TraceLog::TraceLog(const std::vector<wire::TraceStep>& steps) {
  for (const auto& step : steps) add(step);
  packed_.shrink_to_fit();
}

void TraceLog::add(const wire::TraceStep& step) {
  if (count_ >= kMaxSteps) {
    const auto all = steps();
    *this = TraceLog(std::vector(all.begin() + kMaxSteps / 2, all.end()));
  }
  put_number(packed_, number_of(step));
  put_number(packed_, step.start_ns - last_start_);  // may wrap round: unsigned, so it comes back
  put_number(packed_, step.duration_ns);
  put_number(packed_, step.detail.size());
  packed_ += step.detail;
  last_start_ = step.start_ns;
  ++count_;
}

std::vector<wire::TraceStep> TraceLog::steps() const {
  std::vector<wire::TraceStep> steps;
  steps.reserve(count_);
  std::string_view in = packed_;
  for (std::uint64_t start = 0; !in.empty();) {
    const Title& title = *titles().all[take_number(in)];
    start += take_number(in);
    const std::uint64_t duration = take_number(in);
    const std::size_t size = take_number(in);
    steps.push_back({title.first, title.second, std::string(in.substr(0, size)), start, duration});
    in.remove_prefix(size);
  }
  return steps;
}

}  // namespace podctl::node

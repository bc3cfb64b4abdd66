#include "seccomp/shrink.hpp"

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <limits>
#include <map>
#include <optional>
#include <vector>

namespace podctl::seccomp {
namespace {

using Program = std::vector<sock_filter>;

constexpr std::uint32_t kHighest = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint16_t kLoad = BPF_LD | BPF_W | BPF_ABS, kAnd = BPF_ALU | BPF_AND | BPF_K,
                        kReturn = BPF_RET | BPF_K, kGoTo = BPF_JMP | BPF_JA,
                        kIfEqual = BPF_JMP | BPF_JEQ | BPF_K,
                        kIfGreater = BPF_JMP | BPF_JGT | BPF_K,
                        kIfNotLess = BPF_JMP | BPF_JGE | BPF_K;
// Ours, until blocks have their places: `k` is where one begins in the original.
constexpr std::uint16_t kToBlock = 0xffff;
constexpr std::size_t kMostAnswers = 20000;
constexpr std::size_t kFarthest = 255;  // what a conditional jump can skip

struct Range {
  std::uint32_t first = 0, last = kHighest;
};
std::optional<Range> both(Range a, Range b) {
  const Range common{std::max(a.first, b.first), std::min(a.last, b.last)};
  return common.first <= common.last ? std::optional(common) : std::nullopt;
}

// Of all that the filter does before it looks at more than architecture and number.
struct Answer {
  Range arch, number;
  sock_filter then = {};  // kReturn or kToBlock
};

bool same(const sock_filter& a, const sock_filter& b) { return a.code == b.code && a.k == b.k; }

enum class Holds { kNothing, kArch, kNumber };

// Runs a program for all architectures and numbers at once.
class Walk {
 public:
  explicit Walk(const Program& program) : program_(program) {}
  // False: not understood.
  bool run() { return from(0, Holds::kNothing, {}, {}) && !answers_.empty(); }
  std::vector<Answer> take() { return std::move(answers_); }

 private:
  bool from(std::size_t pc, Holds holds, Range arch, Range number) {
    for (;; ++pc) {
      if (pc >= program_.size() || answers_.size() > kMostAnswers) return false;
      const sock_filter& op = program_[pc];
      if (op.code == kReturn) return end(arch, number, op);
      if (op.code == kGoTo) {
        pc += op.k;
      } else if (op.code == kLoad && op.k == offsetof(seccomp_data, arch)) {
        holds = Holds::kArch;
      } else if (op.code == kLoad && op.k == offsetof(seccomp_data, nr)) {
        holds = Holds::kNumber;
      } else if (op.code == kLoad) {
        return end(arch, number, {.code = kToBlock, .k = static_cast<std::uint32_t>(pc)});
      } else {
        return branch(pc, holds, arch, number);
      }
    }
  }
  bool end(Range arch, Range number, sock_filter then) {
    answers_.push_back({arch, number, then});
    return true;
  }
  // What meets the condition goes one way, what is below or above it the other.
  bool branch(std::size_t pc, Holds holds, Range arch, Range number) {
    const sock_filter& op = program_[pc];
    if (holds == Holds::kNothing) return false;
    if (op.code != kIfEqual && op.code != kIfGreater && op.code != kIfNotLess) return false;
    const auto each = [&](std::uint8_t skipped, Range values) {
      const auto left = both(holds == Holds::kArch ? arch : number, values);
      if (!left) return true;
      const bool of_arch = holds == Holds::kArch;
      return from(pc + 1 + skipped, holds, of_arch ? *left : arch, of_arch ? number : *left);
    };
    if (op.code == kIfGreater && op.k == kHighest) return each(op.jf, {});
    const std::uint32_t first = op.code == kIfGreater ? op.k + 1 : op.k;
    const std::uint32_t last = op.code == kIfEqual ? op.k : kHighest;
    return each(op.jt, {first, last}) && (first == 0 || each(op.jf, {0, first - 1})) &&
           (last == kHighest || each(op.jf, {last + 1, kHighest}));
  }

  const Program& program_;
  std::vector<Answer> answers_;
};

// From `first` up to the next piece's.
struct Piece {
  std::uint32_t first = 0;
  Program code;
};

bool same(const Program& a, const Program& b) {
  return std::ranges::equal(a, b, [](const sock_filter& x, const sock_filter& y) {
    return same(x, y) && x.jt == y.jt && x.jf == y.jf;
  });
}

void add(std::vector<Piece>& pieces, std::uint32_t first, Program code) {
  if (!pieces.empty() && same(pieces.back().code, code)) return;
  pieces.push_back({first, std::move(code)});
}

// A binary search over what the accumulator holds.
Program search(const Piece* begin, const Piece* end) {
  if (end - begin == 1) return begin->code;
  const Piece* middle = begin + (end - begin) / 2;
  const Program below = search(begin, middle), above = search(middle, end);
  Program out;
  const auto far = static_cast<std::uint32_t>(below.size());
  if (below.size() <= kFarthest) {
    out.push_back({kIfNotLess, static_cast<std::uint8_t>(far), 0, middle->first});
  } else {
    out.push_back({kIfNotLess, 0, 1, middle->first});
    out.push_back({kGoTo, 0, 0, far});
  }
  out.insert(out.end(), below.begin(), below.end());
  out.insert(out.end(), above.begin(), above.end());
  return out;
}
Program search(const std::vector<Piece>& pieces) {
  return search(pieces.data(), pieces.data() + pieces.size());
}

// The same over pieces of one instruction, each of which stands at the end once: half as long.
class SharedSearch {
 public:
  // Nothing: an end would lie farther than a jump reaches.
  static std::optional<Program> of(const std::vector<Piece>& pieces) {
    SharedSearch search;
    if (!search.add(pieces.data(), pieces.data() + pieces.size()) || !search.join()) return {};
    return std::move(search.out_);
  }

 private:
  struct Jump {
    std::size_t from = 0;
    bool if_true = false;
    std::size_t end = 0;
  };
  bool add(const Piece* begin, const Piece* end) {
    const Piece* middle = begin + (end - begin) / 2;
    const std::size_t at = out_.size();
    out_.push_back({kIfNotLess, 0, 0, middle->first});
    if (middle - begin == 1) {
      leave(at, false, *begin);
    } else if (!add(begin, middle)) {
      return false;
    }
    if (end - middle == 1) {
      leave(at, true, *middle);
      return true;
    }
    const std::size_t skipped = out_.size() - at - 1;
    out_[at].jt = static_cast<std::uint8_t>(skipped);
    return skipped <= kFarthest && add(middle, end);
  }
  void leave(std::size_t from, bool if_true, const Piece& piece) {
    const auto known = std::ranges::find_if(
        ends_, [&](const sock_filter& end) { return same(end, piece.code.front()); });
    jumps_.push_back({from, if_true, static_cast<std::size_t>(known - ends_.begin())});
    if (known == ends_.end()) ends_.push_back(piece.code.front());
  }
  bool join() {
    for (const Jump& jump : jumps_) {
      const std::size_t skipped = out_.size() + jump.end - jump.from - 1;
      if (skipped > kFarthest) return false;
      auto& op = out_[jump.from];
      (jump.if_true ? op.jt : op.jf) = static_cast<std::uint8_t>(skipped);
    }
    out_.insert(out_.end(), ends_.begin(), ends_.end());
    return true;
  }

  Program out_;
  std::vector<sock_filter> ends_;
  std::vector<Jump> jumps_;
};

Program by_number(std::vector<Answer> answers) {
  std::ranges::sort(answers, {}, [](const Answer& a) { return a.number.first; });
  std::vector<Piece> pieces;
  for (const Answer& answer : answers) add(pieces, answer.number.first, {answer.then});
  if (pieces.size() == 1) return pieces.front().code;
  const auto shared = SharedSearch::of(pieces);
  Program out = shared ? *shared : search(pieces);
  out.insert(out.begin(), {kLoad, 0, 0, offsetof(seccomp_data, nr)});
  return out;
}

Program by_arch(const std::vector<Answer>& answers) {
  std::map<std::uint32_t, std::vector<Answer>> ranges;  // by where they begin
  for (const Answer& answer : answers) ranges[answer.arch.first];
  for (auto& [first, within] : ranges) {
    for (const Answer& answer : answers) {
      if (answer.arch.first <= first && first <= answer.arch.last) within.push_back(answer);
    }
  }
  std::vector<Piece> pieces;
  for (auto& [first, within] : ranges) add(pieces, first, by_number(std::move(within)));
  Program out = search(pieces);
  if (pieces.size() > 1) out.insert(out.begin(), {kLoad, 0, 0, offsetof(seccomp_data, arch)});
  return out;
}

// Which instructions of the original are run in blocks; nothing where they are not understood.
std::optional<std::vector<bool>> in_blocks(const Program& program, const Program& search) {
  std::vector<bool> used(program.size());
  for (const sock_filter& op : search) {
    if (op.code == kToBlock) used[op.k] = true;
  }
  for (std::size_t pc = 0; pc < program.size(); ++pc) {
    const sock_filter& op = program[pc];
    if (!used[pc] || op.code == kReturn) continue;
    std::vector<std::size_t> next;
    if (op.code == kLoad || op.code == kAnd) next = {pc + 1};
    if (op.code == kGoTo) next = {pc + 1 + op.k};
    if (op.code == kIfEqual || op.code == kIfGreater || op.code == kIfNotLess)
      next = {pc + 1 + op.jt, pc + 1 + op.jf};
    if (next.empty()) return {};
    for (const std::size_t to : next) {
      if (to >= program.size()) return {};
      used[to] = true;
    }
  }
  return used;
}

// The blocks follow the search, in their order: what lay between them is gone, so that every jump
// is as short as before at most.
std::optional<Program> with_blocks(Program search, const Program& program) {
  const auto used = in_blocks(program, search);
  if (!used) return {};
  std::vector<std::size_t> place(program.size());
  std::size_t end = search.size();
  for (std::size_t pc = 0; pc < program.size(); ++pc) place[pc] = (*used)[pc] ? end++ : 0;
  for (std::size_t at = 0; at < search.size(); ++at) {
    if (search[at].code != kToBlock) continue;
    search[at] = {kGoTo, 0, 0, static_cast<std::uint32_t>(place[search[at].k] - at - 1)};
  }
  for (std::size_t pc = 0; pc < program.size(); ++pc) {
    if (!(*used)[pc]) continue;
    sock_filter op = program[pc];
    const auto moved = [&](std::size_t skipped) { return place[pc + 1 + skipped] - place[pc] - 1; };
    if (op.code == kGoTo) {
      op.k = static_cast<std::uint32_t>(moved(op.k));
    } else if (BPF_CLASS(op.code) == BPF_JMP) {
      op.jt = static_cast<std::uint8_t>(moved(op.jt));
      op.jf = static_cast<std::uint8_t>(moved(op.jf));
    }
    search.push_back(op);
  }
  return search;
}

}  // namespace

std::string shrink(const std::string& filter) {
  if (filter.size() < sizeof(sock_filter)) return filter;
  Program program(filter.size() / sizeof(sock_filter));
  std::memcpy(program.data(), filter.data(), program.size() * sizeof(sock_filter));
  Walk walk(program);
  if (!walk.run()) return filter;
  const auto shorter = with_blocks(by_arch(walk.take()), program);
  if (!shorter || shorter->size() >= program.size()) return filter;
  return {reinterpret_cast<const char*>(shorter->data()), shorter->size() * sizeof(sock_filter)};
}

}  // namespace podctl::seccomp

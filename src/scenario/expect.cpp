#include "podctl/scenario/expect.hpp"

#include <array>
#include <cstdio>

#include "podctl/scenario/load.hpp"

namespace podctl::scenario {
namespace {

const Entry* first(const Match& match, const History& history) {
  for (const auto& entry : history) {
    if (matches(match, entry)) return &entry;
  }
  return nullptr;
}

std::string at(const Entry& entry) { return " at " + seconds_text(entry.at_ns); }

class Check {
 public:
  Check(const Expect& expect, const History& history) : expect_(expect), history_(history) {}

  std::optional<Objection> run() {
    if (expect_.now) return now();
    if (auto objection = bounds()) return objection;
    const bool counted = expect_.never || expect_.times || expect_.atLeast || expect_.atMost;
    return counted ? count() : first_time();
  }

 private:
  std::optional<Objection> object(std::string text, const Entry* entry = nullptr) const {
    Objection objection{std::move(text), std::nullopt};
    if (entry != nullptr) objection.entry = static_cast<std::size_t>(entry - history_.data());
    return objection;
  }

  // What before and after name has to have happened: nothing is said of an order without it.
  std::optional<Objection> bounds() {
    if (expect_.after && (after_ = first(*expect_.after, history_)) == nullptr) {
      return object(text_of(*expect_.after) + " never happened");
    }
    if (expect_.before && (before_ = first(*expect_.before, history_)) == nullptr) {
      return object(text_of(*expect_.before) + " never happened");
    }
    return std::nullopt;
  }

  bool inside(const Entry& entry) const {
    return (after_ == nullptr || earlier(*after_, entry)) &&
           (before_ == nullptr || earlier(entry, *before_));
  }

  std::optional<Objection> count() const {
    std::int32_t n = 0;
    const Entry* last = nullptr;
    const std::int32_t most = expect_.never   ? 0
                              : expect_.times ? *expect_.times
                                              : expect_.atMost.value_or(INT32_MAX);
    for (const auto& entry : history_) {
      if (!matches(expect_.match, entry) || !inside(entry)) continue;
      if (n++ <= most) last = &entry;  // the first that is too many, too
    }
    const std::int32_t least = expect_.times ? *expect_.times : expect_.atLeast.value_or(0);
    if (n >= least && n <= most) return std::nullopt;
    if (expect_.never) return object("it happened" + at(*last), last);
    return object("it happened " + std::to_string(n) + (n == 1 ? " time" : " times"), last);
  }

  std::optional<Objection> first_time() const {
    const auto* found = first(expect_.match, history_);
    if (found == nullptr) return object("it never happened");
    if (after_ != nullptr && !earlier(*after_, *found)) {
      return object(order("before", *found, *after_), found);
    }
    if (before_ != nullptr && !earlier(*found, *before_)) {
      return object(order("after", *found, *before_), before_);
    }
    const auto since = after_ != nullptr ? after_->at_ns : 0;
    const auto took = found->at_ns - since;
    if (!expect_.within.empty() && took > duration_ns(expect_.within)) {
      return object("it took " + seconds_text(took), found);
    }
    if (!expect_.noSooner.empty() && took < duration_ns(expect_.noSooner)) {
      return object("it took only " + seconds_text(took), found);
    }
    return std::nullopt;
  }

  static std::string order(const char* word, const Entry& found, const Entry& other) {
    if (found.moment == other.moment) return "both happened at once," + at(found);
    return "it came" + at(found) + ", " + word + " the other" + at(other);
  }

  // The newest entry of the kind that the match is about, of the same pod and container.
  std::optional<Objection> now() const {
    const auto kin = [this](const Entry& entry) {
      const auto& m = expect_.match;
      if (!m.pod.empty() && m.pod != entry.pod) return false;
      if (!m.container.empty() && m.container != entry.container) return false;
      switch (entry.what) {
        case What::kState:
          return !m.state.empty();
        case What::kReady:
          return m.ready.has_value();
        case What::kStarted:
          return m.started.has_value();
        case What::kPhase:
          return !m.phase.empty();
        case What::kCondition:
          return m.condition.substr(0, m.condition.find('=')) == entry.word;
        case What::kTerminating:
          return m.terminating.has_value();
        case What::kDeleted:
          return m.deleted.has_value();
        default:
          return false;
      }
    };
    for (auto entry = history_.rbegin(); entry != history_.rend(); ++entry) {
      if (!kin(*entry)) continue;
      if (matches(expect_.match, *entry)) return std::nullopt;
      return object("it is " + text_of(*entry) + " since " + seconds_text(entry->at_ns), &*entry);
    }
    // Ready and started begin as false, which no entry says.
    const auto& m = expect_.match;
    if ((m.ready && !*m.ready) || (m.started && !*m.started)) return std::nullopt;
    return object("it never was");
  }

  const Expect& expect_;
  const History& history_;
  const Entry* after_ = nullptr;
  const Entry* before_ = nullptr;
};

std::string times_text(std::int32_t n) { return n == 1 ? "once" : std::to_string(n) + " times"; }

}  // namespace

std::string seconds_text(std::uint64_t ns) {
  std::array<char, 40> buffer{};
  const auto ms = ns / 1'000'000;
  std::snprintf(buffer.data(), buffer.size(), "%llu.%03llus",
                static_cast<unsigned long long>(ms / 1000),
                static_cast<unsigned long long>(ms % 1000));
  return buffer.data();
}

std::optional<Objection> check(const Expect& expect, const History& history) {
  return Check(expect, history).run();
}

std::string text_of(const Expect& e) {
  std::string text;
  if (e.never) text += "never ";
  text += text_of(e.match);
  if (e.now) text += " now";
  if (e.times) text += " exactly " + times_text(*e.times);
  if (e.atLeast) text += " at least " + times_text(*e.atLeast);
  if (e.atMost) text += " at most " + times_text(*e.atMost);
  if (!e.within.empty()) text += " within " + e.within;
  if (!e.noSooner.empty()) text += " no sooner than " + e.noSooner;
  if (e.before) text += " before " + text_of(*e.before);
  if (e.after) text += " after " + text_of(*e.after);
  return text;
}

const Entry* awaited(const Wait& wait, const History& history) {
  std::int32_t n = 0;
  for (const auto& entry : history) {
    if (matches(wait.match, entry) && ++n == wait.times.value_or(1)) return &entry;
  }
  return nullptr;
}

}  // namespace podctl::scenario

#include "podctl/cli/options.hpp"

#include "podctl/base/text.hpp"

namespace podctl::cli {
namespace {

Failure usage(std::string what, std::string detail = {}) {
  return fail(Code::kInvalidArgument, std::move(what), {}, std::move(detail));
}

const Command* child(const Command& parent, std::string_view name) {
  for (const Command& c : parent.children) {
    if (c.name == name || (!c.alias.empty() && c.alias == name)) return &c;
  }
  return nullptr;
}

Failure unknown_command(const Command& parent, std::string_view path, std::string_view word) {
  std::vector<std::string_view> names;
  for (const Command& c : parent.children) {
    if (!c.hidden) names.push_back(c.name);
  }
  std::string what = "unknown command \"" + std::string(word) + "\"";
  if (!path.empty()) what += " for \"podctl " + std::string(path) + "\"";
  if (auto near = text::nearest(word, names)) {
    return usage(what, "did you mean \"" + std::string(*near) + "\"?");
  }
  return usage(what, "see 'podctl help'");
}

class Parser {
 public:
  Parser(const Command& root, std::span<const std::string_view> words)
      : root_(root), words_(words) {}

  Result<Parsed> run() {
    current_ = &root_;
    for (; at_ < words_.size(); ++at_) {
      const std::string_view word = words_[at_];
      if (word == "--" && current_->run != nullptr) {
        parsed_.had_dashes = true;
        for (++at_; at_ < words_.size(); ++at_) parsed_.after_dashes.emplace_back(words_[at_]);
        break;
      }
      if (word.starts_with("--")) {
        TRY(long_option(word.substr(2)));
      } else if (word.size() > 1 && word[0] == '-') {
        TRY(letters(word.substr(1)));
      } else {
        TRY(operand(word));
      }
    }
    if (current_ != &root_) parsed_.command = current_;
    if (parsed_.help) return std::move(parsed_);
    TRY(check_operands());
    return std::move(parsed_);
  }

 private:
  Result<void> operand(std::string_view word) {
    if (current_->run != nullptr) {
      parsed_.operands.emplace_back(word);
      return {};
    }
    const Command* next = child(*current_, word);
    if (next == nullptr) return unknown_command(*current_, parsed_.path, word);
    parsed_.path += (parsed_.path.empty() ? "" : " ") + std::string(next->name);
    current_ = next;
    return {};
  }

  const Option* find(std::string_view name, char letter) const {
    for (const auto& options : {current_->options, root_.options}) {
      for (const Option& o : options) {
        if (letter != 0 ? o.letter == letter : o.name == name) return &o;
      }
    }
    return nullptr;
  }

  Failure unknown_option(std::string_view shown, std::string_view name) const {
    std::vector<std::string_view> names;
    for (const auto& options : {current_->options, root_.options}) {
      for (const Option& o : options) names.push_back(o.name);
    }
    std::string what = "unknown flag: " + std::string(shown);
    if (auto near = text::nearest(name, names); near && !name.empty()) {
      return usage(what, "did you mean \"--" + std::string(*near) + "\"?");
    }
    return usage(what,
                 "see 'podctl " + (parsed_.path.empty() ? "help" : parsed_.path + " --help") + "'");
  }

  Result<void> take(const Option& option, std::string shown,
                    std::optional<std::string_view> value) {
    if (option.name == "help") parsed_.help = true;
    if (!value && option.takes == Takes::kFlag) value = "true";
    if (!value && option.takes == Takes::kOptional) value = option.implied;
    if (!value) {
      if (at_ + 1 >= words_.size()) return usage("flag needs an argument: " + shown);
      value = words_[++at_];
    }
    if (option.name == "root" && value->empty()) return usage("--root needs a directory");
    if (option.takes == Takes::kFlag && *value != "true" && *value != "false") {
      return usage("invalid value \"" + std::string(*value) + "\" for " + shown,
                   "must be true or false");
    }
    TRY(check_choice(option, shown, *value));
    parsed_.options.emplace_back(&option, std::string(*value));
    return {};
  }

  static Result<void> check_choice(const Option& option, const std::string& shown,
                                   std::string_view value) {
    if (option.choices.empty()) return {};
    std::vector<std::string_view> choices = text::split(option.choices, '|');
    for (std::string_view c : choices) {
      if (c == value || (c.ends_with('=') && value.starts_with(c))) return {};
    }
    std::string listed;
    for (std::string_view c : choices) listed += (listed.empty() ? "" : ", ") + std::string(c);
    return usage("invalid value \"" + std::string(value) + "\" for " + shown,
                 "must be one of: " + listed);
  }

  Result<void> long_option(std::string_view body) {
    const std::size_t equals = body.find('=');
    const std::string_view name = body.substr(0, equals);
    const Option* option = find(name, 0);
    if (option == nullptr || name.empty()) return unknown_option("--" + std::string(name), name);
    std::optional<std::string_view> value;
    if (equals != std::string_view::npos) value = body.substr(equals + 1);
    return take(*option, "--" + std::string(name), value);
  }

  Result<void> letters(std::string_view body) {
    for (std::size_t i = 0; i < body.size(); ++i) {
      const Option* option = find({}, body[i]);
      const std::string shown = std::string("-") + body[i];
      if (option == nullptr) return unknown_option(shown + " in -" + std::string(body), {});
      if (option->takes == Takes::kFlag) {
        TRY(take(*option, shown, std::nullopt));
        continue;
      }
      std::string_view rest = body.substr(i + 1);
      if (rest.starts_with('=')) rest.remove_prefix(1);
      const bool given = i + 1 < body.size();
      return take(*option, shown, given ? std::optional(rest) : std::nullopt);
    }
    return {};
  }

  Result<void> check_operands() const {
    const Command& c = *current_;
    if (c.run == nullptr) {
      if (&c == &root_) return {};
      return usage("\"podctl " + parsed_.path + "\" needs a command",
                   "see 'podctl " + parsed_.path + " --help'");
    }
    if (parsed_.operands.size() < c.min_operands) {
      return usage("podctl " + parsed_.path + " needs " + std::string(c.operands),
                   "see 'podctl " + parsed_.path + " --help'");
    }
    if (parsed_.operands.size() > c.max_operands) {
      return usage(
          "unexpected argument \"" + parsed_.operands[c.max_operands] + "\"",
          c.dashes ? "put the command after --" : "see 'podctl " + parsed_.path + " --help'");
    }
    if (parsed_.had_dashes && !c.dashes && !parsed_.after_dashes.empty()) {
      return usage("unexpected argument \"" + parsed_.after_dashes[0] + "\" after --");
    }
    return {};
  }

  const Command& root_;
  std::span<const std::string_view> words_;
  const Command* current_ = nullptr;
  std::size_t at_ = 0;
  Parsed parsed_;
};

}  // namespace

std::optional<std::string_view> Parsed::find(std::string_view name) const {
  for (auto it = options.rbegin(); it != options.rend(); ++it) {
    if (it->first->name == name) return it->second;
  }
  return std::nullopt;
}

std::string_view Parsed::get(std::string_view name, std::string_view otherwise) const {
  return find(name).value_or(otherwise);
}

std::vector<std::string_view> Parsed::all(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const auto& [option, value] : options) {
    if (option->name == name) values.emplace_back(value);
  }
  return values;
}

Result<Parsed> parse(const Command& root, std::span<const std::string_view> words) {
  return Parser(root, words).run();
}

}  // namespace podctl::cli

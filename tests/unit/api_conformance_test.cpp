// docs/conformance.md: every field of a Pod, what podctl does with it, and the test that shows it.
//
// What is done is found out (unit/conformance.hpp); what shows it, or why a field is not acted on,
// stands in tests/conformance.txt. `scripts/conformance` writes the document with these tests.
#include <gtest/gtest.h>

#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <sstream>

#include "podctl/api/tree.hpp"
#include "unit/conformance.hpp"

namespace podctl::api::conformance {
namespace {

namespace fs = std::filesystem;
using Is = Outcome::Is;

const fs::path kSource = PODCTL_SOURCE_DIR;

std::string content(const fs::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

// A row of tests/conformance.txt; of these one is set.
struct Row {
  std::vector<std::string> proofs;
  std::string reason;  // why the field has no effect
  std::string idle;    // why there is nothing to do for it
  std::string like;    // a path whose rows also stand for what lies below this one
};

Row row_of(std::string_view text) {
  Row row;
  if (text.starts_with("- ")) {
    row.reason = text.substr(2);
  } else if (text.starts_with("~ ")) {
    row.idle = text.substr(2);
  } else if (text.starts_with("= ")) {
    row.like = text.substr(2);
  } else {
    for (std::size_t at = 0; at <= text.size();) {
      const auto end = std::min(text.find(" | ", at), text.size());
      row.proofs.emplace_back(text.substr(at, end - at));
      at = end + 3;
    }
  }
  return row;
}

const std::map<std::string, Row>& rows() {
  static const auto all = [] {
    std::map<std::string, Row> out;
    std::istringstream in(content(kSource / "tests/conformance.txt"));
    for (std::string line; std::getline(in, line);) {
      if (line.empty() || line[0] == '#') continue;
      const auto space = std::min(line.find(' '), line.size() - 1);
      const bool is_new = out.emplace(line.substr(0, space), row_of(line.substr(space + 1))).second;
      EXPECT_TRUE(is_new) << "two rows for " << line;
    }
    return out;
  }();
  return all;
}

struct Found {
  const Row* row = nullptr;
  std::string key;
  std::string like;  // the path whose row it is, where that is another
};

// The row of a path: its own, or that of the nearest "WHAT.*" above it.
Found find_row(const std::string& path) {
  if (const auto own = rows().find(path); own != rows().end()) return {&own->second, path, ""};
  for (auto dot = path.rfind('.'); dot != std::string::npos && dot > 0;
       dot = path.rfind('.', dot - 1)) {
    const auto found = rows().find(path.substr(0, dot) + ".*");
    if (found == rows().end()) continue;
    const Row& row = found->second;
    if (row.like.empty()) return {&row, found->first, ""};
    const std::string other = row.like + path.substr(dot);
    Found there = find_row(other);
    if (there.like.empty()) there.like = other;
    return there;
  }
  return {};
}

// --- the tests there are ---

// The test that a line begins: "Suite.Name" in C++, "file.bats: name" in bats; else empty.
std::string test_begun_by(std::string_view line, const std::string& file) {
  if (line.starts_with("@test \""))
    return file + ": " + std::string(line.substr(7, line.rfind("\" {") - 7));
  if (!line.starts_with("TEST(") && !line.starts_with("TEST_F(") && !line.starts_with("TEST_P("))
    return {};
  const auto open = line.find('('), comma = line.find(", "), close = line.find(')');
  if (comma == line.npos || close == line.npos) return {};
  return std::string(line.substr(open + 1, comma - open - 1)) + "." +
         std::string(line.substr(comma + 2, close - comma - 2));
}

// The text of the file of each test.
const std::map<std::string, std::shared_ptr<const std::string>>& tests() {
  static const auto all = [] {
    std::map<std::string, std::shared_ptr<const std::string>> out;
    for (const char* rung : {"unit", "root", "security", "fuzz", "e2e"}) {
      for (const auto& entry : fs::directory_iterator(kSource / "tests" / rung)) {
        const auto text = std::make_shared<const std::string>(content(entry.path()));
        for (const auto line : text::split(*text, '\n')) {
          const std::string test = test_begun_by(line, entry.path().filename());
          if (!test.empty()) out.emplace(test, text);
        }
      }
    }
    return out;
  }();
  return all;
}

// As a word: "name" does not stand in "hostname".
bool names(const std::string& text, std::string_view field) {
  const auto in_word = [&](std::size_t at) {
    return at < text.size() && (std::isalnum(static_cast<unsigned char>(text[at])) != 0);
  };
  for (auto at = text.find(field); at != std::string::npos; at = text.find(field, at + 1)) {
    if ((at == 0 || !in_word(at - 1)) && !in_word(at + field.size())) return true;
  }
  return false;
}

// Whether a manifest sets the field that stands at `steps`; in a list: of any element.
bool sets(const Tree& tree, const std::vector<const Field*>& steps, std::size_t i) {
  if (tree.is_list()) {
    return std::ranges::any_of(tree.items, [&](const Tree& x) { return sets(x, steps, i); });
  }
  if (i == steps.size()) return true;
  const Tree* inner = tree.find(steps[i]->name);
  return inner && sets(*inner, steps, i + 1);
}

bool sets(const fs::path& file, const FieldPath& p) {
  const Parsed parsed = parse_documents(content(file));
  return std::ranges::any_of(parsed.documents, [&](const Tree& document) {
    return document.string_at("kind") == "Pod" && sets(document, p.steps, 0);
  });
}

// What is wrong with a proof; empty when it is one.
std::string flaw(const std::string& proof, const FieldPath& p) {
  if (proof.starts_with("manifests/") || proof.starts_with("examples/patterns/")) {
    const bool pattern = proof.starts_with("examples/");
    const fs::path file = kSource / proof / (pattern ? "pod.yaml" : "");
    const fs::path manifest = pattern ? file : kSource / proof;
    if (!fs::exists(manifest)) return "there is no such file";
    if (!pattern && content(manifest).find("\n#: ") == std::string::npos)
      return "it does not say what it becomes";
    return sets(manifest, p) ? "" : "it does not set the field";
  }
  const auto found = tests().find(proof);
  if (found == tests().end()) return "there is no such test";
  // One reads the document itself, and tries all that is said there to be written.
  const bool named = names(*found->second, p.field().name) ||
                     found->second->find("docs/conformance.md") != std::string::npos;
  return named ? "" : "its file does not name the field";
}

// --- the document ---

std::string in_quotes(const std::string& text) { return "`" + text + "`"; }

// What becomes of values that are not the ones acted on; empty where every value is.
std::string of_other_values(const FieldPath& p) {
  std::string other;
  if (const Values* v = values_of(p)) {
    other = v->other;
  } else if (const auto taken = explained_values(p); !taken.empty()) {
    const auto is_taken = [&](std::string_view v) { return std::ranges::count(taken, v) > 0; };
    for (const auto v : p.field().values) {
      if (!is_taken(v)) other = v;
    }
    if (p.field().values.empty())
      other = p.field().kind == Kind::kString ? "x"
              : is_taken("true")              ? "false"
              : p.field().kind == Kind::kBool ? "true"
                                              : "1";
  }
  if (other.empty()) return {};
  const Outcome outcome = outcome_of(p, other);
  if (outcome.is == Is::kActedOn) return {};
  return outcome.is == Is::kRefused ? "; others are refused: " + outcome.why
                                    : "; others have no effect";
}

Outcome of_taken_value(const FieldPath& p) {
  if (const Values* v = values_of(p)) return outcome_of(p, std::string(v->taken));
  const auto taken = explained_values(p);
  return outcome_of(p, taken.empty() ? "" : taken.front());
}

// What lies above `path` and is never written; empty when nothing is.
std::string unwritten_above(const std::string& path) {
  for (auto dot = path.find('.'); dot != std::string::npos; dot = path.find('.', dot + 1)) {
    const Row* row = find_row(path.substr(0, dot)).row;
    if (row && !row->reason.empty()) return path.substr(0, dot);
  }
  return {};
}

struct Line {
  std::string what, proof;
  bool counted_as_acted_on = false, refused = false;
};

// The tests of a row; of a row that is another path's, that path.
std::string shown_by(const Found& found) {
  if (!found.like.empty()) return "as " + in_quotes(found.like);
  std::string out;
  for (const auto& proof : found.row->proofs) out += (out.empty() ? "" : ", ") + in_quotes(proof);
  return out;
}

Line line_of_status(const FieldPath& p) {
  if (const std::string above = unwritten_above(p.path); !above.empty())
    return {"never written: " + in_quotes(above) + " is not", ""};
  const Found found = find_row(p.path);
  if (!found.row) return {};
  if (!found.row->reason.empty()) return {"never written: " + found.row->reason, ""};
  return {"written", shown_by(found), true};
}

Line line_of(const FieldPath& p) {
  if (p.in_status()) return line_of_status(p);
  const Outcome outcome = of_taken_value(p);
  const Found found = find_row(p.path);
  if (outcome.is != Is::kActedOn && outcome.at != p.path) {
    const bool refused = outcome.is == Is::kRefused;
    return {std::string(refused ? "refused: " : "no effect: ") + in_quotes(outcome.at) +
                (refused ? " is" : " has none"),
            "", false, refused};
  }
  if (outcome.is == Is::kRefused) return {"refused: " + outcome.why, "", false, true};
  if (outcome.is == Is::kWarnedOf)
    return {"no effect: " + (found.row ? found.row->reason : ""), ""};
  std::string values;
  for (const auto& v : explained_values(p)) values += (values.empty() ? ": " : ", ") + in_quotes(v);
  values += of_other_values(p);
  if (!found.row) return {"acted on" + values, "", true};
  if (!found.row->idle.empty())
    return {"taken" + values + "; nothing to do: " + found.row->idle, "", true};
  return {"acted on" + values, shown_by(found), true};
}

constexpr std::string_view kHead =
    R"(# What podctl does with each field of a Pod

Written by `scripts/conformance`, not by hand: every path that `podctl explain pod --recursive` walks.

* *acted on*: the pod becomes what the field says; the tests that show it stand beside it.
* *refused*: a pod that sets it is not created, and told why.
* *taken*: accepted without a word, for one machine cannot be otherwise; why stands beside it.
* *no effect*: accepted, and `apply` warns with its path; why it is so stands beside it.
* *written*, *never written*: of the status, which is podctld's.

What is done, and in which words something is refused, was asked of podctl when this was written, and is asked again by each run of `Conformance.*` (`tests/unit/conformance.hpp`); which tests show what is acted on stands in `tests/conformance.txt`. Tests are named as ctest or bats names them; a manifest is run by `e2e.documented`, a pattern by `unit.patterns` and `e2e.patterns`.
)";

// The part of the document that a path belongs to.
std::string section_of(const std::string& path) {
  for (const char* deep : {"spec.volumes", "spec.initContainers", "spec.containers",
                           "spec.ephemeralContainers", "spec.affinity", "spec.securityContext"}) {
    if (within(path, deep)) return deep;
  }
  return path.substr(0, path.find('.'));
}

std::string document() {
  std::map<std::string, std::string> parts;
  std::vector<std::string> order;
  std::size_t acted = 0, refused = 0, all = 0;
  for (const FieldPath& p : every_path()) {
    std::string section = section_of(p.path);
    if (section == "kind" || section == "apiVersion") section = "metadata";
    if (!parts.contains(section)) order.push_back(section);
    const Line line = line_of(p);
    ++all;
    acted += line.counted_as_acted_on ? 1 : 0;
    refused += line.refused ? 1 : 0;
    parts[section] += "| `" + p.path + "` | " + line.what + " | " + line.proof +
                      (line.proof.empty() ? "|\n" : " |\n");
  }
  std::string out(kHead);
  out += "\nOf " + std::to_string(all) + " paths " + std::to_string(acted) +
         " are acted on or written, " + std::to_string(refused) + " refused, " +
         std::to_string(all - acted - refused) + " without effect or never written.\n";
  for (const auto& section : order)
    out += "\n## " + section + "\n| path | what is done | shown by |\n|---|---|---|\n" +
           parts[section];
  return out;
}

// --- the tests ---

TEST(Conformance, EveryFieldHasAProofOrAReason) {
  for (const FieldPath& p : every_path()) {
    const Row* row = find_row(p.path).row;
    if (p.in_status()) {
      EXPECT_TRUE(row || !unwritten_above(p.path).empty())
          << p.path << ": neither a test nor a reason in tests/conformance.txt";
      continue;
    }
    const Outcome outcome = of_taken_value(p);
    const bool acted_on = outcome.is == Is::kActedOn;
    if (acted_on) {
      EXPECT_TRUE(row && row->reason.empty())
          << p.path << ": no test of it in tests/conformance.txt";
    } else if (outcome.is == Is::kWarnedOf && outcome.at == p.path) {
      EXPECT_TRUE(row && !row->reason.empty())
          << p.path << ": no reason in tests/conformance.txt why it has no effect";
    }
    if (outcome.is != Is::kRefused) {
      EXPECT_EQ(acted_on, p.explained_as_supported()) << p.path << ": explain says otherwise";
    }
    EXPECT_FALSE(outcome.why.starts_with("cannot be tried")) << outcome.why;
  }
}

TEST(Conformance, ProofsAreTestsOfTheField) {
  std::set<std::string> paths;
  for (const FieldPath& p : every_path()) paths.insert(p.path);
  for (const FieldPath& p : every_path()) {
    if (!p.in_status() && of_taken_value(p).is != Is::kActedOn) continue;
    const Found found = find_row(p.path);
    if (!found.row || !unwritten_above(p.path).empty()) continue;
    // Of another path the tests are tried there.
    if (!found.like.empty()) {
      EXPECT_TRUE(paths.contains(found.like)) << p.path << ": there is no " << found.like;
      continue;
    }
    for (const std::string& proof : found.row->proofs) {
      EXPECT_EQ(flaw(proof, p), "") << p.path << ": " << proof;
    }
  }
}

// A row without a use would outlive what it says.
TEST(Conformance, EveryRowIsOfAField) {
  std::map<std::string, std::size_t> uses;
  for (const auto& [key, row] : rows()) uses[key] = 0;
  for (const FieldPath& p : every_path()) {
    const Outcome outcome = of_taken_value(p);
    const bool of_itself = p.in_status() || outcome.is == Is::kActedOn ||
                           (outcome.is == Is::kWarnedOf && outcome.at == p.path);
    const Found found = of_itself ? find_row(p.path) : Found{};
    if (!found.row) continue;
    ++uses[found.key];
    if (!p.in_status()) {
      EXPECT_EQ(found.row->reason.empty(), outcome.is == Is::kActedOn)
          << p.path << ": is acted on, and its row says why not";
    }
  }
  for (const auto& [key, count] : uses) {
    if (rows().at(key).like.empty()) {
      EXPECT_GT(count, 0U) << "tests/conformance.txt: " << key << " says nothing of any field";
    }
  }
}

TEST(Conformance, TheDocumentIsWhatTheseTestsSay) {
  const std::string wanted = document();
  if (const char* file = std::getenv("PODCTL_CONFORMANCE_OUT")) {
    std::ofstream(file) << wanted;
    return;
  }
  EXPECT_EQ(content(kSource / "docs/conformance.md"), wanted) << "run scripts/conformance";
}

}  // namespace
}  // namespace podctl::api::conformance

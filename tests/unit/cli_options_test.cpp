// The command table as parser, help, man page and completion.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "podctl/base/text.hpp"
#include "podctl/cli/options.hpp"

namespace podctl::cli {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

Result<Parsed> parse_words(std::string_view line) {
  return parse(root_command(), text::split(line, ' '));
}

TEST(Options, GlobalOnesStandAnywhere) {
  auto p = parse_words("-n other get pods --root /x -o wide web");
  ASSERT_TRUE(p);
  EXPECT_EQ(p->path, "get");
  EXPECT_EQ(p->get("namespace"), "other");
  EXPECT_EQ(p->get("root"), "/x");
  EXPECT_EQ(p->get("output"), "wide");
  EXPECT_THAT(p->operands, ElementsAre("pods", "web"));
}

TEST(Options, LettersClusterAndTakeValuesInEveryForm) {
  auto p = parse_words("exec -itcmain web -- sh -c x");
  ASSERT_TRUE(p);
  EXPECT_TRUE(p->flag("stdin"));
  EXPECT_TRUE(p->flag("tty"));
  EXPECT_EQ(p->get("container"), "main");
  EXPECT_THAT(p->after_dashes, ElementsAre("sh", "-c", "x"));
  EXPECT_EQ(parse_words("get pods -ojson")->get("output"), "json");
  EXPECT_EQ(parse_words("get pods -o=json")->get("output"), "json");
  EXPECT_EQ(parse_words("apply -f -")->get("filename"), "-");
  EXPECT_EQ(parse_words("logs web --tail=-1")->get("tail"), "-1");
  EXPECT_EQ(parse_words("logs web --tail -1")->get("tail"), "-1");
}

TEST(Options, OptionalValues) {
  EXPECT_EQ(parse_words("apply -f x --dry-run")->get("dry-run"), "client");
  EXPECT_EQ(parse_words("apply -f x --dry-run=server")->get("dry-run"), "server");
  EXPECT_EQ(parse_words("apply -f x --wait")->get("wait"), "Ready");
  EXPECT_EQ(parse_words("delete pod x --wait=false")->get("wait"), "false");
}

TEST(Options, ASlipIsNamed) {
  EXPECT_EQ(parse_words("aply -f x").error().message(),
            "unknown command \"aply\": did you mean \"apply\"?");
  EXPECT_EQ(parse_words("logs web --tial 3").error().message(),
            "unknown flag: --tial: did you mean \"--tail\"?");
  EXPECT_THAT(parse_words("image lss").error().message(),
              HasSubstr("unknown command \"lss\" for \"podctl image\""));
}

TEST(Options, WrongUseIsRefused) {
  EXPECT_EQ(parse_words("get pods -o bogus").error().code, Code::kInvalidArgument);
  EXPECT_TRUE(parse_words("get pods -o jsonpath={.x}"));
  EXPECT_FALSE(parse_words("get pods --watch=maybe"));
  EXPECT_FALSE(parse_words("get pods -o"));
  EXPECT_THAT(parse_words("exec web ls").error().message(), HasSubstr("after --"));
  EXPECT_FALSE(parse_words("describe"));
  EXPECT_FALSE(parse_words("image"));
  EXPECT_FALSE(parse_words("get pods -- x"));
}

TEST(Options, EveryCommandHasHelpAndAPlaceInTheManPage) {
  const std::string man = man_page(root_command(), "1");
  for (const Command& c : root_command().children) {
    if (c.hidden) continue;
    EXPECT_THAT(help_text(root_command(), c, c.name),
                HasSubstr("Usage:\n  podctl " + std::string(c.name)));
    std::string name(c.name);
    if (const auto dash = name.find('-'); dash != std::string::npos) name.insert(dash, "\\");
    EXPECT_THAT(man, HasSubstr("podctl " + name));
  }
  EXPECT_THAT(man, HasSubstr("\\fB\\-f, \\-\\-filename FILE\\fR"));
}

std::vector<std::string> completed(std::string_view line) {
  return complete(root_command(), text::split(line, ' ')).words;
}

TEST(Completion, CommandsOptionsAndChoices) {
  EXPECT_THAT(completed(""), Contains("apply"));
  EXPECT_THAT(completed("image "), ElementsAre("import", "load", "ls", "rm", "inspect"));
  EXPECT_THAT(completed("logs --"), Contains("--tail="));
  EXPECT_THAT(completed("get pods -o "), Contains("json"));
  EXPECT_THAT(completed("get pods --output=js"), Contains("--output=json"));
  EXPECT_THAT(completed("completion "), ElementsAre("bash", "zsh", "fish"));
  EXPECT_EQ(complete(root_command(), text::split("get pods ", ' ')).dynamic, Completes::kName);
  EXPECT_EQ(complete(root_command(), text::split("get ", ' ')).dynamic, Completes::kResource);
  for (auto line : {"describe ", "delete ", "wait "})
    EXPECT_EQ(complete(root_command(), text::split(line, ' ')).dynamic, Completes::kPodType);
  EXPECT_EQ(complete(root_command(), text::split("describe pod ", ' ')).dynamic, Completes::kName);
  EXPECT_EQ(complete(root_command(), text::split("exec web -c ", ' ')).dynamic,
            Completes::kContainer);
  EXPECT_EQ(complete(root_command(), text::split("apply -f ", ' ')).dynamic, Completes::kFile);
}

TEST(Completion, EveryShellHasAScript) {
  for (auto shell : {"bash", "zsh", "fish"}) EXPECT_TRUE(completion_script(shell)) << shell;
  EXPECT_FALSE(completion_script("sh"));
}

}  // namespace
}  // namespace podctl::cli

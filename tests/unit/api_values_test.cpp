// Quantities, times, selectors and JSONPath, as tables.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <map>
#include <string>

#include "podctl/api/jsonpath.hpp"
#include "podctl/api/quantity.hpp"
#include "podctl/api/selector.hpp"
#include "podctl/api/time.hpp"

namespace podctl::api {
namespace {

TEST(ApiQuantity, Canonical) {
  struct {
    const char *text, *canonical;
    std::int64_t value, milli;
  } cases[] = {
      {"0", "0", 0, 0},
      {"1", "1", 1, 1000},
      {"0.5", "500m", 1, 500},
      {"100m", "100m", 1, 100},
      {"1000m", "1", 1, 1000},
      {"1500m", "1500m", 2, 1500},
      {"64Mi", "64Mi", 67108864, 67108864000},
      {"1024Ki", "1Mi", 1048576, 1048576000},
      {"1.5Gi", "1536Mi", 1610612736, 1610612736000},
      {"1e3", "1e3", 1000, 1000000},
      {"1000", "1k", 1000, 1000000},
      {"1536", "1536", 1536, 1536000},
      {"1n", "1n", 1, 1},
      {"0.1n", "1n", 1, 1},
      {"-100m", "-100m", -1, -100},
      {"512Ki", "512Ki", 524288, 524288000},
      {"1Ki", "1Ki", 1024, 1024000},
      {"0.5Ki", "512", 512, 512000},
  };
  for (const auto& c : cases) {
    auto q = Quantity::parse(c.text);
    ASSERT_TRUE(q) << c.text;
    EXPECT_EQ(q->str(), c.canonical) << c.text;
    EXPECT_EQ(q->value(), c.value) << c.text;
    EXPECT_EQ(q->milli_value(), c.milli) << c.text;
  }
}

// Many units and a few nano are more than 64 bits hold.
TEST(ApiQuantity, LargeAndFineIsWrittenWhole) {
  for (const auto& [text, canonical] :
       std::map<std::string, std::string>{{"10000000000.000000001", "10000000000000000001n"},
                                          {"-10000000000.000000001", "-10000000000000000001n"},
                                          {"9223372036854775807.5n", "9223372036854775808n"},
                                          {"9223372036854775807E", "9223372036854775807"}}) {
    const auto q = Quantity::parse(text);
    ASSERT_TRUE(q) << text;
    EXPECT_EQ(q->str(), canonical);
    EXPECT_EQ(*Quantity::parse(q->str()), *q) << text;
  }
}

TEST(ApiQuantity, Refused) {
  for (const char* text :
       {"", "x", "1x", "1.2.3", "--1", "1 Mi", "Mi", "1Kii", "1e", "1e99999", ".", "1ki"}) {
    EXPECT_FALSE(Quantity::parse(text)) << text;
  }
}

TEST(ApiQuantity, AddsAndCompares) {
  Quantity sum;
  sum.add(*Quantity::parse("64Mi"));
  sum.add(*Quantity::parse("1Gi"));
  EXPECT_EQ(sum.str(), "1088Mi");
  EXPECT_LT(*Quantity::parse("100m"), *Quantity::parse("1"));
  EXPECT_EQ(*Quantity::parse("1000m"), *Quantity::parse("1"));
  EXPECT_EQ(Quantity::parse("1e30")->value(), 9223372036854775807);
}

TEST(ApiTime, RoundTrip) {
  struct {
    const char *text, *out;
    std::int64_t seconds;
  } cases[] = {{"1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z", 0},
               {"2026-07-01T10:00:00Z", "2026-07-01T10:00:00Z", 1782900000},
               {"2026-07-01T12:00:00+02:00", "2026-07-01T10:00:00Z", 1782900000},
               {"2024-02-29T23:59:59.5Z", "2024-02-29T23:59:59Z", 1709251199}};
  for (const auto& c : cases) {
    auto t = Time::parse(c.text);
    ASSERT_TRUE(t) << c.text;
    EXPECT_EQ(t->seconds(), c.seconds) << c.text;
    EXPECT_EQ(t->str(), c.out);
  }
  for (const char* bad :
       {"", "2026-07-01", "2025-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-07-01T10:00:00"}) {
    EXPECT_FALSE(Time::parse(bad)) << bad;
  }
}

TEST(ApiSelector, Labels) {
  const std::map<std::string, std::string> labels = {{"app", "web"}, {"n", "3"}, {"x.io/y", ""}};
  struct {
    const char* text;
    bool matches;
  } cases[] = {{"", true},
               {"app=web", true},
               {"app==web", true},
               {"app=db", false},
               {"app!=db", true},
               {"none!=x", true},
               {"app in (db, web)", true},
               {"app notin (web)", false},
               {"none notin (a)", true},
               {"app", true},
               {"!app", false},
               {"!none,app=web", true},
               {"n>2", true},
               {"n<3", false},
               {"x.io/y=", true},
               {"app = web , n", true}};
  for (const auto& c : cases) {
    auto s = LabelSelectorExpr::parse(c.text);
    ASSERT_TRUE(s) << c.text << ": " << s.error().message();
    EXPECT_EQ(s->matches(labels), c.matches) << c.text;
  }
  for (const char* bad :
       {",", "a,", "a=b,,c", "a in b", "a in (b", "=b", "a b", "n>x", "a=b c", "-a"}) {
    EXPECT_FALSE(LabelSelectorExpr::parse(bad)) << bad;
  }
}

TEST(ApiSelector, Fields) {
  const std::vector<std::string_view> known = {"metadata.name", "status.phase"};
  auto s = FieldSelectorExpr::parse("metadata.name=web,status.phase!=Running", known);
  ASSERT_TRUE(s);
  EXPECT_TRUE(s->matches({{"metadata.name", "web"}, {"status.phase", "Pending"}}));
  EXPECT_FALSE(s->matches({{"metadata.name", "web"}, {"status.phase", "Running"}}));
  EXPECT_EQ(*s->required("metadata.name"), "web");
  EXPECT_FALSE(FieldSelectorExpr::parse("spec.foo=x", known));
  EXPECT_FALSE(FieldSelectorExpr::parse("metadata.name", known));
}

TEST(ApiJsonPath, Templates) {
  const auto root = boost::json::parse(R"({"kind":"List","items":[
    {"name":"a","n":1,"t":["x","y","z"],"m":{"k.d":"dot"}},
    {"name":"b","n":2,"t":[],"ready":true}]})");
  struct {
    const char *text, *out;
  } cases[] = {{"{.kind}", "List"},
               {"{$.kind}", "List"},
               {"kind: {.kind}!", "kind: List!"},
               {"{.items[*].name}", "a b"},
               {"{.items[0].name}", "a"},
               {"{.items[-1].name}", "b"},
               {"{.items[0].t[1:]}", "y z"},
               {"{.items[0].t[0:3:2]}", "x z"},
               {"{.items[0].t[0,2]}", "x z"},
               {"{.items[0]['name','n']}", "a 1"},
               {"{.items[0].m.k\\.d}", "dot"},
               {"{.items[0].m['k.d']}", "dot"},
               {"{..name}", "a b"},
               {"{.items[?(@.name==\"b\")].n}", "2"},
               {"{.items[?(@.n>1)].name}", "b"},
               {"{.items[?(@.ready)].name}", "b"},
               {"{.items[?(@.ready==true)].name}", "b"},
               {"{range .items[*]}{.name}={.n}{\"\\n\"}{end}", "a=1\nb=2\n"},
               {"{range .items[*]}{range .t[*]}{@},{end};{end}", "x,y,z,;;"},
               {"{.items[0].t}", "[\"x\",\"y\",\"z\"]"},
               {"{.missing}", ""},
               {"{'q'}", "q"}};
  for (const auto& c : cases) {
    auto p = JsonPath::parse(c.text);
    ASSERT_TRUE(p) << c.text << ": " << p.error().message();
    auto out = p->print(root);
    ASSERT_TRUE(out) << c.text;
    EXPECT_EQ(*out, c.out) << c.text;
  }
  EXPECT_FALSE(JsonPath::parse("{.missing}")->print(root, false));
  for (const char* bad : {"{", "{.a", "{.a[}", "{.a[?(@.b==)]}", "{\"x}", "{.a[0:1:0]}"}) {
    EXPECT_FALSE(JsonPath::parse(bad)) << bad;
  }
  // Without {end} the rest is gone through once more, outside of the range.
  EXPECT_EQ(*JsonPath::parse("{range .items[*]}{.name}")->print(root), "ab");
  struct {
    const char *text, *why;
  } refused[] = {{"{.items[2].name}", "array index out of bounds: index 2, length 2"},
                 {"{.items[5:]}", "array index out of bounds: index 5, length 2"},
                 {"{.items[0:3]}", "array index out of bounds: index 2, length 2"},
                 {"{.kind[0]}", "string is not array or slice"},
                 {"{.items[0].m[0]}", "map[string]interface {} is not array or slice"}};
  for (const auto& c : refused) {
    const auto out = JsonPath::parse(c.text)->print(root);
    ASSERT_FALSE(out) << c.text;
    EXPECT_NE(out.error().message().find(c.why), std::string::npos) << out.error().message();
  }
}

}  // namespace
}  // namespace podctl::api

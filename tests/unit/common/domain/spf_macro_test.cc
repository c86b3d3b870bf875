#include "common/domain/spf_macro.h"

#include <gtest/gtest.h>

namespace postwatch {
namespace {

// RFC 7208 section 7.4.
SpfMacroValues Values() {
  SpfMacroValues values;
  values.sender = "strong-bad@email.example.com";
  values.domain = "email.example.com";
  values.ip = "192.0.2.3";
  values.helo = "mx.example.org";
  return values;
}

std::string Expand(std::string_view spec) { return ExpandSpfMacros(spec, Values()); }

TEST(SpfMacros, ExpandAsInTheRfc) {
  EXPECT_EQ(Expand("%{s}"), "strong-bad@email.example.com");
  EXPECT_EQ(Expand("%{o}"), "email.example.com");
  EXPECT_EQ(Expand("%{d4}"), "email.example.com");
  EXPECT_EQ(Expand("%{d2}"), "example.com");
  EXPECT_EQ(Expand("%{d1}"), "com");
  EXPECT_EQ(Expand("%{dr}"), "com.example.email");
  EXPECT_EQ(Expand("%{d2r}"), "example.email");
  EXPECT_EQ(Expand("%{l}"), "strong-bad");
  EXPECT_EQ(Expand("%{l-}"), "strong.bad");
  EXPECT_EQ(Expand("%{lr-}"), "bad.strong");
  EXPECT_EQ(Expand("%{l1r-}"), "strong");
  EXPECT_EQ(Expand("%{ir}.%{v}._spf.%{d2}"), "3.2.0.192.in-addr._spf.example.com");
  EXPECT_EQ(Expand("%{lr-}.lp.%{ir}.%{v}._spf.%{d2}"),
            "bad.strong.lp.3.2.0.192.in-addr._spf.example.com");
  EXPECT_EQ(Expand("%{p}.%{h}"), "unknown.mx.example.org");
  EXPECT_EQ(Expand("a%%b%_c%-d"), "a%b c%20d");
  EXPECT_EQ(Expand("%{S}"), "strong-bad%40email.example.com");
}

TEST(SpfMacros, ExpandIpv6ToNibbles) {
  SpfMacroValues values = Values();
  values.ip = "2001:db8::cb01";
  EXPECT_EQ(ExpandSpfMacros("%{ir}.%{v}._spf.%{d2}", values),
            "1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6._spf.example.com");
}

TEST(SpfMacros, ALongNameLosesLabelsOnTheLeft) {
  std::string spec;
  for (int i = 0; i < 30; ++i) spec += "123456789.";
  spec += "example.com";
  const std::string name = Expand(spec);
  EXPECT_EQ(name.size(), 251u);
  EXPECT_TRUE(name.starts_with("123456789.")) << name;
}

TEST(SpfMacros, SayWhatIsWrong) {
  EXPECT_EQ(SpfDomainSpecMistake("_spf.alpha.test"), "");
  EXPECT_EQ(SpfDomainSpecMistake("alpha.test."), "");
  EXPECT_EQ(SpfDomainSpecMistake("%{d2}"), "");
  EXPECT_EQ(SpfDomainSpecMistake("alpha.%{d}x"), "'alpha.%{d}x' is not a domain name");
  EXPECT_EQ(SpfDomainSpecMistake("alpha.1"), "'alpha.1' is not a domain name");
  EXPECT_EQ(SpfDomainSpecMistake("alpha.-t"), "'alpha.-t' is not a domain name");
  EXPECT_EQ(SpfDomainSpecMistake("%{d0}"), "'%{d0}' starts with no macro");
  EXPECT_EQ(SpfDomainSpecMistake("%{c}.test"), "'%{c}.test' starts with no macro");
  EXPECT_EQ(SpfDomainSpecMistake("a%b.test"), "'%b.test' starts with no macro");
  EXPECT_EQ(SpfDomainSpecMistake("%"), "'%' starts with no macro");
  EXPECT_EQ(SpfDomainSpecMistake("\xc3\xa4.test"), "a character that is not visible ASCII");
  EXPECT_EQ(SpfMacroStringMistake(""), "");
}

TEST(SpfMacros, TellWhatDependsOnTheSender) {
  EXPECT_FALSE(DependsOnSender("_spf.%{d2}%%"));
  EXPECT_TRUE(DependsOnSender("%{d}.%{i}"));
  EXPECT_TRUE(DependsOnSender("%{L}.test"));
  EXPECT_TRUE(NamesValidated("%{p}.test"));
  EXPECT_FALSE(NamesValidated("%{d}p.test"));
}

}  // namespace
}  // namespace postwatch

#include <set>

#include "tests/support/probe_fixture.h"

namespace postwatch::agent {
namespace {

TEST(BuiltinProbesTest, NamesAreUniqueAndExplained) {
  std::set<std::string_view> names;
  for (const ProbeKind& kind : BuiltinProbes()) {
    EXPECT_TRUE(names.insert(kind.name).second) << kind.name;
    EXPECT_FALSE(kind.meaning.empty());
  }
  EXPECT_EQ(names, (std::set<std::string_view>{"witness", "dns.mx", "smtp.mx", "smtp.submit",
                                               "imap.access", "roundtrip"}));
}

class BuiltinProbesRefusalTest : public ProbeFixture {};

TEST_F(BuiltinProbesRefusalTest, AnUnknownKindNamesTheKnownOnes) {
  EXPECT_EQ(Refusal(Spec("smtp.mxx", Keys({}))),
            "check alpha.test/smtp.mxx: there is no check kind 'smtp.mxx'; there are: witness, "
            "dns.mx, smtp.mx, smtp.submit, imap.access, roundtrip");
}

TEST_F(BuiltinProbesRefusalTest, EveryKindRefusesAKeyNobodyReads) {
  for (const ProbeKind& kind : BuiltinProbes()) {
    const std::string text = Refusal(Spec(std::string(kind.name), Keys({{"no_such", Text("1")}})));
    EXPECT_NE(text.find("no_such: is not a known key"), text.npos) << kind.name << ": " << text;
  }
}

}  // namespace
}  // namespace postwatch::agent

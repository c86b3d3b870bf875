#include <gmock/gmock.h>

#include "common/base/text.h"
#include "common/checks/check_kinds.h"
#include "tests/support/probe_fixture.h"

namespace postwatch::agent {
namespace {

TEST(BuiltinProbesTest, EveryKindOfCheckHasItsProbe) {
  std::vector<std::string_view> kinds, probes;
  for (const CheckKind& kind : CheckKinds()) kinds.push_back(kind.name);
  for (const ProbeKind& probe : BuiltinProbes()) probes.push_back(probe.name);
  EXPECT_THAT(probes, testing::ElementsAreArray(kinds));
}

class BuiltinProbesRefusalTest : public ProbeFixture {};

TEST_F(BuiltinProbesRefusalTest, AnUnknownKindNamesTheKnownOnes) {
  std::vector<std::string_view> names;
  for (const ProbeKind& probe : BuiltinProbes()) names.push_back(probe.name);
  EXPECT_EQ(Refusal(Spec("smtp.mxx", Keys({}))),
            Concat("check alpha.test/smtp.mxx: there is no check kind 'smtp.mxx'; there are: ",
                   Join(names, ", ")));
}

// A probe is made of what the kind's own reader takes, and refused with its words.
TEST_F(BuiltinProbesRefusalTest, EveryProbeReadsTheSettingsOfItsKind) {
  for (const CheckKind& kind : CheckKinds()) {
    const CheckSpec spec = Spec(std::string(kind.name), Keys({{"no_such", Text("1")}}));
    Mistakes mistakes;
    kind.validate(spec, mistakes);
    EXPECT_FALSE(mistakes.empty()) << kind.name;
    EXPECT_EQ(Refusal(spec), mistakes.ToStatus().message()) << kind.name;
  }
}

}  // namespace
}  // namespace postwatch::agent

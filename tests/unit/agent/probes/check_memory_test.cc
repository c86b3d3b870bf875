#include "agent/probes/check_memory.h"

#include <gmock/gmock.h>

#include "tests/support/probe_fixture.h"

namespace postwatch::agent {
namespace {

using testing::HasSubstr;

class CheckMemoryTest : public ProbeFixture {
 protected:
  const CheckSpec spec_ = Spec("imap.quota", Keys({}));
  const ProbeDeps deps_ = Deps();
  StepRecorder run_{spec_, clock_};
  const RunContext context_{deps_, spec_, run_};
};

TEST_F(CheckMemoryTest, IsTheChecksOwn) {
  KeepNote(context_, "k", "text");
  EXPECT_EQ(RecallNote(context_, "k"), "text");
  CheckSpec other = spec_;
  other.id = "beta.test/imap.quota";
  EXPECT_EQ(RecallNote({deps_, other, run_}, "k"), "");
  KeepNote(context_, "k", "");
  EXPECT_EQ(RecallNote(context_, "k"), "");
  EXPECT_EQ(AllText(run_.Finish()).find("cannot"), std::string::npos);
}

TEST_F(CheckMemoryTest, ALedgerThatFailsIsNoted) {
  ledger_.FailWith(absl::UnavailableError("disk full"));
  KeepNote(context_, "k", "text");
  EXPECT_EQ(RecallNote(context_, "k"), "");
  const std::string text = AllText(run_.Finish());
  EXPECT_THAT(text, HasSubstr("cannot be kept for after a restart: disk full"));
  EXPECT_THAT(text, HasSubstr("kept before a restart cannot be read: disk full"));
}

}  // namespace
}  // namespace postwatch::agent

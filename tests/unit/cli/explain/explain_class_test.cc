#include "cli/explain/explain_class.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/advice/advice.h"
#include "common/base/text.h"
#include "common/checks/check_kinds.h"

namespace postwatch::cli {
namespace {

TEST(ExplainClass, SaysWhatItMeansWhoseFaultItIsAndWhatToDo) {
  EXPECT_EQ(
      ExplainClass(FailureClass::kSmtpMailboxFullTemp),
      Concat("smtp_mailbox_full_temp: ", FailureClassMeaning(FailureClass::kSmtpMailboxFullTemp),
             ".\n"
             "\n"
             "whose fault   the domain's or the account's own: its settings, credentials or "
             "content.\n"
             "what happens  Senders keep the mail and try again for hours or days, then "
             "return it.\n"
             "what to do    Free space in the mailbox or raise its quota.\n"
             "shows up      in smtp.mx, smtp.submit, roundtrip; `postwatch check` counts it "
             "as a warning\n"
             "              beside other results, and as critical when a check fails of "
             "it.\n"));
}

TEST(ExplainClass, EachHasItsMeaningAndAdvice) {
  for (const FailureClassEntry& entry : AllFailureClasses()) {
    const std::string text = ExplainClass(entry.klass);
    EXPECT_TRUE(text.starts_with(Concat(entry.name, ": "))) << text;
    EXPECT_NE(text.find("\nwhat to do    "), text.npos) << text;
    for (const std::string_view line : Split(text, '\n')) EXPECT_LE(line.size(), 100u) << line;
  }
}

TEST(KindsThatReport, AreKindsThatThereAre) {
  for (const FailureClassEntry& entry : AllFailureClasses()) {
    for (const std::string_view kind : KindsThatReport(entry.klass)) {
      EXPECT_NE(FindCheckKind(kind), nullptr) << entry.name;
    }
  }
  EXPECT_THAT(KindsThatReport(FailureClass::kAgentClockBad), testing::ElementsAre("witness"));
  EXPECT_THAT(KindsThatReport(FailureClass::kDeliveryLost), testing::ElementsAre("roundtrip"));
  EXPECT_THAT(KindsThatReport(FailureClass::kDnsMxCname),
              testing::ElementsAre("dns.mx", "smtp.mx"));
}

TEST(ExplainKind, SaysWhatItTestsAndReports) {
  const std::string text = ExplainKind("imap.access");
  EXPECT_TRUE(text.starts_with("imap.access checks that the account can log in and read its mail."))
      << text;
  EXPECT_NE(text.find("\nneeds         a mailbox.\n"), text.npos) << text;
  EXPECT_NE(text.find("imap_auth_failed"), text.npos) << text;
  EXPECT_EQ(ExplainKind("telepathy"), "");
}

}  // namespace
}  // namespace postwatch::cli

#include "collector/alert/alert_text.h"

#include <gtest/gtest.h>

#include "common/base/text.h"
#include "tests/support/incident_samples.h"

namespace postwatch::collector {
namespace {

TEST(AlertTitle, SaysWhatWhereAndHowBad) {
  EXPECT_EQ(AlertTitle(AlertOf(AccessOutage(), AlertEvent::kOpened)),
            "[SEV2] alpha.test access: tcp_refused, 2/3 regions");
}

TEST(AlertTitle, SaysWhatHappened) {
  const auto title = [](AlertEvent event) { return AlertTitle(AlertOf(AccessOutage(), event)); };
  EXPECT_EQ(title(AlertEvent::kChanged),
            "[SEV2] changed: alpha.test access: tcp_refused, 2/3 regions");
  EXPECT_EQ(title(AlertEvent::kReminder),
            "[SEV2] still: alpha.test access: tcp_refused, 2/3 regions");
  EXPECT_EQ(title(AlertEvent::kResolved),
            "[SEV2] resolved: alpha.test access: tcp_refused, 2/3 regions");
}

TEST(AlertTitle, NamesTheProviderOfManyTargetsAndElseTheComponent) {
  Incident incident = AccessOutage();
  incident.verdict.targets = {"alpha.test", "beta.test"};
  EXPECT_EQ(AlertTitle(AlertOf(incident, AlertEvent::kOpened)),
            "[SEV2] alpha access: tcp_refused, 2/3 regions");
  incident.verdict = {.component = {"agent", "eu-1"}, .klass = FailureClass::kAgentNoNetwork};
  EXPECT_EQ(AlertTitle(AlertOf(incident, AlertEvent::kOpened)),
            "[SEV4] agent:eu-1 control: agent_no_network");
}

TEST(AlertTitle, FitsAPagerAndIsOneLine) {
  Incident incident = AccessOutage();
  incident.verdict.targets = {Concat(std::string(100, 'a'), "\u20ac\u20ac\u20ac\u20ac")};
  const std::string title = AlertTitle(AlertOf(incident, AlertEvent::kOpened));
  EXPECT_EQ(title, Concat("[SEV2] ", std::string(100, 'a'), "\u20ac"));
  EXPECT_EQ(title.size(), 110u);
  incident.verdict.targets = {"a\r\n[SEV1] forged\x1b[2J"};
  EXPECT_EQ(AlertTitle(AlertOf(incident, AlertEvent::kOpened)),
            "[SEV2] a  [SEV1] forged [2J access: tcp_refused, 2/3 regions");
}

TEST(ScopeLine, HasOneWordARegion) {
  Verdict verdict;
  EXPECT_EQ(ScopeLine(verdict), "");
  verdict.scope = {
      {"ap", 0, 3, 0}, {"eu", 2, 0, 1}, {"in", 0, 0, 2}, {"sa", 0, 0, 0}, {"us", 1, 1, 0}};
  EXPECT_EQ(ScopeLine(verdict), "ap ok, eu FAIL, in masked, sa unknown, us part");
}

TEST(AlertBody, SaysWhatAPersonNeeds) {
  EXPECT_EQ(AlertBody(AlertOf(AccessOutage(), AlertEvent::kOpened)),
            "IMAP of alpha refuses connections in eu and us.\n"
            "Blamed: svc:alpha/imap (real, 90 % sure): the host answered SYN with RST: nothing "
            "listens, or a firewall rejects.\n"
            "Or: site:198.51.100.7 (8 %); told apart by imap.access from eu over IPv6.\n"
            "Regions: ap ok, eu FAIL, us part.\n"
            "Since: 2026-11-02 11:59:18 UTC.\n"
            "Mail is accepted and safe; it cannot be read.\n"
            "Reported: * BYE overloaded\n"
            "Incident inc-0123456789ab.\n");
}

TEST(AlertBody, OfAResolvedOneSpeaksOfThePast) {
  const std::string body = AlertBody(AlertOf(ResolvedOutage(), AlertEvent::kResolved));
  EXPECT_NE(body.find("Since: 2026-11-02 11:59:18 UTC, ended 12:04:30 UTC after 5m12s.\n"
                      "Mail was accepted and safe; it could not be read.\n"),
            body.npos)
      << body;
  Incident incident = ResolvedOutage();
  incident.verdict.mail_loss = MailLoss::kRejected;
  const std::string rejected = AlertBody(AlertOf(incident, AlertEvent::kResolved));
  EXPECT_NE(rejected.find("\nMail was REJECTED for good meanwhile: senders got it back and "
                          "must send again.\n"),
            rejected.npos)
      << rejected;
}

TEST(AlertBody, SaysOfUnreadableMailThatItCannotBeRead) {
  Incident incident = AccessOutage();
  incident.verdict.mail_loss = MailLoss::kNone;
  const std::string body = AlertBody(AlertOf(incident, AlertEvent::kOpened));
  const std::string loss = "New mail is accepted and kept; people cannot read it until this ends.";
  EXPECT_NE(body.find(Concat("\n", loss, "\n")), body.npos) << body;
  // Once is enough.
  incident.verdict.explanation = Concat("IMAP fails. ", loss);
  const std::string once = AlertBody(AlertOf(incident, AlertEvent::kOpened));
  EXPECT_EQ(once.find(loss), once.rfind(loss)) << once;
}

TEST(AlertBody, CountsTheTargetsThatItDoesNotName) {
  Incident incident = AccessOutage();
  incident.verdict.targets = {"alpha.test", "beta.test"};
  incident.verdict.targets_hit = 452;
  const std::string body = AlertBody(AlertOf(incident, AlertEvent::kOpened));
  EXPECT_NE(body.find("\nAffected: alpha.test, beta.test and 450 more.\nSince: "), body.npos)
      << body;
}

TEST(AlertBody, LeavesOutWhatThereIsNot) {
  Incident incident = AccessOutage();
  incident.verdict.scope.clear();
  incident.verdict.alternatives = {{{"mx", "mx1.alpha.test"}, 0.2, ""}};
  incident.verdict.evidence.replies.clear();
  const std::string body = AlertBody(AlertOf(incident, AlertEvent::kOpened));
  EXPECT_NE(body.find("\nOr: mx:mx1.alpha.test (20 %).\nSince: "), body.npos) << body;
  EXPECT_EQ(body.find("Reported"), body.npos);
}

TEST(AlertBody, AServerCannotWriteLinesOfItsOwn) {
  Incident incident = AccessOutage();
  incident.verdict.evidence.replies = {"550 no\r\nIncident inc-1 is resolved.\x1b[1m"};
  incident.verdict.evidence.replies.push_back(Concat(std::string(199, 'x'), "\u20ac"));
  const std::string body = AlertBody(AlertOf(incident, AlertEvent::kOpened));
  EXPECT_NE(body.find("\nReported: 550 no  Incident inc-1 is resolved. [1m\n"
                      "Reported: " +
                      std::string(199, 'x') + "\nIncident inc-0123456789ab.\n"),
            body.npos)
      << body;
  incident.verdict.component = {"mx", "mx1\nReported: 250 ok"};
  EXPECT_EQ(AlertBody(AlertOf(incident, AlertEvent::kOpened)).find("\nReported: 250 ok"),
            std::string::npos);
}

}  // namespace
}  // namespace postwatch::collector

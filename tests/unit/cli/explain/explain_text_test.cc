#include "cli/explain/explain_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/paragraphs.h"
#include "common/base/text.h"
#include "tests/support/incident_samples.h"

namespace postwatch::cli {
namespace {

using collector::AccessOutage;
using collector::Incident;
using collector::Noon;
using collector::ResolvedOutage;
using collector::Verdict;
using collector::VerdictLevel;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::string Explain(const Incident& incident) {
  return ExplainIncident(incident, Noon() + absl::Seconds(300));
}

// What stands under the heading.
std::string Section(const std::string& text, std::string_view heading) {
  const size_t start = text.find(Concat("\n", heading, "\n"));
  if (start == text.npos) return "";
  const size_t begin = start + heading.size() + 2, end = text.find("\n\n", begin);
  return text.substr(begin, end == text.npos ? end : end + 1 - begin);
}

TEST(ExplainIncident, TheAnswerComesFirst) {
  EXPECT_THAT(
      Explain(AccessOutage()),
      StartsWith("It is the provider: IMAP at alpha, tcp_refused (access).\n"
                 "OPEN for 5 min 42 s, since 2026-11-02 11:59:18 UTC. Paged as sev2 (error).\n"
                 "\n"
                 "IMAP of alpha refuses connections in eu and us.\n"
                 "\n"
                 "  incident   inc-0123456789ab, open\n"
                 "  blamed     svc:alpha/imap, 90 % sure; level real, sev2, leg access\n"
                 "  affected   alpha.test (provider alpha)\n"
                 "  since      2026-11-02 11:59:18 UTC, decided after 42 s\n"));
}

TEST(ExplainIncident, WhatWasSeen) {
  EXPECT_EQ(Section(Explain(AccessOutage()), "WHAT WAS SEEN"),
            "  region  failing  well  masked\n"
            "  ap            0     1       0  well\n"
            "  eu            2     0       0  FAILING\n"
            "  us            1     1       0  failing in part\n");
  EXPECT_THAT(
      Explain(AccessOutage()),
      HasSubstr("  7 failures and 3 passes of runs that depend on it. Failing at 3 agents (eu-1, "
                "eu-2, us-1) on 2\n"
                "  networks (AS64500, AS64501).\n"
                "      6 x tcp_refused: the host answered SYN with RST: nothing listens, or a "
                "firewall rejects\n"
                "      1 x tcp_timeout: no answer to SYN: filter, routing, overload\n"
                "  Masked: the view of these agents does not count, as they are silent or their "
                "own control\n"
                "  checks fail:\n"
                "    sa-1: silent\n"
                "  reported: \"* BYE overloaded\"\n"
                "  observations: 00000000000000000000000000000001\n"));
}

TEST(ExplainIncident, AlternativesMailAdviceAndHistory) {
  const std::string text = Explain(AccessOutage());
  EXPECT_EQ(Section(text, "WHAT ELSE IT COULD BE"),
            "  1. Front end 198.51.100.7 (site:198.51.100.7), 8 %.\n"
            "     Would decide: imap.access from eu over IPv6.\n");
  EXPECT_EQ(Section(text, "WHAT HAPPENS TO MAIL"),
            "  Mail is accepted and safe; it cannot be read.\n");
  EXPECT_EQ(Section(text, "WHAT TO DO"),
            "  - Whoever runs IMAP at alpha acts. If that is not you, tell provider alpha the "
            "failure class,\n"
            "    the times, what was reported and from where it fails.\n"
            "  - Start the service, or open the port: the host answers but nothing listens.\n");
  EXPECT_EQ(Section(text, "HOW THE VERDICT CHANGED"),
            "  2026-11-02, UTC\n"
            "  12:00:00  opened: alpha refuses IMAP\n");
}

TEST(ExplainIncident, WhatIsOverIsToldAsOver) {
  Incident incident = ResolvedOutage();
  incident.reopened = Noon() + absl::Seconds(60);
  incident.history.push_back({Noon() + absl::Hours(13), "ap well, eu failing"});
  const std::string text = Explain(incident);
  EXPECT_THAT(text,
              StartsWith("It was the provider: IMAP at alpha, tcp_refused (access).\n"
                         "RESOLVED: lasted 5 min 12 s from 2026-11-02 11:59:18 UTC. Paged as sev2 "
                         "(error).\n"));
  EXPECT_THAT(text, HasSubstr("decided after 42 s; back again at 2026-11-02 12:01:00 UTC;\n"
                              "             ended 2026-11-02 12:04:30 UTC\n"));
  EXPECT_THAT(text, HasSubstr("  Nothing now: it is over. Should it come back:\n"));
  EXPECT_THAT(text, HasSubstr("  Mail was accepted and safe; it could not be read.\n"));
  EXPECT_EQ(Section(text, "HOW THE VERDICT CHANGED"),
            "  2026-11-02, UTC\n"
            "  12:00:00  opened: alpha refuses IMAP\n"
            "  2026-11-03, UTC\n"
            "  01:00:00  failing from eu; well from ap\n");
}

TEST(ExplainIncident, SaysWhoseFaultItIs) {
  Incident incident = AccessOutage();
  const auto first_line = [&](const ComponentRef& component, VerdictLevel level) {
    incident.verdict.component = component;
    incident.verdict.level = level;
    const std::string text = Explain(incident);
    return text.substr(0, text.find('\n'));
  };
  constexpr VerdictLevel kReal = VerdictLevel::kReal, kLocal = VerdictLevel::kLocal;
  EXPECT_EQ(first_line({"provider", "alpha"}, kReal),
            "It is the provider: all of alpha, tcp_refused (access).");
  EXPECT_EQ(first_line({"zone", "alpha.test"}, kReal),
            "It is the provider's DNS: DNS zone alpha.test, tcp_refused (access).");
  EXPECT_EQ(first_line({"acct", "p@alpha.test"}, kReal),
            "It is one account, not the whole service: the login of p@alpha.test, tcp_refused "
            "(access).");
  EXPECT_EQ(first_line({"listed", "eu-1@alpha"}, kReal),
            "It is the standing of our own sending address: eu-1@alpha, tcp_refused (access).");
  EXPECT_EQ(first_line({"agent", "eu-1"}, kLocal),
            "It is us, not the service: agent eu-1, tcp_refused (access).");
  EXPECT_EQ(first_line({"path", "AS64500>alpha"}, kLocal),
            "It is the path, not the service: AS64500 to alpha, tcp_refused (access).");
  EXPECT_EQ(first_line({"fleet", "visibility"}, VerdictLevel::kInsufficientVisibility),
            "Nobody can tell: too many agents are silent or unwell to judge any service.");
}

TEST(ExplainIncident, ALocalFaultPagesNobodyAndAdvisesNoProvider) {
  Incident incident = AccessOutage();
  incident.alerting = false;
  Verdict& verdict = incident.verdict;
  verdict.component = {"agent", "eu-1"};
  verdict.level = VerdictLevel::kLocal;
  verdict.leg = Leg::kControl;
  verdict.provider = "";
  verdict.mail_loss = collector::MailLoss::kNone;
  verdict.alternatives.clear();
  const std::string text = Explain(incident);
  EXPECT_THAT(text, StartsWith("It is us, not the service: agent eu-1, tcp_refused.\n"));
  EXPECT_THAT(text, HasSubstr("Nobody was paged: local faults never page."));
  EXPECT_EQ(Section(text, "WHAT HAPPENS TO MAIL"), "  No mail is affected.\n");
  EXPECT_EQ(Section(text, "WHAT ELSE IT COULD BE"), "  Nothing else explains it nearly as well.\n");
  EXPECT_EQ(Section(text, "WHAT TO DO"),
            "  - Look after agent eu-1: its host, its network, its resolver; `postwatch agents` "
            "shows how the\n"
            "    collector sees it.\n");
  EXPECT_THAT(text, Not(HasSubstr("leg control")));
}

TEST(ExplainIncident, WhyAnAgentIsMaskedIsPutIntoWords) {
  Incident incident = AccessOutage();
  incident.verdict.evidence.masked = {{"sa-1", "witness failing: agent_clock_bad"}};
  EXPECT_THAT(
      Explain(incident),
      HasSubstr("    sa-1: witness failing: agent_clock_bad (the agent's clock jumped or is "
                "off by more than a\n    second)\n"));
}

TEST(ExplainIncident, AlternativesOfAnEarlierWeighingSaySo) {
  Incident incident = AccessOutage();
  incident.verdict.confidence = 0.99;
  EXPECT_THAT(Explain(incident), HasSubstr("As they stood when last weighed"));
}

TEST(ExplainIncident, StaysWithinThePage) {
  Incident incident = AccessOutage();
  incident.verdict.targets.assign(40, "a-rather-long-domain.example.test");
  incident.verdict.evidence.replies = {Concat(std::string(50, 'x'), " ", std::string(60, 'y'))};
  incident.verdict.scope.push_back({std::string(80, 'r'), 1, 0, 0});
  const std::string text = Explain(incident);
  EXPECT_THAT(text, HasSubstr("and 28 more\n             (provider alpha)"));
  for (const std::string_view line : Split(text, '\n')) EXPECT_LE(line.size(), kPageWidth) << line;
}

TEST(ExplainIncident, AnEmptyOneIsNoTrouble) { EXPECT_THAT(Explain({}), HasSubstr("WHAT TO DO")); }

}  // namespace
}  // namespace postwatch::cli

#include "agent/probes/mail/mailbox_canary.h"

#include <gmock/gmock.h>

#include "common/base/text.h"
#include "common/mail/canary_message.h"
#include "tests/support/probe_fixture.h"

namespace postwatch::agent {
namespace {

using testing::HasSubstr;

constexpr char kLogin[] = R"(
C! starttls
S: * OK ready
C: A1 CAPABILITY
S: * CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR
S: A1 OK done
C: A2 AUTHENTICATE PLAIN *
S: A2 OK [CAPABILITY IMAP4rev1 LITERAL+] in
)";

// The answers to the commands behind the log-in, tags counted along.
class Commands {
 public:
  Commands& Examine(uint32_t uid_validity = 7) {
    return Say("EXAMINE \"INBOX\"",
               Concat("S: * 2 EXISTS\nS: * OK [UIDVALIDITY ", uid_validity, "] ids\n"));
  }
  // The headers of all messages; `mine` 0: the canary is not among them.
  Commands& Scan(uint32_t mine, std::string_view mark) {
    std::string answer = Literal(1, "Message-ID: <other@a.test>\r\n\r\n");
    if (mine != 0) answer += Literal(mine, Headers(mark));
    return Say("UID FETCH 1:* *", answer);
  }
  Commands& Look(uint32_t uid, std::string_view mark) {
    return Say(Concat("UID FETCH ", uid, " (UID RFC822.SIZE BODY.PEEK[HEADER*"),
               Literal(uid, Headers(mark)));
  }
  Commands& LookAtNothing(uint32_t uid) {
    return Say(Concat("UID FETCH ", uid, " (UID RFC822.SIZE BODY.PEEK[HEADER*"), "");
  }
  Commands& Fetch(uint32_t uid, const std::string& message) {
    return Say(Concat("UID FETCH ", uid, " (UID RFC822.SIZE BODY.PEEK[])"), Literal(uid, message));
  }
  Commands& Put(const std::string& message) {
    Append(script_, "C: A", tag_, " APPEND \"INBOX\" (\\Seen) {", message.size(), "+}\n");
    for (const std::string_view line : Split(message, '\n')) {
      Append(script_, "C: ", Trim(line).empty() ? "" : line.substr(0, line.find('\r')), "\n");
    }
    Append(script_, "S: A", tag_++, " OK [APPENDUID 7 9] done\n");
    return *this;
  }
  std::string Text() { return Say("LOGOUT", "S: * BYE bye\n").script_; }

 private:
  static std::string Headers(std::string_view mark) {
    return Concat("Message-ID: <", mark,
                  "@alpha.test>\r\nDate: Sun, 01 Nov 2026 12:00:00 +0000\r\n", "\r\n");
  }
  static std::string Literal(uint32_t uid, std::string_view body) {
    std::string raw;
    for (const char c : body) {
      if (c == '\r') {
        raw += "\\r";
      } else if (c == '\n') {
        raw += "\\n";
      } else if (c == '\\') {
        raw += "\\\\";
      } else {
        raw += c;
      }
    }
    return Concat("S: * 1 FETCH (UID ", uid, " RFC822.SIZE 1 BODY[] {", body.size(), "}\nS! raw ",
                  raw, ")\\r\\n\n");
  }
  Commands& Say(std::string_view command, std::string_view answer) {
    Append(script_, "C: A", tag_, " ", command, "\n", answer, "S: A", tag_, " OK done\n");
    ++tag_;
    return *this;
  }

  std::string script_ = kLogin;
  int tag_ = 3;
};

class MailboxCanaryTest : public ProbeFixture {
 protected:
  MailboxCanaryTest() {
    resolver_.On("mail.alpha.test", RrType::kA, AddressReply({"192.0.2.3"}));
    probe_ = Make(spec_);
  }

  Observation RunOn(Commands& commands) {
    scripted_.AddFor("192.0.2.3:993", commands.Text());
    Observation seen = RunAll(*probe_, spec_).front();
    ExpectNoSecret(seen, kPassword);
    return seen;
  }
  std::string Message() const {
    return ComposeCanary(mark_, "probe@alpha.test", "alpha.test", clock_.Now());
  }
  // A run that sees the canary with UID 9.
  void SeeIt() {
    Commands commands;
    commands.Examine().Scan(9, mark_).Fetch(9, Message());
    EXPECT_EQ(Summary(RunOn(commands)), "pass");
  }

  const CheckSpec spec_ =
      Spec("imap.canary", Keys({{"mailbox", MailboxKeys()}, {"folder", Text("INBOX")}}));
  const std::string mark_ = CanaryMark(spec_.id, Secret("the fleet's key for tests"));
  std::unique_ptr<Probe> probe_;
};

TEST_F(MailboxCanaryTest, WhereThereIsNoneItIsPut) {
  Commands commands;
  commands.Examine().Scan(0, mark_).Put(Message()).Examine().Scan(9, mark_).Fetch(9, Message());
  const Observation seen = RunOn(commands);
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(StepsText(seen), "dns connect tls greeting login select find append proof logout");
  EXPECT_EQ(seen.evidence.facts.at("canary.uid"), "9");
  EXPECT_EQ(seen.evidence.facts.at("canary.since"), "Sun, 01 Nov 2026 12:00:00 +0000");
}

TEST_F(MailboxCanaryTest, LaterRunsLookWhereItWas) {
  SeeIt();
  Commands commands;
  commands.Examine().Look(9, mark_).Fetch(9, Message());
  const Observation seen = RunOn(commands);
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(StepsText(seen), "dns connect tls greeting login select find fetch logout");
}

TEST_F(MailboxCanaryTest, GoneTwiceIsALoss) {
  SeeIt();
  Commands commands;
  commands.Examine().LookAtNothing(9).Scan(0, mark_).Examine().Scan(0, mark_);
  const Observation seen = RunOn(commands);
  EXPECT_EQ(Summary(seen), "fail imap_store_corruption at confirm");
  EXPECT_THAT(seen.failure->detail, HasSubstr("the canary is gone from INBOX"));
}

TEST_F(MailboxCanaryTest, WhatWasThereBeforeARestartIsStillMissed) {
  SeeIt();
  probe_ = Make(spec_);
  Commands commands;
  commands.Examine().LookAtNothing(9).Scan(0, mark_).Examine().Scan(0, mark_);
  EXPECT_EQ(Summary(RunOn(commands)), "fail imap_store_corruption at confirm");
  probe_ = Make(spec_);
  clock_.Advance(absl::Hours(24));
  Commands later;  // and is put back a day after it was first missed
  later.Examine().Scan(0, mark_).Put(Message()).Examine().Scan(9, mark_).Fetch(9, Message());
  EXPECT_EQ(Summary(RunOn(later)), "pass");
}

TEST_F(MailboxCanaryTest, AnotherFleetKeyMakesAnotherCanary) {
  SeeIt();
  ASSERT_EQ(ledger_.notes().size(), 1u);
  ASSERT_TRUE(ledger_.Keep(spec_.id, "canary probe@alpha.test\nINBOX", "other 7 9 1 0").ok());
  probe_ = Make(spec_);
  Commands commands;
  commands.Examine().Scan(0, mark_).Put(Message()).Examine().Scan(9, mark_).Fetch(9, Message());
  EXPECT_EQ(Summary(RunOn(commands)), "pass");
}

TEST_F(MailboxCanaryTest, BackAtTheSecondLookIsNoLoss) {
  SeeIt();
  Commands commands;
  commands.Examine().LookAtNothing(9).Scan(0, mark_).Examine().Scan(9, mark_).Fetch(9, Message());
  EXPECT_EQ(Summary(RunOn(commands)), "pass");
}

TEST_F(MailboxCanaryTest, ADayAfterItsLossItIsPutBack) {
  SeeIt();
  Commands gone;
  gone.Examine().LookAtNothing(9).Scan(0, mark_).Examine().Scan(0, mark_);
  EXPECT_EQ(Summary(RunOn(gone)), "fail imap_store_corruption at confirm");
  Commands still;
  still.Examine().Scan(0, mark_).Examine().Scan(0, mark_);
  clock_.Advance(absl::Hours(23));
  EXPECT_EQ(Summary(RunOn(still)), "fail imap_store_corruption at confirm");
  clock_.Advance(absl::Hours(1));
  Commands put;
  put.Examine().Scan(0, mark_).Put(Message()).Examine().Scan(11, mark_).Fetch(11, Message());
  EXPECT_EQ(Summary(RunOn(put)), "pass");
}

TEST_F(MailboxCanaryTest, AChangedBodyIsDamage) {
  SeeIt();
  std::string damaged = Message();
  damaged.replace(damaged.size() - 40, 5, "XXXXX");
  Commands commands;
  commands.Examine().Look(9, mark_).Fetch(9, damaged).Examine().Scan(9, mark_).Fetch(9, damaged);
  const Observation seen = RunOn(commands);
  EXPECT_EQ(Summary(seen), "fail imap_store_corruption at confirm");
  EXPECT_THAT(seen.failure->detail, HasSubstr("is not what was put there"));
}

TEST_F(MailboxCanaryTest, ANewUidValidityIsAFindingAndTheMarkFindsIt) {
  SeeIt();
  Commands commands;
  commands.Examine(8).Scan(2, mark_).Fetch(2, Message());
  const Observation seen = RunOn(commands);
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(FindingsText(seen), "imap_uidvalidity_changed");
}

TEST_F(MailboxCanaryTest, ARefusedPutIsToldByItsCause) {
  std::string login = kLogin;
  login.replace(login.find(" LITERAL+"), 9, "");  // so that the refusal comes before the message
  scripted_.AddFor("192.0.2.3:993", Concat(login,
                                           "C: A3 EXAMINE \"INBOX\"\nS: * 0 EXISTS\nS: A3 OK done\n"
                                           "C: A4 UID FETCH 1:* *\nS: A4 OK done\nC: A5 APPEND *\n"
                                           "S: A5 NO [OVERQUOTA] Quota exceeded\n"));
  EXPECT_EQ(Summary(RunAll(*probe_, spec_).front()), "fail imap_overquota at append");
}

TEST_F(MailboxCanaryTest, WithoutTheFleetsKeyNothingIsPut) {
  ProbeDeps deps = Deps();
  deps.fleet_key = {};
  const std::unique_ptr<Probe> probe = MakeMailboxCanary(spec_, deps).value();
  EXPECT_THAT(Summary(RunAll(*probe, spec_).front()),
              HasSubstr("not_tested: a canary is known again by the fleet's key"));
  EXPECT_TRUE(scripted_.dialed().empty());
}

}  // namespace
}  // namespace postwatch::agent

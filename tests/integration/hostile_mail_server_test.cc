// Mail servers that misbehave in the middle of a session: what the checks make of each.
#include <gmock/gmock.h>

#include "common/base/text.h"
#include "tests/support/probe_fixture.h"
#include "tests/support/roundtrip_fixture.h"

namespace postwatch::agent {
namespace {

using testing::HasSubstr;

constexpr char kBanner[] = "S: 220 mx ESMTP\nC: EHLO agent.example.net\n";
constexpr char kQuit[] = "C: QUIT\nS: 221 bye\n";

class HostileMailServerTest : public ProbeFixture {
 protected:
  HostileMailServerTest() {
    resolver_.Otherwise(NoDataReply());
    resolver_.On("alpha.test", RrType::kMx, MxReply({{10, "mx1.alpha.test"}}));
    resolver_.On("mx1.alpha.test", RrType::kA, AddressReply({"192.0.2.1"}));
    resolver_.On("mail.alpha.test", RrType::kA, AddressReply({"192.0.2.3"}));
  }
  Observation RunMx(std::string_view script) {
    scripted_.AddFor("192.0.2.1:25", script);
    CheckSpec spec = Spec("smtp.mx", Keys({}));
    spec.timeout = absl::Minutes(2);
    return Run(spec);
  }
  Observation RunImap(std::string_view script, const std::string& port) {
    scripted_.AddFor("192.0.2.3:" + port, script);
    const Settings server = Keys({{"host", Text("mail.alpha.test")}, {"port", Text(port)}});
    Observation seen =
        Run(Spec("imap.access", Keys({{"mailbox", MailboxKeys({{"receive", server}})}})));
    ExpectNoSecret(seen, kPassword);
    return seen;
  }
};

TEST_F(HostileMailServerTest, WhatIsNoReplyIsAProtocolError) {
  const std::string long_line(10 * 1024, 'x');
  const std::string many_lines = [] {
    std::string lines;
    for (int i = 0; i < 101; ++i) lines += "S: 220-more\n";
    return lines;
  }();
  const std::pair<std::string, std::string> cases[] = {
      {Concat(kBanner, "S: 250-mx\nS: 550 STARTTLS\n"), "ehlo"},  // mixed codes
      {Concat("S: 220 ", long_line, "\n"), "banner"},
      {many_lines, "banner"},
      {"S: SSH-2.0-OpenSSH_9.2\n", "banner"},
      {"S: \n", "banner"},
      {"S: 220 mx\nS: 250 mx\n", "ehlo"},  // a reply before its command
  };
  for (const auto& [script, step] : cases) {
    const Observation seen = RunMx(script);
    EXPECT_EQ(Summary(seen), Concat("fail smtp_protocol at ", step)) << script.substr(0, 80);
    EXPECT_LT(AllText(seen).size(), 8192u);
  }
}

TEST_F(HostileMailServerTest, BareLineFeedsAreReadAsLineEnds) {
  const Observation seen = RunMx(
      Concat(R"(S! raw 220-mx\n220 ESMTP\n)", "\nC: EHLO agent.example.net\n",
             R"(S! raw 250-mx\n250 SIZE 1000\n)", "\nC: QUIT\n", R"(S! raw 221 bye\n)", "\n"));
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(FindingsText(seen), "tls_not_offered");
}

TEST_F(HostileMailServerTest, AReplyWithoutItsLastLineIsCutOffOrHangs) {
  const std::string begun = Concat(kBanner, "S: 250-mx\nS: 250-SIZE 1000\n");
  EXPECT_EQ(Summary(RunMx(Concat(begun, "S! close\n"))), "fail conn_closed_early at ehlo");
  EXPECT_EQ(Summary(RunMx(Concat(begun, "S! reset\n"))), "fail tcp_reset at ehlo");
  EXPECT_EQ(Summary(RunMx(Concat(begun, "S! silence\n"))), "fail read_timeout at ehlo");
  EXPECT_EQ(Summary(RunMx(Concat(begun, "S! hang\n"))), "fail read_timeout at ehlo");
}

// What was said after a refusal or no answer at all proves nothing about STARTTLS.
TEST_F(HostileMailServerTest, AServerThatBreaksOffIsNotOneWithoutTls) {
  for (const std::string_view end :
       {"S: 421 4.3.2 shutting down\n", "S: 451 4.7.1 try later\n", "S! close\n", "S! silence\n"}) {
    const Observation seen = RunMx(Concat(kBanner, end));
    EXPECT_EQ(seen.outcome, Outcome::kFail) << end;
    EXPECT_NE(seen.failure->klass, FailureClass::kTlsNotOffered) << end;
    EXPECT_THAT(FindingsText(seen), testing::Not(HasSubstr("tls_not_offered"))) << end;
  }
}

TEST_F(HostileMailServerTest, ABannerAfterTwentySecondsIsSlowAndNotDown) {
  const Observation seen = RunMx(Concat("S! delay 20s\n", kBanner, "S: 250 mx\n", kQuit));
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(FindingsText(seen), "smtp_tarpitted tls_not_offered");
  EXPECT_THAT(seen.findings[0].detail, HasSubstr("the banner took 20s"));
}

TEST_F(HostileMailServerTest, WhatBecomesOfQuitDoesNotMatter) {
  for (const std::string_view end :
       {"S: 221 bye\n", "S! close\n", "S! reset\n", "S! silence\n", "S: 500 what\n",
        "S: SSH-2.0-x\n", "S: 421 4.4.2 timed out\n"}) {
    EXPECT_EQ(Summary(RunMx(Concat(kBanner, "S: 250 mx\nC: QUIT\n", end))), "pass") << end;
  }
}

TEST_F(HostileMailServerTest, InjectedBytesBeforeTlsAreNeverTaken) {
  const std::string to_starttls =
      "S: * OK ready\nC: A1 CAPABILITY\nS: * CAPABILITY IMAP4rev1 STARTTLS\nS: A1 OK done\n"
      "C: A2 STARTTLS\n";
  for (const std::string_view evil : {R"(S! raw A2 OK go\r\n* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n)",
                                      R"(S! raw A2 OK go\r\nA3 OK [CAPABILITY IMAP4rev1] in\r\n)",
                                      R"(S! raw A2 OK go\r\n\x00)"}) {
    const Observation seen = RunImap(Concat(to_starttls, evil, "\nC! starttls\n"), "143");
    EXPECT_EQ(Summary(seen), "fail tls_plaintext_injection at tls") << evil;
  }
  const std::string smtp = Concat(kBanner, "S: 250-mx\nS: 250 STARTTLS\nC: STARTTLS\n");
  for (const std::string_view evil :
       {R"(S! raw 220 ready\r\n250 evil\r\n)", R"(S! raw 220 ready\n2)"}) {
    const Observation seen = RunMx(Concat(smtp, evil, "\nC! starttls\n"));
    EXPECT_EQ(Summary(seen), "fail tls_plaintext_injection at tls") << evil;
  }
}

TEST_F(HostileMailServerTest, ALiteralWithoutEndCostsNoMemory) {
  const std::string to_select =
      "C! starttls\nS: * OK [CAPABILITY IMAP4rev1] ready\nC: A1 CAPABILITY\n"
      "S: * CAPABILITY IMAP4rev1\nS: A1 OK done\nC: A2 LOGIN *\n"
      "S: A2 OK [CAPABILITY IMAP4rev1] in\nC: A3 EXAMINE \"INBOX\"\n";
  for (const std::string_view literal :
       {"{4294967295}", "{99999999999999999999}", "{2147483648}"}) {
    const Observation seen =
        RunImap(Concat(to_select, "S: * 1 FETCH (UID 7 BODY[] ", literal, "\n"), "993");
    EXPECT_EQ(Summary(seen), "fail imap_protocol at select") << literal;
  }
}

using HostileDeliveryTest = RoundtripFixture;

TEST_F(HostileDeliveryTest, AShutdownAtTheLetterIsNoLostLetter) {
  server_.delivery = std::nullopt;
  server_.data_reply = "421 mx Service closing transmission channel";
  EXPECT_EQ(Summary(RunTrip()), "fail smtp_shutdown at data");
  server_.data_reply = "354 go on";
  server_.final_reply = "421 mx Service closing transmission channel";
  EXPECT_EQ(Summary(RunTrip()), "fail smtp_shutdown at final");
  EXPECT_TRUE(ledger_.open_entries().empty());
}

TEST_F(HostileDeliveryTest, ALetterThatIsTooLargeIsRefusedBeforeOrAfterItIsSent) {
  server_.delivery = std::nullopt;
  server_.mail_reply = "552 5.3.4 Message size exceeds fixed maximum message size";
  EXPECT_EQ(Summary(RunTrip()), "fail smtp_size at mail");
  EXPECT_THAT(server_.smtp_commands, testing::Contains(HasSubstr(" SIZE=")));
  server_.mail_reply = "250 2.1.0 Ok";
  server_.final_reply = "552 5.3.4 Message size exceeds fixed maximum message size";
  EXPECT_EQ(Summary(RunTrip()), "fail smtp_size at final");
  EXPECT_TRUE(ledger_.open_entries().empty());
}

// The letter was taken and the answer lost: it is looked for and never sent again.
TEST_F(HostileDeliveryTest, AnAnswerLostAfterTheFinalDotIsSettledByTheMailbox) {
  server_.drop_after_dot = true;
  const Observation seen = RunTrip();
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(FindingsText(seen), "smtp_accept_unknown");
  EXPECT_EQ(server_.letters.size(), 1u);
  EXPECT_EQ(InboxSize(), 0u);
  EXPECT_TRUE(ledger_.open_entries().empty());
}

TEST_F(HostileDeliveryTest, OneThatComesLaterAmendsTheUnknown) {
  server_.drop_after_dot = true;
  server_.delivery = absl::Minutes(3);
  const Observation unknown = RunTrip();
  EXPECT_EQ(Summary(unknown), "fail smtp_accept_unknown at delivery");
  EXPECT_EQ(server_.letters.size(), 1u);
  server_.drop_after_dot = false;
  server_.delivery = absl::ZeroDuration();
  clock_.Advance(absl::Minutes(5));
  EXPECT_EQ(Summary(RunTrip()), "pass");
  ASSERT_EQ(seen_.size(), 2u);
  EXPECT_EQ(seen_[1].amends, unknown.id);
  EXPECT_EQ(Summary(seen_[1]), "pass");
  EXPECT_EQ(FindingsText(seen_[1]), "delivered_late");
  EXPECT_EQ(server_.letters.size(), 2u);  // one a run
  EXPECT_EQ(InboxSize(), 0u);
}

// Passes everything on; where something was marked, the connection ends in place of QUIT.
class CutAtQuit : public Stream {
 public:
  explicit CutAtQuit(std::unique_ptr<Stream> stream) : stream_(std::move(stream)) {}

  void SetTimeout(absl::Duration limit) override { stream_->SetTimeout(limit); }
  Task<absl::StatusOr<std::string>> ReadLine(size_t most) override {
    return stream_->ReadLine(most);
  }
  Task<absl::StatusOr<std::string>> ReadExactly(size_t count) override {
    return stream_->ReadExactly(count);
  }
  Task<absl::StatusOr<std::string>> ReadSome(size_t most) override {
    return stream_->ReadSome(most);
  }
  Task<absl::Status> Write(std::string bytes) override {
    if (bytes.starts_with("DELE")) marked_ = true;
    if (marked_ && bytes.starts_with("QUIT")) {
      stream_->Close();
      bytes.clear();
    }
    return stream_->Write(std::move(bytes));
  }
  Task<absl::Status> StartTls(TlsSettings settings) override {
    return stream_->StartTls(std::move(settings));
  }
  const TlsFacts* tls() const override { return stream_->tls(); }
  bool HasBuffered() const override { return stream_->HasBuffered(); }
  void Close() override { stream_->Close(); }

 private:
  std::unique_ptr<Stream> stream_;
  bool marked_ = false;
};

// Cuts the connections to a port, once told to.
class CuttingDialer : public Dialer {
 public:
  explicit CuttingDialer(Dialer& dialer) : dialer_(dialer) {}

  Task<absl::StatusOr<std::unique_ptr<Stream>>> Dial(Address address,
                                                     absl::Duration timeout) override {
    const bool cut = cuts && address.port == 995;
    absl::StatusOr<std::unique_ptr<Stream>> stream = co_await dialer_.Dial(address, timeout);
    if (cut && stream.ok()) *stream = std::make_unique<CutAtQuit>(*std::move(stream));
    co_return stream;
  }

  bool cuts = false;

 private:
  Dialer& dialer_;
};

// What is marked in a POP3 session goes with its QUIT and not before (RFC 1939 section 6).
TEST_F(HostileDeliveryTest, APop3SessionThatEndsBeforeQuitLeavesTheLetterForTheNextRun) {
  CuttingDialer cutting(server_);
  dialer_ = &cutting;
  spec_.timeout = absl::Seconds(60);
  Configure({{"mailbox", MailboxKeys({{"receive", Keys({{"protocol", Text("pop3")},
                                                        {"host", Text("mail.alpha.test")}})}})},
             {"delivery_deadline", Text("40s")}});
  cutting.cuts = true;
  const Observation cut = RunTrip();
  EXPECT_EQ(InboxSize(), 1u);
  EXPECT_EQ(Summary(cut), "fail conn_closed_early at expunge") << AllText(cut);
  cutting.cuts = false;
  clock_.Advance(absl::Minutes(5));
  EXPECT_EQ(Summary(RunTrip()), "pass");
  EXPECT_EQ(InboxSize(), 0u);
  EXPECT_EQ(server_.letters.size(), 2u);
}

}  // namespace
}  // namespace postwatch::agent

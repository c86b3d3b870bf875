#include "agent/probes/roundtrip/letter_verdict.h"

#include "absl/strings/str_replace.h"
#include "common/mail/mime.h"
#include "tests/support/roundtrip_fixture.h"

namespace postwatch::agent {
namespace {

class LetterVerdictTest : public RoundtripFixture {
 protected:
  // A Received field dated `after` the start of the run.
  std::string Hop(const std::string& by, absl::Duration after) {
    return Concat(
        "Received: from x by ", by, " with ESMTPS; ",
        absl::FormatTime("%a, %d %b %Y %H:%M:%S +0000", start_ + after, absl::UTCTimeZone()),
        "\r\n");
  }
  Observation RunWith(std::string headers) {
    server_.on_delivery = [headers](const std::string& letter) { return headers + letter; };
    return RunTrip();
  }

  const absl::Time start_ = clock_.Now();
};

TEST_F(LetterVerdictTest, TheWayIsRecordedHopByHop) {
  server_.delivery = absl::Seconds(6);
  const Observation seen =
      RunWith(Hop("store.alpha.test", absl::Seconds(5)) + Hop("mx.alpha.test", absl::Seconds(3)) +
              Hop("out.alpha.test", absl::Seconds(1)));
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(FindingsText(seen), "");
  EXPECT_EQ(Fact(seen, "hops"), "3");
  EXPECT_EQ(Fact(seen, "hop.1"), "out.alpha.test +1.0s");
  EXPECT_EQ(Fact(seen, "hop.2"), "mx.alpha.test +2.0s");
  EXPECT_EQ(Fact(seen, "hop.3"), "store.alpha.test +2.0s");
  EXPECT_EQ(Fact(seen, "delivery.seconds"), "6.000");
  EXPECT_EQ(Fact(seen, "delivery.internal_seconds"), "5.000");
}

TEST_F(LetterVerdictTest, AClockBehindIsFlaggedAndGivesNoTime) {
  const Observation seen = RunWith(Hop("store.alpha.test", -absl::Minutes(10)) +
                                   Hop("mx.alpha.test", absl::ZeroDuration()));
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(Fact(seen, "hop.2"), "store.alpha.test +0.0s (its clock is behind)");
  EXPECT_EQ(Fact(seen, "delivery.internal_seconds"), "none");
}

TEST_F(LetterVerdictTest, AServerThatHeldTheLetterIsNamed) {
  Configure({{"slow_after", Text("3s")}});
  server_.delivery = absl::Seconds(9);
  const Observation seen =
      RunWith(Hop("store.alpha.test", absl::Seconds(8)) + Hop("mx.alpha.test", absl::Seconds(1)));
  EXPECT_EQ(FindingsText(seen), "delivered_slow delivery_hop_slow");
  EXPECT_EQ(FindingDetail(seen, FailureClass::kDeliveryHopSlow),
            "store.alpha.test took the letter 7s after the server before it");
}

TEST_F(LetterVerdictTest, AWayThatWasNotExpectedIsMisrouted) {
  Configure({{"expect_via", Texts({"filter.gamma.test", "*.beta.test"})}});
  EXPECT_EQ(Summary(RunWith(Hop("mx1.beta.test", absl::ZeroDuration()))), "pass");
  const Observation seen = RunWith(Hop("mx.alpha.test", absl::ZeroDuration()));
  EXPECT_EQ(Summary(seen), "fail misrouted at fetch");
  EXPECT_EQ(seen.failure->detail,
            "the letter came by mx.alpha.test and by none of expect_via (filter.gamma.test, "
            "*.beta.test)");
  EXPECT_EQ(InboxSize(), 0u);
}

TEST_F(LetterVerdictTest, OnlyTheNamedServersWordAboutAuthenticationCounts) {
  Configure({{"authserv_id", Text("mx.alpha.test")}});
  const Observation good = RunWith(
      "Authentication-Results: mx.alpha.test; spf=pass; dkim=pass; dmarc=pass\r\n"
      "Received: by mx.alpha.test; x\r\n"
      "Authentication-Results: mx.alpha.test; dmarc=fail\r\n");
  EXPECT_EQ(FindingsText(good), "");
  EXPECT_EQ(Fact(good, "auth.dmarc"), "pass");
  const Observation bad = RunWith(
      "Authentication-Results: forger.test; dmarc=pass\r\n"
      "Authentication-Results: mx.alpha.test; spf=softfail; dkim=pass; dmarc=fail\r\n");
  EXPECT_EQ(Summary(bad), "pass");
  EXPECT_EQ(FindingDetail(bad, FailureClass::kAuthResultFail),
            "mx.alpha.test says spf=softfail, dmarc=fail");
  EXPECT_EQ(FindingDetail(RunWith(""), FailureClass::kAuthResultFail),
            "the letter bears no Authentication-Results of mx.alpha.test");
}

TEST_F(LetterVerdictTest, WhereAuthenticationIsRequiredItsLackIsAFailure) {
  Configure({{"authserv_id", Text("mx.alpha.test")}, {"require_auth", Text("true")}});
  EXPECT_EQ(Summary(RunWith("Authentication-Results: mx.alpha.test; spf=pass; arc=none\r\n")),
            "pass");
  EXPECT_EQ(Summary(RunWith("Authentication-Results: mx.alpha.test; dkim=fail\r\n")),
            "fail auth_result_fail at fetch");
}

TEST_F(LetterVerdictTest, WithoutANamedServerNobodysWordCounts) {
  const Observation seen = RunWith("Authentication-Results: mx.alpha.test; dmarc=fail\r\n");
  EXPECT_EQ(FindingsText(seen), "");
  EXPECT_EQ(Fact(seen, "auth.dmarc"), "none");
}

TEST_F(LetterVerdictTest, ChangesOnTheWayAreNoDamage) {
  server_.on_delivery = [](const std::string& letter) {
    return absl::StrReplaceAll(
        letter, {{"Subject: ", "Subject: [EXTERN] "}, {"X-Probe-Token: ", "X-Was-Token: "}});
  };
  Observation seen = RunTrip();
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(FindingsText(seen), "rewritten");
  EXPECT_NE(FindingDetail(seen, FailureClass::kRewritten).find("[EXTERN]"), std::string::npos);
  EXPECT_EQ(Fact(seen, "integrity"), "exact");
  // A hop that turns 8bit into quoted-printable.
  server_.on_delivery = [](const std::string& letter) {
    const size_t body = letter.find("\r\n\r\n") + 4;
    return absl::StrReplaceAll(letter.substr(0, body),
                               {{"Encoding: 8bit\r\n\r\n", "Encoding: quoted-printable\r\n\r\n"}}) +
           EncodeQuotedPrintable(letter.substr(body));
  };
  seen = RunTrip();
  EXPECT_EQ(FindingDetail(seen, FailureClass::kRewritten),
            "the encoding went from 8bit to 'quoted-printable'");
  EXPECT_EQ(Fact(seen, "integrity"), "exact");
}

TEST_F(LetterVerdictTest, ADamagedHeaderIsAFailure) {
  server_.on_delivery = [](const std::string& letter) {
    return absl::StrReplaceAll(letter, {{"Subject: [mail-probe]", "Subject: ????"}});
  };
  EXPECT_EQ(Summary(RunTrip()), "fail corrupted_header at fetch");
  EXPECT_EQ(InboxSize(), 0u);
}

}  // namespace
}  // namespace postwatch::agent

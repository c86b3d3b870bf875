// The scripted stream and the fake clock are what most other tests stand on, so they are tested
// too.
#include "tests/support/scripted_stream.h"

#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>
#include <openssl/x509_vfy.h>

#include <boost/asio/experimental/awaitable_operators.hpp>

#include "tests/support/fake_clock.h"
#include "tests/support/run_task.h"

namespace postwatch {
namespace {

TlsSettings SettingsFor(std::string name, bool require_verified) {
  TlsSettings settings;
  settings.server_name = std::move(name);
  settings.require_verified = require_verified;
  return settings;
}

TEST(ScriptedStream, PlaysASession) {
  ScriptedStream stream(R"(
    # a greeting and one command
    S: 220 mx.example ESMTP
    C: EHLO probe.example
    S: 250-mx.example
    S: 250 SIZE
    C: MAIL FROM:<*
    S: 250 ok
  )");
  EXPECT_EQ(*RunTask(stream.ReadLine(512)), "220 mx.example ESMTP");
  EXPECT_TRUE(RunTask(stream.Write("EHLO probe.example\r\n")).ok());
  EXPECT_EQ(*RunTask(stream.ReadLine(512)), "250-mx.example");
  EXPECT_TRUE(stream.HasBuffered());
  EXPECT_EQ(*RunTask(stream.ReadLine(512)), "250 SIZE");
  EXPECT_FALSE(stream.HasBuffered());
  EXPECT_TRUE(RunTask(stream.Write("MAIL FROM:<a@b.example> SIZE=3\r\n")).ok());
  EXPECT_EQ(*RunTask(stream.ReadExactly(8)), "250 ok\r\n");
}

TEST(ScriptedStream, ReportsAWrongCommand) {
  ScriptedStream stream("C: QUIT");
  absl::Status status;
  EXPECT_NONFATAL_FAILURE(status = RunTask(stream.Write("NOOP\r\n")), "the client sent 'NOOP'");
  EXPECT_EQ(GetNetError(status), NetError::kOther);
}

TEST(ScriptedStream, ReportsAClientThatSpeaksTooEarly) {
  ScriptedStream stream("S: 220 hi\nC: QUIT");
  EXPECT_NONFATAL_FAILURE(RunTask(stream.Write("QUIT\r\n")), "the server sends '220 hi");
}

TEST(ScriptedStream, ReportsLinesNeverPlayed) {
  const auto play = [] { ScriptedStream stream("S: 220 hi"); };
  EXPECT_NONFATAL_FAILURE(play(), "the script goes on");
}

TEST(ScriptedStream, ReportsBareLineFeeds) {
  ScriptedStream stream("C: QUIT");
  EXPECT_NONFATAL_FAILURE(RunTask(stream.Write("QUIT\n")), "bare LF");
}

TEST(ScriptedStream, EndsAsTheScriptSays) {
  const std::pair<const char*, NetError> ends[] = {{"S! close", NetError::kClosed},
                                                   {"S! reset", NetError::kReset}};
  for (const auto& [script, error] : ends) {
    ScriptedStream stream(script);
    EXPECT_EQ(GetNetError(RunTask(stream.ReadLine(512)).status()), error) << script;
    EXPECT_EQ(GetNetError(RunTask(stream.Write("QUIT\r\n"))), error) << script;
  }
}

TEST(ScriptedStream, AReadThatTimedOutMayBeTriedAgain) {
  ScriptedStream stream("S! silence\nS: * 1 EXISTS\nS! silence");
  EXPECT_EQ(GetNetError(RunTask(stream.ReadLine(512)).status()), NetError::kTimeout);
  EXPECT_EQ(*RunTask(stream.ReadLine(512)), "* 1 EXISTS");
  EXPECT_EQ(GetNetError(RunTask(stream.ReadExactly(1)).status()), NetError::kTimeout);
  EXPECT_EQ(GetNetError(RunTask(stream.Write("x"))), NetError::kTimeout);
}

TEST(ScriptedStream, BoundsLines) {
  ScriptedStream fits("S: 12345");
  EXPECT_EQ(*RunTask(fits.ReadLine(5)), "12345");
  ScriptedStream stream("S: 123456");
  EXPECT_EQ(GetNetError(RunTask(stream.ReadLine(5)).status()), NetError::kTooLong);
}

TEST(ScriptedStream, KeepsTheMessage) {
  Transcript transcript;
  ScriptedStream stream("C! message\nS: 250 queued", nullptr, &transcript);
  EXPECT_TRUE(RunTask(stream.Write("Subject: x\r\n\r\n..dot\r\n.\r\n")).ok());
  EXPECT_EQ(transcript.message, "Subject: x\r\n\r\n..dot\r\n");
  EXPECT_EQ(*RunTask(stream.ReadLine(512)), "250 queued");
}

TEST(ScriptedStream, TlsFactsOutliveARefusal) {
  ScriptedStream stream("C! starttls untrusted-expired");
  EXPECT_EQ(stream.tls(), nullptr);
  const absl::Status status = RunTask(stream.StartTls(SettingsFor("mx.example", true)));
  EXPECT_EQ(GetNetError(status), NetError::kTlsUntrusted);
  ASSERT_NE(stream.tls(), nullptr);
  EXPECT_EQ(stream.tls()->verify_error, X509_V_ERR_CERT_HAS_EXPIRED);
  EXPECT_FALSE(stream.tls()->verified);
  EXPECT_TRUE(stream.tls()->name_matches);
}

TEST(ScriptedStream, DistrustIsOnlyRecordedWhenNotRequired) {
  ScriptedStream stream("C! starttls untrusted-name");
  EXPECT_TRUE(RunTask(stream.StartTls(SettingsFor("mx.example", false))).ok());
  EXPECT_FALSE(stream.tls()->verified);
  EXPECT_FALSE(stream.tls()->name_matches);
  EXPECT_EQ(stream.tls()->verify_error, X509_V_OK);
}

TEST(ScriptedStream, RefusesPlaintextBeforeTls) {
  ScriptedStream stream("S: 220 go\nS! raw 250 injected\\r\\n\nC! starttls");
  EXPECT_EQ(*RunTask(stream.ReadLine(512)), "220 go");
  const absl::Status status = RunTask(stream.StartTls(SettingsFor("mx.example", false)));
  EXPECT_EQ(GetNetError(status), NetError::kPlaintextInjection);
}

TEST(ScriptedStream, DelaysAndTimeoutsTakeTimeOnTheClock) {
  FakeClock clock;
  const absl::Duration start = clock.Steady();
  ScriptedStream stream("S! delay 1500ms\nS: 220 hi\nS! silence", &clock);
  EXPECT_EQ(*RunTask(stream.ReadLine(512)), "220 hi");
  EXPECT_EQ(clock.Steady() - start, absl::Milliseconds(1500));
  stream.SetTimeout(absl::Seconds(10));
  EXPECT_EQ(GetNetError(RunTask(stream.ReadLine(512)).status()), NetError::kTimeout);
  EXPECT_EQ(clock.Steady() - start, absl::Milliseconds(11500));
}

Task<absl::Status> ReadWithDeadline(Stream& stream, FakeClock& clock) {
  using boost::asio::experimental::awaitable_operators::operator||;
  auto both = co_await (stream.ReadLine(512) || clock.SleepFor(absl::Seconds(5)));
  co_return both.index() == 0 ? std::get<0>(both).status() : std::get<1>(both);
}

TEST(ScriptedStream, HangsUntilCancelled) {
  FakeClock clock;
  ScriptedStream stream("S! hang", &clock);
  EXPECT_TRUE(RunTask(ReadWithDeadline(stream, clock), clock).ok());
  EXPECT_EQ(GetNetError(RunTask(stream.Write("x"))), NetError::kCancelled);
}

Task<NetError> DialOnce(Dialer& dialer, Address address) {
  auto stream = co_await dialer.Dial(address, absl::Seconds(3));
  if (!stream.ok()) co_return GetNetError(stream.status()).value();
  auto line = co_await (*stream)->ReadLine(512);
  co_return line.ok() ? NetError::kOther : GetNetError(line.status()).value();
}

TEST(ScriptedDialer, PrefersTheVeryAddress) {
  ScriptedDialer dialer;
  dialer.AddFailure(NetError::kRefused);
  dialer.AddFor("198.18.11.2:25", "S: 220 hi");
  EXPECT_EQ(RunTask(DialOnce(dialer, Address{"198.18.11.2", 25})), NetError::kOther);
  EXPECT_EQ(RunTask(DialOnce(dialer, Address{"198.18.11.2", 25})), NetError::kRefused);
  EXPECT_EQ(dialer.dialed(), (std::vector<std::string>{"198.18.11.2:25", "198.18.11.2:25"}));
}

TEST(ScriptedDialer, ReportsDialsNobodyScripted) {
  ScriptedDialer dialer;
  EXPECT_NONFATAL_FAILURE(RunTask(DialOnce(dialer, Address{"::1", 25})), "[::1]:25");
}

TEST(ParseScript, ReportsWhatIsNoScriptLine) {
  EXPECT_NONFATAL_FAILURE(ParseScript("S: 220 hi\nT: x", "bad.txt"), "bad.txt:2");
}

}  // namespace
}  // namespace postwatch

#include "common/mail/log_line.h"

#include <gtest/gtest.h>

#include "common/base/text.h"
#include "common/model/failure_class.h"
#include "tests/unit/common/mail/mutations.h"

namespace postwatch {
namespace {

// "<event> <class> <rule>", or "nothing".
std::string Told(std::string_view line) {
  const std::optional<LogLine> read = ReadLogLine(line);
  if (!read.has_value()) return "nothing";
  const Classification cause = ClassifyLogLine(*read);
  if (read->event == LogEvent::kDelivered) return "delivered";
  EXPECT_TRUE(ParseFailureClass(cause.klass).has_value()) << cause.klass;
  return Concat(LogEventName(read->event), " ", cause.klass, " ", cause.rule);
}

// With what Postfix puts before the status.
std::string Smtp(std::string_view status) {
  return Concat(
      "Nov 23 10:00:00 relay postfix/smtp[4711]: 4Xy1Z2abc: to=<probe@b.example>, "
      "relay=mx1.b.example[192.0.2.1]:25, delay=1.2, delays=0.1/0/1/0.1, dsn=4.0.0, status=",
      status);
}

std::string Exim(std::string_view rest) {
  return Concat("2026-11-23 10:00:00 1abcDE-0001Ab-2C ", rest);
}

TEST(LogLine, PostfixDeliveries) {
  EXPECT_EQ(Told(Smtp("sent (250 2.0.0 Ok: queued as 4Xy1)")), "delivered");
  EXPECT_EQ(Told(Smtp("deferred (host mx1.b.example[192.0.2.1] said: 450 4.2.0 <probe@b.example>: "
                      "Recipient address rejected: Greylisted, see http://postgrey.example/ (in "
                      "reply to RCPT TO command))")),
            "deferred smtp_greylisted postgrey.greylisted");
  EXPECT_EQ(Told(Smtp("bounced (host mx1.b.example[192.0.2.1] said: 550-5.1.1 The email account "
                      "that you tried to reach does not exist. 550 5.1.1 Please try again - gsmtp "
                      "(in reply to RCPT TO command))")),
            "bounced smtp_mailbox_unknown_perm gmail.no-user");
  EXPECT_EQ(Told(Smtp("deferred (host mx1.b.example[192.0.2.1] refused to talk to me: 421 4.7.0 "
                      "mx1 Error: too many connections from 198.51.100.7)")),
            "deferred smtp_throttled_temp postfix.too-many-connections");
  EXPECT_EQ(Told(Smtp("bounced (host mx1.b.example[192.0.2.1] said: 552 5.3.4 Message size exceeds "
                      "fixed limit (in reply to MAIL FROM command))")),
            "bounced smtp_size text.size");
}

TEST(LogLine, TheStageOfAReplyIsToldByPostfix) {
  const auto read = ReadLogLine(
      Smtp("deferred (host mx[192.0.2.1] said: 451 4.3.0 queue file write error (in reply to end "
           "of DATA command))"));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->stage, SmtpStage::kFinal);
  ASSERT_TRUE(read->reply.has_value());
  EXPECT_EQ(read->reply->code, 451);
  EXPECT_EQ(read->reply->enhanced, "4.3.0");
  EXPECT_EQ(read->reply->text, "queue file write error");
}

TEST(LogLine, PostfixWithoutAReply) {
  const std::pair<const char*, const char*> cases[] = {
      {"deferred (connect to mx1.b.example[192.0.2.1]:25: Connection timed out)",
       "deferred tcp_timeout log.timeout"},
      {"deferred (connect to mx1.b.example[192.0.2.1]:25: Connection refused)",
       "deferred tcp_refused log.refused"},
      {"deferred (connect to mx1.b.example[2001:db8::1]:25: Network is unreachable)",
       "deferred net_unreachable log.unreachable"},
      {"bounced (Host or domain name not found. Name service error for name=b.example type=A: Host "
       "not found)",
       "bounced dns_nxdomain log.dns-no-name"},
      {"deferred (Host or domain name not found. Name service error for name=b.example type=MX: "
       "Host not found, try again)",
       "deferred dns_servfail log.dns-temporary"},
      {"deferred (lost connection with mx1.b.example[192.0.2.1] while receiving the initial server "
       "greeting)",
       "deferred conn_closed_early log.closed"},
      {"deferred (conversation with mx1.b.example[192.0.2.1] timed out while sending end of data "
       "-- message may be sent more than once)",
       "deferred read_timeout log.silent"},
      {"deferred (TLS is required, but was not offered by host mx1.b.example[192.0.2.1])",
       "deferred tls_not_offered log.tls-missing"},
      {"deferred (Cannot start TLS: handshake failure)",
       "deferred tls_handshake_failed log.tls-handshake"},
      {"deferred (Server certificate not trusted)", "deferred tls_untrusted_root log.certificate"},
      {"bounced (mail for b.example loops back to myself)", "bounced smtp_loop log.loop"},
      {"bounced (Domain b.example does not accept mail (nullMX))",
       "bounced dns_null_mx log.null-mx"},
      {"bounced (unknown user: \"nobody\")", "bounced smtp_mailbox_unknown_perm log.unknown-user"},
      {"deferred (delivery temporarily suspended: connect to mx[192.0.2.1]:25: Connection refused)",
       "deferred tcp_refused log.refused"},
      {"deferred (something nobody foresaw)", "deferred smtp_unclassified_4xx basic.unclassified"},
  };
  for (const auto& [status, told] : cases) EXPECT_EQ(Told(Smtp(status)), told) << status;
}

TEST(LogLine, PostfixRefusals) {
  const std::string prefix = "Nov 23 10:00:00 mx postfix/smtpd[99]: NOQUEUE: reject: ";
  const std::string suffix = "; from=<a@a.example> to=<b@b.example> proto=ESMTP helo=<a.example>";
  EXPECT_EQ(Told(prefix +
                 "RCPT from a.example[198.51.100.7]: 554 5.7.1 <b@c.example>: Relay access "
                 "denied" +
                 suffix),
            "rejected smtp_relay_denied_perm postfix.relay-denied");
  EXPECT_EQ(Told(prefix +
                 "RCPT from a.example[198.51.100.7]: 554 5.7.1 Service unavailable; Client "
                 "host [198.51.100.7] blocked using zen.spamhaus.org; Error: open resolver" +
                 suffix),
            "rejected smtp_rbl_query_error postfix.rbl-query-error");
  EXPECT_EQ(Told("2026-11-23T10:00:00+00:00 mx postfix/submission/smtpd[99]: NOQUEUE: reject: RCPT "
                 "from a.example[198.51.100.7]: 450 4.1.8 <a@a.invalid>: Sender address rejected: "
                 "Domain not found" +
                 suffix),
            "rejected smtp_sender_rejected_temp postfix.sender-rejected");
  EXPECT_EQ(Told("Nov 23 10:00:00 mx postfix/cleanup[5]: 4Xy1: milter-reject: END-OF-MESSAGE from "
                 "a.example[198.51.100.7]: 5.7.1 Spam message rejected" +
                 suffix),
            "rejected smtp_content_perm text.content");
  EXPECT_EQ(
      Told("Nov 23 10:00:00 mx postfix/smtpd[5]: warning: a.example[198.51.100.7]: SASL LOGIN "
           "authentication failed: UGFzc3dvcmQ6"),
      "rejected smtp_auth_failed text.auth");
}

TEST(LogLine, EximDeliveries) {
  EXPECT_EQ(Told(Exim("=> b@b.example R=dnslookup T=remote_smtp H=mx.b.example [192.0.2.1] C=\"250 "
                      "OK\"")),
            "delivered");
  EXPECT_EQ(Told(Exim("** b@b.example R=dnslookup T=remote_smtp H=mx.b.example [192.0.2.1]: SMTP "
                      "error from remote mail server after RCPT TO:<b@b.example>: 550 5.1.1 "
                      "<b@b.example>: User unknown")),
            "bounced smtp_mailbox_unknown_perm text.no-user");
  EXPECT_EQ(Told(Exim("== b@b.example R=dnslookup T=remote_smtp defer (-44) H=mx.b.example "
                      "[192.0.2.1]: SMTP error from remote mail server after RCPT "
                      "TO:<b@b.example>: 451 4.7.1 Greylisting in action, please come back later")),
            "deferred smtp_greylisted rspamd.greylisted");
  EXPECT_EQ(
      Told(Exim("== b@b.example R=dnslookup T=remote_smtp defer (110): Connection timed out")),
      "deferred tcp_timeout log.timeout");
  EXPECT_EQ(Told(Exim("== b@b.example R=dnslookup defer (-1): host lookup did not complete")),
            "deferred dns_servfail log.dns-temporary");
  EXPECT_EQ(Told(Exim("** b@b.example R=dnslookup T=remote_smtp: all relevant MX records point to "
                      "non-existent hosts")),
            "bounced dns_mx_no_address log.mx-without-address");
  EXPECT_EQ(Told(Exim("** b@b.example: Unrouteable address")),
            "bounced smtp_mailbox_unknown_perm log.unknown-user");
}

TEST(LogLine, EximRefusals) {
  EXPECT_EQ(Told("2026-11-23 10:00:00 H=(a.example) [198.51.100.7] F=<a@a.example> rejected RCPT "
                 "<b@c.example>: relay not permitted"),
            "rejected smtp_relay_denied_perm text.relay-denied");
  EXPECT_EQ(Told("2026-11-23 10:00:00 H=(a.example) [198.51.100.7] F=<a@a.example> temporarily "
                 "rejected RCPT <b@b.example>: Could not complete sender verify"),
            "rejected smtp_sender_rejected_temp text.sender");
  EXPECT_EQ(Told("2026-11-23 10:00:00 login authenticator failed for (a) [198.51.100.7]: 535 "
                 "Incorrect authentication data (set_id=somebody)"),
            "rejected smtp_auth_failed text.auth");
}

TEST(LogLine, OtherLinesTellNothing) {
  for (const char* line :
       {"", "postfix", "Nov 23 10:00:00 relay postfix/qmgr[1]: 4Xy1: removed",
        "Nov 23 10:00:00 relay postfix/smtpd[1]: connect from a.example[198.51.100.7]",
        "Nov 23 10:00:00 relay sshd[1]: reject: RCPT from x: 550 no",
        "2026-11-23 10:00:00 1abcDE-0001Ab-2C Completed", "2026-11-23 10:00:00 Start queue run",
        "550 5.1.1 no such user"}) {
    EXPECT_EQ(Told(line), "nothing") << line;
  }
}

TEST(LogLine, SurvivesMutations) {
  const std::string seeds[] = {
      Smtp("deferred (host mx[192.0.2.1] said: 450-4.2.0 a 450 4.2.0 b (in reply to RCPT TO "
           "command))"),
      "Nov 23 10:00:00 mx postfix/smtpd[9]: NOQUEUE: reject: RCPT from a[198.51.100.7]: 554 5.7.1 "
      "<c@c.example>: Relay access denied; from=<a@a.example>",
      Exim("== b@b.example R=r T=t defer (-44) H=mx [192.0.2.1]: SMTP error from remote mail "
           "server after RCPT TO:<b@b.example>: 451 4.7.1 Greylisted"),
      "2026-11-23 10:00:00 H=(a) [198.51.100.7] F=<a@a.example> rejected RCPT <c@c.example>: no"};
  for (const std::string& seed : seeds) {
    for (const std::string& line : Mutations(seed, 500)) {
      const std::optional<LogLine> read = ReadLogLine(line);
      if (!read.has_value()) continue;
      const bool delivered = read->event == LogEvent::kDelivered;
      ASSERT_EQ(ClassifyLogLine(*read).klass.empty(), delivered) << line;
    }
  }
}

TEST(LogLine, RepliesAreReadAsLogged) {
  const auto reply = ReadLoggedReply("550-5.7.1 first line 550-5.7.1 second 550 5.7.1 last");
  ASSERT_TRUE(reply.has_value());
  EXPECT_EQ(reply->code, 550);
  EXPECT_EQ(reply->enhanced, "5.7.1");
  EXPECT_EQ(reply->text, "first line\nsecond\nlast");
  EXPECT_EQ(ReadLoggedReply("553 sorry (#5.7.1)")->enhanced, "");
  EXPECT_EQ(ReadLoggedReply("450")->text, "");
  EXPECT_FALSE(ReadLoggedReply("600 no").has_value());
  EXPECT_FALSE(ReadLoggedReply("12 550 no").has_value());
  EXPECT_LE(ReadLoggedReply("550 " + std::string(100000, 'x'))->text.size(), 2048u);
}

}  // namespace
}  // namespace postwatch

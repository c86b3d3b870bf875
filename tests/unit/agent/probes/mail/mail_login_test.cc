#include "agent/probes/mail/mail_login.h"

#include <gmock/gmock.h>

#include "common/base/text.h"
#include "common/mail/peer_text.h"
#include "tests/support/probe_fixture.h"

namespace postwatch::agent {
namespace {

using testing::HasSubstr;

constexpr std::string_view kToken = "ya29.access-token/1";
constexpr std::string_view kFresh = "ya29.access-token/2";
constexpr std::string_view kRefresh = "1//refresh-token";
constexpr std::string_view kClient = "client-secret&1";

// Logs in by smtp.submit, over which every mechanism can be seen.
class MailLoginTest : public ProbeFixture {
 protected:
  MailLoginTest() {
    resolver_.On("mail.alpha.test", RrType::kA, AddressReply({"192.0.2.3"}));
    resolver_.On("login.alpha.test", RrType::kA, AddressReply({"192.0.2.9"}));
    secrets_["refresh"] = std::string(kRefresh);
    secrets_["client"] = std::string(kClient);
  }

  static std::string ToAuth(const std::string& offer) {
    return Concat(
        "S: 220 mail ESMTP\nC: EHLO agent.example.net\nS: 250-mail\nS: 250 STARTTLS\nC: STARTTLS\n"
        "S: 220 go\nC! starttls\nC: EHLO agent.example.net\nS: 250-mail\nS: 250 AUTH ",
        offer, "\n");
  }
  static std::string Bye() { return "C: QUIT\nS: 221 bye\n"; }

  void Mail(const std::string& script) { scripted_.AddFor("192.0.2.3:587", script); }

  // One answer of the token endpoint.
  void Endpoint(int status, const std::string& body) {
    scripted_.AddFor(
        "192.0.2.9:443",
        Concat("C! starttls\nC: POST /token HTTP/1.1\nC: Host: login.alpha.test\n"
               "C: Connection: close\n"
               "C: Content-Type: application/x-www-form-urlencoded\n"
               "C: Accept: application/json\nC: Content-Length: *\nC:\n"
               "C= grant_type=refresh_token&client_id=c1&refresh_token="
               "1%2F%2Frefresh-token&client_secret=client-secret%261&scope=mail\n"
               "S: HTTP/1.1 ",
               status, " Said\nS: Content-Length: ", body.size(), "\nS:\nS! raw ", body, "\n"));
  }
  void EndpointGives(std::string_view token) {
    Endpoint(200, Concat(R"({"access_token":")", token, R"(","expires_in":3600})"));
  }

  CheckSpec Submit(std::vector<std::string> auth = {}, bool oauth = false) {
    Settings mailbox = MailboxKeys();
    if (oauth) {
      mailbox = Keys({{"address", Text("probe@alpha.test")},
                      {"submission", Keys({{"host", Text("mail.alpha.test")}})},
                      {"oauth2", Keys({{"token_url", Text("https://login.alpha.test/token")},
                                       {"client_id", Text("c1")},
                                       {"client_secret", Keys({{"env", Text("client")}})},
                                       {"refresh_token", Keys({{"env", Text("refresh")}})},
                                       {"scope", Text("mail")}})}});
    }
    if (!auth.empty()) mailbox.Set("auth", Texts(std::move(auth)));
    return Spec("smtp.submit", Keys({{"mailbox", mailbox}, {"envelope", Text("false")}}));
  }
  Observation RunSafely(Probe& probe, const CheckSpec& spec) {
    Observation seen = RunAll(probe, spec).front();
    for (const std::string_view secret : {kPassword, kToken, kFresh, kRefresh, kClient}) {
      ExpectNoSecret(seen, secret);
    }
    return seen;
  }
  Observation RunOn(const CheckSpec& spec) {
    const std::unique_ptr<Probe> probe = Make(spec);
    return RunSafely(*probe, spec);
  }

  static std::string Bearer(std::string_view token) {
    return Base64(Concat("user=probe@alpha.test\x01", "auth=Bearer ", token, "\x01\x01"));
  }
};

TEST_F(MailLoginTest, TheBestMechanismIsTaken) {
  Mail(Concat(ToAuth("LOGIN PLAIN"), "C: AUTH PLAIN *\nS: 235 in\n", Bye()));
  const Observation plain = RunOn(Submit());
  EXPECT_EQ(Summary(plain), "pass");
  EXPECT_EQ(plain.evidence.facts.at("auth.mechanism"), "PLAIN");
  Mail(Concat(ToAuth("LOGIN PLAIN"),
              "C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: *\nS: 334 UGFzc3dvcmQ6\n",
              "C: *\nS: 235 in\n", Bye()));
  EXPECT_EQ(RunOn(Submit({"LOGIN"})).evidence.facts.at("auth.mechanism"), "LOGIN");
}

TEST_F(MailLoginTest, NoMechanismOfOurs) {
  Mail(ToAuth("NTLM GSSAPI"));
  const Observation seen = RunOn(Submit());
  EXPECT_EQ(Summary(seen), "fail smtp_auth_method at auth");
  EXPECT_EQ(seen.failure->detail,
            "the server offers none of SCRAM-SHA-256, SCRAM-SHA-1, PLAIN, LOGIN, but: NTLM GSSAPI");
  Mail(ToAuth("PLAIN LOGIN"));
  EXPECT_EQ(RunOn(Submit({"SCRAM-SHA-256"})).failure->detail,
            "the server offers none of SCRAM-SHA-256, but: PLAIN LOGIN");
}

TEST_F(MailLoginTest, AServerThatDoesNotProveItselfIsNotBelieved) {
  Mail(Concat(ToAuth("PLAIN SCRAM-SHA-256"), "C: AUTH SCRAM-SHA-256 *\nS: 235 welcome\n"));
  const Observation seen = RunOn(Submit());
  EXPECT_EQ(Summary(seen), "fail sasl_server_unverified at auth");
  Mail(Concat(ToAuth("PLAIN SCRAM-SHA-256"), "C: AUTH SCRAM-SHA-256 *\nS: 334 ",
              Base64("r=foreign,s=W22ZaJ0S,i=4096"), "\nC: *\nS: 501 cancelled\n"));
  EXPECT_EQ(Summary(RunOn(Submit())), "fail sasl_server_unverified at auth");
}

TEST_F(MailLoginTest, ATokenIsFetchedOnceAndKept) {
  EndpointGives(kToken);
  const std::string session =
      Concat(ToAuth("PLAIN XOAUTH2"), "C: AUTH XOAUTH2 ", Bearer(kToken), "\nS: 235 in\n", Bye());
  Mail(session);
  Mail(session);
  const CheckSpec spec = Submit({}, true);
  const std::unique_ptr<Probe> probe = Make(spec);
  const Observation first = RunSafely(*probe, spec);
  EXPECT_EQ(Summary(first), "pass");
  EXPECT_EQ(StepsText(first),
            "dns connect banner ehlo starttls tls ehlo2 auth dns connect tls http auth quit");
  EXPECT_EQ(TouchedText(first),
            "resolver:192.0.2.53:53 zone:alpha.test svc:alpha/submission provider:alpha "
            "site:192.0.2.3 cert:mail.alpha.test auth:alpha acct:probe@alpha.test");
  const Observation second = RunSafely(*probe, spec);
  EXPECT_EQ(Summary(second), "pass");
  EXPECT_EQ(StepsText(second), "dns connect banner ehlo starttls tls ehlo2 auth quit");
}

TEST_F(MailLoginTest, AKeptTokenThatIsRefusedIsFetchedAnew) {
  EndpointGives(kToken);
  Mail(Concat(ToAuth("XOAUTH2"), "C: AUTH XOAUTH2 ", Bearer(kToken), "\nS: 235 in\n", Bye()));
  const CheckSpec spec = Submit({}, true);
  const std::unique_ptr<Probe> probe = Make(spec);
  EXPECT_EQ(Summary(RunSafely(*probe, spec)), "pass");
  EndpointGives(kFresh);
  Mail(Concat(ToAuth("XOAUTH2"), "C: AUTH XOAUTH2 ", Bearer(kToken), "\nS: 334 ",
              Base64(R"({"status":"401","schemes":"bearer"})"), "\nC:\n",
              "S: 535 5.7.8 Username and Password not accepted.\nC: AUTH XOAUTH2 ", Bearer(kFresh),
              "\nS: 235 in\n", Bye()));
  EXPECT_EQ(Summary(RunSafely(*probe, spec)), "pass");
}

TEST_F(MailLoginTest, AFreshTokenThatIsRefusedIsTheAccounts) {
  EndpointGives(kToken);
  Mail(Concat(ToAuth("XOAUTH2"), "C: AUTH XOAUTH2 *\nS: 334 e30=\nC:\n",
              "S: 535 5.7.8 Username and Password not accepted.\n"));
  EXPECT_EQ(Summary(RunOn(Submit({}, true))), "fail smtp_auth_failed at auth");
}

TEST_F(MailLoginTest, ATokenEndpointThatIsDownIsNotTheMailServers) {
  scripted_.AddFailureFor("192.0.2.9:443", NetError::kRefused);
  Mail(ToAuth("XOAUTH2"));
  const Observation down = RunOn(Submit({}, true));
  EXPECT_EQ(Summary(down), "fail oauth_token_endpoint at connect");
  EXPECT_THAT(down.failure->detail,
              HasSubstr("the token endpoint login.alpha.test could not be asked: tcp_refused"));
  EXPECT_THAT(TouchedText(down), HasSubstr("site:192.0.2.9"));
  Endpoint(503, "<html>busy</html>");
  Mail(ToAuth("XOAUTH2"));
  const Observation busy = RunOn(Submit({}, true));
  EXPECT_EQ(Summary(busy), "fail oauth_token_endpoint at http");
  EXPECT_EQ(busy.failure->detail, "the token endpoint login.alpha.test said 503");
}

TEST_F(MailLoginTest, WhatTheTokenEndpointRefuses) {
  Endpoint(400, R"({"error":"invalid_grant","error_description":"Bad Request"})");
  Mail(ToAuth("XOAUTH2"));
  const Observation revoked = RunOn(Submit({}, true));
  EXPECT_EQ(Summary(revoked), "fail smtp_auth_failed at http");
  EXPECT_EQ(revoked.failure->detail,
            "the token endpoint login.alpha.test said 400 invalid_grant: Bad Request");
  Endpoint(400,
           R"({"error":"invalid_grant","error_description":"Token has been expired or revoked."})");
  Mail(ToAuth("XOAUTH2"));
  EXPECT_EQ(Summary(RunOn(Submit({}, true))), "fail smtp_token_expired at http");
  Endpoint(429, R"({"error":"slow_down"})");
  Mail(ToAuth("XOAUTH2"));
  EXPECT_EQ(Summary(RunOn(Submit({}, true))), "fail oauth_token_endpoint at http");
  Endpoint(200, R"({"token_type":"Bearer"})");
  Mail(ToAuth("XOAUTH2"));
  EXPECT_EQ(Summary(RunOn(Submit({}, true))), "fail oauth_token_endpoint at http");
}

TEST_F(MailLoginTest, WithoutATokenMechanismTheEndpointIsNotAsked) {
  Mail(ToAuth("PLAIN LOGIN"));
  const Observation seen = RunOn(Submit({}, true));
  EXPECT_EQ(Summary(seen), "fail smtp_auth_method at auth");
  EXPECT_EQ(scripted_.dialed().size(), 1u);
}

TEST_F(MailLoginTest, ASecretThatCannotBeReadSaysNothingOfTheServer) {
  secrets_.erase("refresh");
  Mail(ToAuth("XOAUTH2"));
  EXPECT_EQ(Summary(RunOn(Submit({}, true))),
            "not_tested: the refresh token could not be read: no secret refresh");
}

}  // namespace
}  // namespace postwatch::agent

#include "collector/alert/webhook_sink.h"

#include <gtest/gtest.h>

#include "collector/alert/alert_text.h"
#include "collector/model/incident_json.h"
#include "tests/support/fake_clock.h"
#include "tests/support/incident_samples.h"

namespace postwatch::collector {
namespace {

std::string Body(const Alert& alert) {
  return WebhookBody(DeliveryOf(alert, "people"), "https://pw.test");
}

TEST(WebhookBody, HoldsTheIncidentAndItsKeys) {
  const Alert alert = AlertOf(AccessOutage(), AlertEvent::kOpened, 3);
  JsonWriter incident;
  WriteIncident(incident, alert.incident);
  EXPECT_EQ(Body(alert),
            R"({"version":1,"event":"incident.opened",)"
            R"("delivery_id":"inc-0123456789ab/3/people",)"
            R"("dedup_key":"postwatch:inc-0123456789ab","decided":"2026-11-02T12:00:00.000Z",)"
            R"("title":"[SEV2] alpha.test access: tcp_refused, 2/3 regions","text":)" +
                JsonString(AlertBody(alert)) +
                R"(,"url":"https://pw.test/#inc-0123456789ab","incident":)" + incident.Take() +
                "}");
}

TEST(WebhookBody, NamesEachEvent) {
  const auto event_of = [](AlertEvent event) {
    const std::string body = Body(AlertOf(AccessOutage(), event));
    const size_t at = body.find("\"incident.") + 1;
    return body.substr(at, body.find('"', at) - at);
  };
  EXPECT_EQ(event_of(AlertEvent::kOpened), "incident.opened");
  EXPECT_EQ(event_of(AlertEvent::kChanged), "incident.updated");
  EXPECT_EQ(event_of(AlertEvent::kReminder), "incident.reminder");
  EXPECT_EQ(event_of(AlertEvent::kResolved), "incident.resolved");
}

// Made with: printf '1793620800.{"a":1}' | openssl dgst -sha256 -hmac 'shared secret'
TEST(WebhookSignature, IsTheHmacThatOthersCompute) {
  EXPECT_EQ(WebhookSignature(Secret("shared secret"), "1793620800", R"({"a":1})"),
            "v1=285fee580adefa291ce462c2d1e7fa62fd4dfb1e8ed9c447fd82b18730f3aa68");
  EXPECT_EQ(WebhookSignature(Secret("Jefe"), "", ""),
            "v1=ac321228397aa05e9ff840c7642ff8a3cd8f3003fb4e97a786a2f4b854c73e14");
  // A key longer than the hash's block is hashed first (RFC 2104 section 2).
  EXPECT_EQ(WebhookSignature(Secret(std::string(131, '\xaa')), "1", "x"),
            "v1=06093097340440b9ba1b886c6163be3c0a38f6c8fad1cfbe9ab4cbd8347d8283");
}

class WebhookSinkTest : public testing::Test {
 protected:
  // The mistakes made in `settings`, after the sink's Make.
  std::vector<std::string> Make(Settings settings) {
    Mistakes mistakes;
    SettingsReader in(settings, "alerting.sinks[0]", mistakes);
    sink = MakeWebhookSink(in, deps);
    in.Finish();
    return mistakes.lines();
  }

  static Settings With(std::string url, Settings secret) {
    Settings settings = Settings::Map("c.yaml:4");
    settings.Set("url", Settings::Scalar(std::move(url), "c.yaml:5"));
    settings.Set("secret", std::move(secret));
    return settings;
  }

  static Settings SecretOf(std::vector<std::pair<std::string, std::string>> entries) {
    Settings secret = Settings::Map("c.yaml:6");
    for (auto& [key, value] : entries) secret.Set(key, Settings::Scalar(value, "c.yaml:7"));
    return secret;
  }

  FakeClock clock;
  SinkDeps deps{.clock = clock,
                .external_url = "https://pw.test",
                .secrets = [](const SecretReference& reference) -> absl::StatusOr<Secret> {
                  return absl::NotFoundError("no file " + reference.file);
                }};
  std::unique_ptr<AlertSink> sink;
};

using Lines = std::vector<std::string>;

TEST_F(WebhookSinkTest, TakesAUrlAndASecretOfOneSource) {
  EXPECT_EQ(Make(With("https://hook.test/x", SecretOf({{"file", "/s"}}))), Lines{});
  EXPECT_EQ(Make(With("http://hook.test/x", SecretOf({{"env", "S"}}))), Lines{});
}

TEST_F(WebhookSinkTest, TellsEveryMistake) {
  EXPECT_EQ(Make(Settings::Map("c.yaml:4")),
            (Lines{"c.yaml:4: alerting.sinks[0].url: is missing",
                   "c.yaml:4: alerting.sinks[0].secret: is missing: give {file: PATH} or {env: "
                   "NAME}"}));
  EXPECT_EQ(Make(With("ftp://hook.test/", SecretOf({{"file", "/s"}, {"env", "S"}, {"text", "x"}}))),
            (Lines{"c.yaml:5: alerting.sinks[0].url: must start with https:// or http://",
                   "c.yaml:7: alerting.sinks[0].secret.text: is not a known key",
                   "c.yaml:6: alerting.sinks[0].secret: needs exactly one of file and env"}));
  EXPECT_EQ(Make(With("https://", SecretOf({{"file", "/s"}}))),
            Lines{"c.yaml:5: alerting.sinks[0].url: names no host, or a port that is none"});
}

TEST_F(WebhookSinkTest, ASecretWrittenIntoTheFileIsRefusedAndNotRepeated) {
  const Lines lines = Make(With("https://hook.test/", Settings::Scalar("hunter2", "c.yaml:6")));
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0],
            "c.yaml:6: alerting.sinks[0].secret: must be a reference, {file: PATH} or {env: NAME}, "
            "never the secret itself");
}

TEST_F(WebhookSinkTest, WithoutItsSecretItTriesAgainLater) {
  Make(With("http://192.0.2.1/", SecretOf({{"file", "/run/hook"}})));
  const absl::Status status = sink->Send(DeliveryOf(AlertOf(AccessOutage(), {}), "people"));
  EXPECT_EQ(status, absl::UnavailableError("no file /run/hook"));
}

}  // namespace
}  // namespace postwatch::collector

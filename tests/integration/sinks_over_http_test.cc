// The sinks that speak HTTP, and what arrives at the other end.
#include <gtest/gtest.h>

#include "collector/alert/alert_sink.h"
#include "collector/alert/webhook_sink.h"
#include "common/base/text.h"
#include "tests/support/http_fixture.h"
#include "tests/support/incident_samples.h"
#include "tests/support/shared_clock.h"
#include "tests/support/test_server.h"

namespace postwatch::collector {
namespace {

class SinksOverHttpTest : public testing::Test {
 protected:
  std::unique_ptr<AlertSink> Make(std::string_view type, const Settings& settings) {
    Mistakes mistakes;
    auto sink = MakeBuiltinSink(type, settings, "sink", deps, mistakes);
    EXPECT_TRUE(mistakes.empty()) << mistakes.ToStatus();
    return sink;
  }
  std::unique_ptr<AlertSink> Alertmanagers(const std::vector<std::string>& urls) {
    std::vector<Settings> items;
    for (const std::string& url : urls) items.push_back(Settings::Scalar(url));
    Settings settings = Settings::Map();
    settings.Set("urls", Settings::List(std::move(items)));
    return Make("alertmanager", settings);
  }

  SharedClock clock;
  SinkDeps deps{.clock = clock,
                .external_url = "https://pw.test",
                .secrets = [](const SecretReference&) -> absl::StatusOr<Secret> {
                  return Secret("shared secret");
                }};
  Delivery opened = DeliveryOf(AlertOf(AccessOutage(), AlertEvent::kOpened), "people");
};

TEST_F(SinksOverHttpTest, TheWebhookSignsWhatItSends) {
  HttpFixture receiver(HttpResponse{.status = 204});
  Settings settings = Settings::Map(), secret = Settings::Map();
  secret.Set("file", Settings::Scalar("/run/secret"));
  settings.Set("secret", secret);
  settings.Set("url", Settings::Scalar(receiver.Url("/hook")));
  const absl::Status status = Make("webhook", settings)->Send(opened);
  ASSERT_TRUE(status.ok()) << status;
  const HttpRequest request = receiver.requests().at(0);
  EXPECT_EQ(request.body, WebhookBody(opened, "https://pw.test"));
  EXPECT_EQ(request.headers.at("content-type"), "application/json");
  EXPECT_EQ(request.headers.at("x-postwatch-timestamp"), "1793620800");
  EXPECT_EQ(request.headers.at("x-postwatch-signature"),
            WebhookSignature(Secret("shared secret"), "1793620800", request.body));
}

TEST_F(SinksOverHttpTest, OneAlertmanagerIsEnough) {
  HttpFixture first(HttpResponse{}), second(HttpResponse{});
  const std::string down = Concat("http://", AddressText(RefusingAddress()));
  EXPECT_TRUE(Alertmanagers({first.Url("/"), second.Url("/am")})->Send(opened).ok());
  EXPECT_TRUE(Alertmanagers({down, first.Url("")})->Send(opened).ok());
  EXPECT_EQ(Alertmanagers({down, down})->Send(opened).code(), absl::StatusCode::kUnavailable);
  ASSERT_EQ(first.requests().size(), 2u);
  EXPECT_EQ(first.requests()[0].path, "/api/v2/alerts");
  ASSERT_EQ(second.requests().size(), 1u);
  EXPECT_EQ(second.requests()[0].path, "/am/api/v2/alerts");
  EXPECT_EQ(second.requests()[0].body, first.requests()[0].body);
}

TEST_F(SinksOverHttpTest, AlertmanagerIsRemindedUntilFiveMinutesAfterTheEnd) {
  HttpFixture receiver(HttpResponse{});
  const auto last_ends = [&receiver] {
    const std::string body = receiver.requests().back().body;
    const size_t at = body.find("\"endsAt\":\"") + 10;
    return body.substr(at, 24);
  };
  const std::unique_ptr<AlertSink> sink = Alertmanagers({receiver.Url("")});
  sink->Resume({opened.alert});
  ASSERT_TRUE(sink->Refresh().ok());
  EXPECT_EQ(last_ends(), "2026-11-02T12:05:00.000Z");
  clock.Advance(absl::Minutes(5));
  ASSERT_TRUE(
      sink->Send(DeliveryOf(AlertOf(ResolvedOutage(), AlertEvent::kResolved, 2), "people")).ok());
  clock.Advance(absl::Minutes(5));
  ASSERT_TRUE(sink->Refresh().ok());
  EXPECT_EQ(receiver.requests().size(), 3u);
  EXPECT_EQ(last_ends(), "2026-11-02T12:05:00.000Z");
  clock.Advance(absl::Seconds(1));
  ASSERT_TRUE(sink->Refresh().ok());
  EXPECT_EQ(receiver.requests().size(), 3u);
}

}  // namespace
}  // namespace postwatch::collector

#include "collector/alert/webhook_sink.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "absl/strings/escaping.h"
#include "collector/alert/alert_text.h"
#include "collector/alert/http_post.h"
#include "collector/model/incident_json.h"
#include "common/base/text.h"

namespace postwatch::collector {
namespace {

std::string_view EventWord(AlertEvent event) {
  switch (event) {
    case AlertEvent::kOpened:
      return "incident.opened";
    case AlertEvent::kChanged:
      return "incident.updated";
    case AlertEvent::kReminder:
      return "incident.reminder";
    case AlertEvent::kResolved:
      return "incident.resolved";
  }
  return "incident.updated";
}

class WebhookSink : public AlertSink {
 public:
  WebhookSink(std::string url, SecretReference secret, std::string ca_file, const SinkDeps& deps)
      : url_(std::move(url)),
        secret_(std::move(secret)),
        ca_file_(std::move(ca_file)),
        deps_(deps) {}

  absl::Status Send(const Delivery& delivery) override {
    absl::StatusOr<Secret> secret = deps_.secrets(secret_);
    if (!secret.ok()) return absl::UnavailableError(secret.status().message());
    const std::string body = WebhookBody(delivery, deps_.external_url);
    const std::string timestamp = Concat(absl::ToUnixSeconds(deps_.clock.Now()));
    return SendPost(
        {.url = url_,
         .headers = {"Content-Type: application/json", Concat("X-Postwatch-Timestamp: ", timestamp),
                     Concat("X-Postwatch-Signature: ", WebhookSignature(*secret, timestamp, body))},
         .body = body,
         .ca_file = ca_file_});
  }

 private:
  std::string url_;
  SecretReference secret_;
  std::string ca_file_;
  SinkDeps deps_;
};

}  // namespace

std::string WebhookBody(const Delivery& delivery, std::string_view external_url) {
  const Alert& alert = delivery.alert;
  JsonWriter out;
  out.BeginObject();
  out.Field("version", 1);
  out.Field("event", EventWord(alert.event));
  out.Field("delivery_id", delivery.id);
  out.Field("dedup_key", alert.dedup_key);
  out.Field("decided", JsonTime(alert.decided));
  out.Field("title", AlertTitle(alert));
  out.Field("text", AlertBody(alert));
  out.Field("url", Concat(external_url, "/#", alert.incident.id));
  out.Key("incident");
  WriteIncident(out, alert.incident);
  out.EndObject();
  return out.Take();
}

std::string WebhookSignature(const Secret& secret, std::string_view timestamp,
                             std::string_view body) {
  const std::string signed_text = Concat(timestamp, ".", body);
  unsigned char mac[EVP_MAX_MD_SIZE];
  unsigned int length = 0;
  HMAC(EVP_sha256(), secret.Reveal().data(), static_cast<int>(secret.Reveal().size()),
       reinterpret_cast<const unsigned char*>(signed_text.data()), signed_text.size(), mac,
       &length);
  return Concat(
      "v1=", absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(mac), length)));
}

std::unique_ptr<AlertSink> MakeWebhookSink(SettingsReader& settings, const SinkDeps& deps) {
  std::string url = settings.RequiredString("url");
  const std::string wrong = url.empty() ? "" : UrlMistake(url);
  if (!wrong.empty()) settings.Complain("url", wrong);
  SecretReference secret = settings.RequiredSecret("secret");
  std::string ca_file = settings.String("ca_file", "");
  return std::make_unique<WebhookSink>(std::move(url), std::move(secret), std::move(ca_file), deps);
}

}  // namespace postwatch::collector

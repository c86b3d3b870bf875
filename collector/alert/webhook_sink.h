// Webhook sink: posts the incident as JSON, signed, with an idempotency key (docs/api.md).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "collector/alert/alert_sink.h"

namespace postwatch::collector {

// Settings: url (required), secret {file|env} (required: unsigned webhooks can be forged), ca_file.
std::unique_ptr<AlertSink> MakeWebhookSink(SettingsReader& settings, const SinkDeps& deps);

// The body of one delivery.
std::string WebhookBody(const Delivery& delivery, std::string_view external_url);

// "v1=" and the hex HMAC-SHA-256 of timestamp + "." + body.
std::string WebhookSignature(const Secret& secret, std::string_view timestamp,
                             std::string_view body);

}  // namespace postwatch::collector

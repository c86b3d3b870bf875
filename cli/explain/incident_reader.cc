#include "cli/explain/incident_reader.h"

#include <array>
#include <boost/json.hpp>
#include <string>

#include "cli/printable.h"
#include "common/base/text.h"

namespace postwatch::cli {
namespace {

namespace json = boost::json;
using collector::Incident;
using collector::Verdict;
using collector::VerdictEvidence;

constexpr size_t kMaxItems = 10000;  // of any list in an incident

const json::value* Find(const json::object& object, std::string_view key) {
  return object.if_contains(json::string_view(key.data(), key.size()));
}

std::string Text(const json::value& value) {
  return value.is_string() ? Printable(std::string_view(value.as_string())) : "";
}

std::string Text(const json::object& object, std::string_view key) {
  const json::value* value = Find(object, key);
  return value == nullptr ? "" : Text(*value);
}

double Number(const json::object& object, std::string_view key) {
  const json::value* value = Find(object, key);
  if (value == nullptr || !value->is_number()) return 0;
  return value->is_double()  ? value->as_double()
         : value->is_int64() ? static_cast<double>(value->as_int64())
                             : static_cast<double>(value->as_uint64());
}

int64_t Count(const json::object& object, std::string_view key) {
  const json::value* value = Find(object, key);
  return value != nullptr && value->is_int64() ? value->as_int64() : 0;
}

std::optional<absl::Time> Time(const json::object& object, std::string_view key) {
  absl::Time time;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, Text(object, key), &time, &error)) return std::nullopt;
  return time;
}

const json::object& Object(const json::object& object, std::string_view key) {
  static const json::object kNone;
  const json::value* value = Find(object, key);
  return value != nullptr && value->is_object() ? value->get_object() : kNone;
}

template <class Take>
void ForEach(const json::object& object, std::string_view key, Take take) {
  const json::value* value = Find(object, key);
  if (value == nullptr || !value->is_array()) return;
  size_t taken = 0;
  for (const json::value& item : value->get_array()) {
    if (++taken > kMaxItems) return;
    take(item);
  }
}

template <class Take>
void ForEachObject(const json::object& object, std::string_view key, Take take) {
  ForEach(object, key, [&](const json::value& item) {
    if (item.is_object()) take(item.get_object());
  });
}

std::vector<std::string> Texts(const json::object& object, std::string_view key) {
  std::vector<std::string> texts;
  ForEach(object, key, [&](const json::value& item) { texts.push_back(Text(item)); });
  return texts;
}

// Which of `values` is called so.
template <class Enum, size_t kSize>
Enum Named(const std::string& name, const std::array<Enum, kSize>& values,
           std::string_view (*name_of)(Enum), Enum fallback) {
  for (const Enum value : values) {
    if (name_of(value) == name) return value;
  }
  return fallback;
}

ComponentRef Component(const std::string& text) {
  const size_t colon = text.find(':');
  if (colon == text.npos) return {.kind = "", .name = text};
  return {text.substr(0, colon), text.substr(colon + 1)};
}

VerdictEvidence ReadEvidence(const json::object& in) {
  VerdictEvidence out{.failures = Count(in, "failures"),
                      .passes = Count(in, "passes"),
                      .gain = Number(in, "gain"),
                      .agents = Texts(in, "agents"),
                      .networks = Texts(in, "networks"),
                      .observation_ids = Texts(in, "observations"),
                      .replies = Texts(in, "replies"),
                      .bounded = Number(in, "bounded"),
                      .odds = Number(in, "odds"),
                      .share = Number(in, "share"),
                      .reach = Number(in, "reach"),
                      .looked = Count(in, "looked"),
                      .against = Count(in, "against")};
  const json::object& classes = Object(in, "classes");
  for (const auto& [name, count] : classes) {
    if (count.is_int64()) out.classes[Printable(std::string_view(name))] = count.get_int64();
  }
  for (const auto& [agent, reason] : Object(in, "masked")) {
    out.masked[Printable(std::string_view(agent))] = Text(reason);
  }
  return out;
}

Verdict ReadVerdict(const json::object& in) {
  using enum collector::VerdictLevel;
  using enum collector::Severity;
  using enum collector::MailLoss;
  Verdict out{.component = Component(Text(in, "component")),
              .klass = ParseFailureClass(Text(in, "class")).value_or(FailureClass::kUnspecified),
              .level = Named(Text(in, "level"), std::array{kReal, kLocal, kInsufficientVisibility},
                             collector::VerdictLevelName, kLocal),
              .leg = ParseLeg(Text(in, "leg")).value_or(Leg::kControl),
              .severity = Named(Text(in, "severity"), std::array{kSev1, kSev2, kSev3, kSev4},
                                collector::SeverityName, kSev4),
              .mail_loss = Named(Text(in, "mail_loss"),
                                 std::array{kNone, kQueued, kRejected, kAtRisk, kAccessible},
                                 collector::MailLossName, kNone),
              .provider = Text(in, "provider"),
              .targets = Texts(in, "targets"),
              .targets_hit = Count(in, "targets_hit"),
              .confidence = Number(in, "confidence"),
              .failing_share = Number(in, "failing_share"),
              .evidence = ReadEvidence(Object(in, "evidence")),
              .explanation = Text(in, "explanation")};
  ForEachObject(in, "scope", [&](const json::object& row) {
    out.scope.push_back({.region = Text(row, "region"),
                         .failing = static_cast<int>(Count(row, "failing")),
                         .healthy = static_cast<int>(Count(row, "healthy")),
                         .masked = static_cast<int>(Count(row, "masked"))});
  });
  ForEachObject(in, "alternatives", [&](const json::object& other) {
    out.alternatives.push_back({.component = Component(Text(other, "component")),
                                .confidence = Number(other, "confidence"),
                                .deciding = Text(other, "deciding")});
  });
  return out;
}

absl::StatusOr<Incident> Read(const json::object& in) {
  Incident out{.id = Text(in, "id"),
               .state = Text(in, "state") == "resolved" ? collector::IncidentState::kResolved
                                                        : collector::IncidentState::kOpen,
               .verdict = ReadVerdict(in)};
  const std::optional<absl::Time> started = Time(in, "started");
  if (out.id.empty() || !started) return absl::InvalidArgumentError("that is no incident");
  const json::value* alerting = Find(in, "alerting");
  out.alerting = alerting != nullptr && alerting->is_bool() && alerting->get_bool();
  out.started = *started;
  out.opened = Time(in, "opened").value_or(*started);
  out.updated = Time(in, "updated").value_or(out.opened);
  out.ended = Time(in, "ended");
  out.reopened = Time(in, "reopened");
  ForEachObject(in, "history", [&](const json::object& note) {
    out.history.push_back({Time(note, "at").value_or(out.opened), Text(note, "text")});
  });
  return out;
}

json::value Parse(std::string_view answer) {
  boost::system::error_code error;
  json::value document = json::parse(json::string_view(answer.data(), answer.size()), error);
  return error ? json::value() : document;
}

}  // namespace

absl::StatusOr<Incident> ReadIncident(std::string_view answer) {
  const json::value document = Parse(answer);
  return Read(document.is_object() ? document.get_object() : json::object());
}

absl::StatusOr<std::vector<Incident>> ReadIncidents(std::string_view answer) {
  const json::value document = Parse(answer);
  const json::value* items =
      document.is_object() ? Find(document.get_object(), "incidents") : nullptr;
  if (items == nullptr || !items->is_array()) {
    return absl::InvalidArgumentError("that is no list of incidents");
  }
  std::vector<Incident> incidents;
  for (const json::value& item : items->get_array()) {
    absl::StatusOr<Incident> incident = Read(item.is_object() ? item.get_object() : json::object());
    if (!incident.ok()) return incident.status();
    incidents.push_back(*std::move(incident));
  }
  return incidents;
}

}  // namespace postwatch::cli

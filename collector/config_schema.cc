#include "collector/config_schema.h"

#include <map>

#include "collector/alert/alert_sink.h"
#include "collector/config.h"
#include "collector/plan.h"
#include "common/base/json.h"
#include "common/base/text.h"
#include "common/checks/check_kinds.h"
#include "common/checks/mail/mailbox_settings.h"
#include "common/config/json_schema.h"
#include "common/config/key_table.h"
#include "common/config/known_keys.h"

namespace postwatch::collector {
namespace {

constexpr std::string_view kMailbox = "mailbox";

KeyNotes RootKeys() {
  return KnownKeys([](const Settings& settings, Mistakes& mistakes) {
    ReadCollectorConfig(settings, mistakes);
  });
}

KeyNotes MailboxKeys() {
  return KnownKeys([](const Settings& settings, Mistakes& mistakes) {
    ReadMailboxTree(settings, "", mistakes);
  });
}

// The keys of every kind, which the plan reads.
void ReadSchedule(const CheckKind& kind, const Settings& settings, Mistakes& mistakes) {
  SettingsReader in(settings, "", mistakes);
  in.Bool("enabled", true);
  in.Duration("interval", kind.interval, absl::Seconds(1), absl::Hours(24));
  in.Duration("timeout", kind.timeout, absl::Milliseconds(100), absl::Minutes(10));
  in.Duration("fleet_gap", DefaultFleetGap(kind, kind.interval), absl::ZeroDuration(),
              absl::Hours(24));
}

KeyNotes CheckKeys(const CheckKind& kind) {
  const KeyNotes all = KnownKeys([&kind](const Settings& settings, Mistakes& mistakes) {
    ReadSchedule(kind, settings, mistakes);
    const CheckSpec check{.kind = std::string(kind.name),
                          .target = "example.com",
                          .interval = kind.interval,
                          .timeout = kind.timeout,
                          .settings = settings};
    kind.validate(check, mistakes);
  });
  KeyNotes own;
  for (const auto& [path, note] : all.all()) {
    // The target's mailbox, which is written beside the checks.
    if (path != kMailbox && !path.starts_with("mailbox.")) own.Add(path, note);
  }
  return own;
}

KeyNotes SinkKeys(const SinkKind& kind) {
  return KnownKeys([&kind](const Settings& settings, Mistakes& mistakes) {
    static const SystemClock clock;
    const SinkDeps deps{.clock = clock, .secrets = ResolveSecret};
    SettingsReader in(settings, "", mistakes);
    kind.make(in, deps);
  });
}

std::string Definition(const CheckKind& kind) { return Concat("check.", kind.name); }

std::string SinkSchema(const SinkKind& kind) {
  JsonWriter type;
  type.BeginObject();
  type.Field("const", kind.type);
  type.Field("description", kind.meaning);
  type.EndObject();
  return ObjectSchema(SinkKeys(kind), {{"type", type.Take()}, {"name", R"({"type":"string"})"}},
                      true);
}

// One of the sinks, told apart by `type`.
std::string SinksSchema() {
  JsonWriter out;
  out.BeginObject();
  out.Key("anyOf");
  out.BeginArray();
  for (const SinkKind& kind : BuiltinSinks()) out.Raw(SinkSchema(kind));
  out.EndArray();
  out.EndObject();
  return out.Take();
}

// A map from check kind to settings; kinds that send letters may have several ("roundtrip.NAME").
std::string ChecksSchema() {
  JsonWriter out;
  out.BeginObject();
  out.Key("type");
  out.Raw(R"(["object","null"])");
  out.Key("properties");
  out.BeginObject();
  for (const CheckKind& kind : CheckKinds()) {
    if (kind.leg == Leg::kControl) continue;
    out.Key(kind.name);
    out.BeginObject();
    out.Field("description", kind.meaning);
    out.Field("$ref", Concat("#/$defs/", Definition(kind)));
    out.EndObject();
  }
  out.EndObject();
  out.Key("patternProperties");
  out.BeginObject();
  for (const CheckKind& kind : CheckKinds()) {
    if (kind.leg != Leg::kDelivery) continue;
    out.Key(Concat("^", kind.name, "[.][a-z0-9._-]+$"));
    out.Raw(SchemaReference(Definition(kind)));
  }
  out.EndObject();
  out.Field("additionalProperties", false);
  out.EndObject();
  return out.Take();
}

// A duration, or a map with one for each thing that is kept.
std::string RetentionSchema(const KeyNotes& root) {
  constexpr std::string_view kPrefix = "retention.";
  const std::string duration =
      Concat(SchemaReference("duration"), ",", SchemaReference("variable"));
  KeyNotes keys;
  for (const auto& [path, note] : root.all()) {
    if (path.starts_with(kPrefix)) keys.Add(path.substr(kPrefix.size()), note);
  }
  const std::string incidents = Concat(R"({"anyOf":[)", duration, R"(,{"const":"inf"}]})");
  return Concat(R"({"anyOf":[)", duration, ",",
                ObjectSchema(keys, {{"incidents", incidents}}, true), "]}");
}

}  // namespace

std::string CollectorSchema() {
  std::map<std::string, std::string> definitions = {
      {std::string(kMailbox), ObjectSchema(MailboxKeys(), {}, true)}, {"checks", ChecksSchema()}};
  for (const CheckKind& kind : CheckKinds()) {
    definitions[Definition(kind)] = ObjectSchema(CheckKeys(kind), {}, false);
  }
  const SchemaOverrides overrides = {{"include", IncludeSchema()},
                                     {"defaults", SchemaReference("checks")},
                                     {"retention", RetentionSchema(RootKeys())},
                                     {"witness", SchemaReference("check.witness")},
                                     {"targets[].checks", SchemaReference("checks")},
                                     {"targets[].mailbox", SchemaReference(kMailbox)},
                                     {"alerting.sinks[]", SinksSchema()}};
  return SchemaDocument({"https://postwatch.invalid/schema/collector.schema.json",
                         "Postwatch: configuration of postwatch-collector"},
                        ObjectSchema(RootKeys(), overrides, true), definitions);
}

std::string CollectorKeys() {
  std::string text = KeyTable("postwatch-collector", RootKeys());
  text += KeyTable("A mailbox: `targets[].mailbox`", MailboxKeys());
  for (const CheckKind& kind : CheckKinds()) {
    text += KeyTable(Concat("`", kind.name, "`: ", kind.meaning), CheckKeys(kind));
  }
  for (const SinkKind& kind : BuiltinSinks()) {
    text += KeyTable(Concat("A sink of type `", kind.type, "`: ", kind.meaning), SinkKeys(kind));
  }
  return text;
}

}  // namespace postwatch::collector

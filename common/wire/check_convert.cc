#include "common/base/ids.h"
#include "common/base/text.h"
#include "common/wire/bounds.h"
#include "common/wire/convert.h"

namespace postwatch {
namespace {

constexpr absl::Duration kMinInterval = absl::Seconds(1);
constexpr absl::Duration kMaxInterval = absl::Hours(24);
constexpr absl::Duration kMinTimeout = absl::Milliseconds(100);
constexpr absl::Duration kMaxTimeout = absl::Minutes(10);

v1::Leg LegToProto(Leg leg) {
  switch (leg) {
    case Leg::kControl:
      return v1::LEG_UNSPECIFIED;
    case Leg::kDns:
      return v1::LEG_DNS;
    case Leg::kInbound:
      return v1::LEG_INBOUND;
    case Leg::kSubmission:
      return v1::LEG_SUBMISSION;
    case Leg::kAccess:
      return v1::LEG_ACCESS;
    case Leg::kDelivery:
      return v1::LEG_DELIVERY;
    case Leg::kRegistration:
      return v1::LEG_REGISTRATION;
  }
  return v1::LEG_UNSPECIFIED;
}

std::optional<Leg> LegFromProto(v1::Leg leg) {
  switch (leg) {
    case v1::LEG_UNSPECIFIED:
      return Leg::kControl;
    case v1::LEG_DNS:
      return Leg::kDns;
    case v1::LEG_INBOUND:
      return Leg::kInbound;
    case v1::LEG_SUBMISSION:
      return Leg::kSubmission;
    case v1::LEG_ACCESS:
      return Leg::kAccess;
    case v1::LEG_DELIVERY:
      return Leg::kDelivery;
    case v1::LEG_REGISTRATION:
      return Leg::kRegistration;
    default:
      return std::nullopt;
  }
}

// Reads one tree with a budget of nodes, so that neither depth nor width is the sender's choice.
class TreeReader {
 public:
  absl::StatusOr<Settings> Read(const v1::Setting& setting) {
    Settings result = Node(setting, 1);
    if (!bounds_.ok()) return bounds_.status();
    return result;
  }

 private:
  Settings Node(const v1::Setting& setting, size_t depth) {
    ++nodes_;
    bounds_.That("depth", depth <= kMaxSettingsDepth, "is too deep");
    bounds_.That("size", nodes_ <= kMaxSettingsNodes, "has too many values");
    bounds_.Length("origin", setting.origin(), 0, kMaxOriginBytes);
    if (!bounds_.ok()) return {};
    switch (setting.value_case()) {
      case v1::Setting::kScalar:
        bounds_.Length("scalar", setting.scalar(), 0, kMaxSettingBytes);
        return Settings::Scalar(setting.scalar(), setting.origin());
      case v1::Setting::kList:
        return ListOf(setting, depth);
      case v1::Setting::kMap:
        return MapOf(setting, depth);
      case v1::Setting::VALUE_NOT_SET:
        return {};
    }
    return {};
  }

  Settings ListOf(const v1::Setting& setting, size_t depth) {
    std::vector<Settings> items;
    for (const v1::Setting& item : setting.list().items()) {
      items.push_back(Node(item, depth + 1));
      if (!bounds_.ok()) return {};
    }
    return Settings::List(std::move(items), setting.origin());
  }

  Settings MapOf(const v1::Setting& setting, size_t depth) {
    Settings map = Settings::Map(setting.origin());
    for (const v1::SettingEntry& entry : setting.map().entries()) {
      bounds_.Length("key", entry.key(), 1, kMaxSettingKeyBytes);
      bounds_.That("key", map.Find(entry.key()) == nullptr,
                   Concat("'", entry.key(), "' is there twice"));
      if (!bounds_.ok()) return {};
      map.Set(entry.key(), Node(entry.value(), depth + 1));
    }
    return map;
  }

  size_t nodes_ = 0;
  Bounds bounds_{"settings"};
};

}  // namespace

v1::Setting ToProto(const Settings& settings) {
  v1::Setting result;
  result.set_origin(ToUtf8(settings.origin()));
  switch (settings.kind()) {
    case Settings::Kind::kNull:
      break;
    case Settings::Kind::kScalar:
      result.set_scalar(ToUtf8(settings.scalar()));
      break;
    case Settings::Kind::kList: {
      v1::SettingList& list = *result.mutable_list();
      for (const Settings& item : settings.items()) *list.add_items() = ToProto(item);
      break;
    }
    case Settings::Kind::kMap: {
      v1::SettingMap& map = *result.mutable_map();
      for (const auto& [key, value] : settings.entries()) {
        v1::SettingEntry& entry = *map.add_entries();
        entry.set_key(ToUtf8(key));
        *entry.mutable_value() = ToProto(value);
      }
      break;
    }
  }
  return result;
}

absl::StatusOr<Settings> FromProto(const v1::Setting& setting) {
  return TreeReader().Read(setting);
}

v1::CheckSpec ToProto(const CheckSpec& spec) {
  v1::CheckSpec result;
  result.set_id(ToUtf8(spec.id));
  result.set_kind(ToUtf8(spec.kind));
  result.set_target(ToUtf8(spec.target));
  result.set_provider(ToUtf8(spec.provider));
  result.set_leg(LegToProto(spec.leg));
  *result.mutable_interval() = ToProto(spec.interval);
  *result.mutable_timeout() = ToProto(spec.timeout);
  *result.mutable_settings() = ToProto(spec.settings);
  if (spec.fleet_gap > absl::ZeroDuration()) {
    *result.mutable_fleet_gap() = ToProto(spec.fleet_gap);
  }
  return result;
}

absl::StatusOr<CheckSpec> FromProto(const v1::CheckSpec& spec) {
  Bounds bounds("check");
  bounds.Length("id", spec.id(), 1, kMaxCheckIdBytes);
  bounds.Length("kind", spec.kind(), 1, kMaxKindBytes);
  bounds.That("kind", IsName(spec.kind()), "has characters that a name must not have");
  bounds.Length("target", spec.target(), 0, kMaxTargetBytes);
  bounds.That("provider", spec.provider().empty() || IsName(spec.provider()),
              "must be a name: lower-case letters, digits, '.', '-', '_', at most 63");
  const std::optional<Leg> leg = LegFromProto(spec.leg());
  bounds.That("leg", leg.has_value(), "is none that this version knows");
  const absl::StatusOr<absl::Duration> interval = FromProto(spec.interval());
  if (bounds.Part("interval", interval.status())) {
    bounds.Within("interval", *interval, kMinInterval, kMaxInterval);
  }
  const absl::StatusOr<absl::Duration> timeout = FromProto(spec.timeout());
  if (bounds.Part("timeout", timeout.status())) {
    bounds.Within("timeout", *timeout, kMinTimeout, kMaxTimeout);
  }
  const absl::StatusOr<absl::Duration> fleet_gap = FromProto(spec.fleet_gap());
  if (bounds.Part("fleet_gap", fleet_gap.status())) {
    bounds.Within("fleet_gap", *fleet_gap, absl::ZeroDuration(), kMaxInterval);
  }
  absl::StatusOr<Settings> settings = FromProto(spec.settings());
  if (bounds.Part("settings", settings.status())) {
    bounds.That(
        "settings",
        settings->kind() == Settings::Kind::kMap || settings->kind() == Settings::Kind::kNull,
        "must be a map");
  }
  if (!bounds.ok()) return bounds.status();
  return CheckSpec{spec.id(), spec.kind(), spec.target(),        spec.provider(), *leg,
                   *interval, *timeout,    *std::move(settings), *fleet_gap};
}

}  // namespace postwatch

#include "common/checks/witness_settings.h"

#include "common/base/text.h"
#include "common/checks/host_settings.h"

namespace postwatch {
namespace {

constexpr size_t kMaxAnchors = 8;
constexpr size_t kMaxPort25 = 8;
constexpr size_t kMaxTrust = 3;

std::string AnchorMistake(const std::string& text) {
  const std::optional<Address> anchor = ParseAddress(text, 0);
  const bool complete = anchor.has_value() && anchor->port != 0;
  return complete ? "" : Concat("'", text, "' is not ip:port");
}

void ReadAnchors(SettingsReader& in, WitnessSettings& settings) {
  for (const std::string& text : in.Strings("anchors", AnchorMistake)) {
    settings.anchors.push_back(*ParseAddress(text, 0));
  }
  if (!in.Has("anchors")) {
    in.Complain("anchors", "is missing; name at least one ip:port");
  } else if (in.Items("anchors").empty()) {
    in.Complain("anchors", "must name at least one ip:port");
  } else if (in.Items("anchors").size() > kMaxAnchors) {
    in.Complain("anchors", Concat("must name at most ", kMaxAnchors));
  }
}

}  // namespace

WitnessSettings ReadWitnessSettings(const CheckSpec& spec, Mistakes& mistakes) {
  SettingsReader in(spec.settings, spec.id, mistakes);
  WitnessSettings settings;
  ReadAnchors(in, settings);
  settings.port25 = in.Strings("port25", IpMistake);
  if (settings.port25.size() > kMaxPort25) {
    in.Complain("port25", Concat("must name at most ", kMaxPort25));
  }
  settings.trust = in.Strings("trust", HostNameMistake);
  if (settings.trust.size() > kMaxTrust) {
    in.Complain("trust", Concat("must name at most ", kMaxTrust));
  }
  settings.zone = in.String("zone", "");
  if (!settings.zone.empty()) {
    const std::string wrong = HostNameMistake(settings.zone);
    if (!wrong.empty()) in.Complain("zone", wrong);
  }
  settings.max_loop_lag =
      in.Duration("max_loop_lag", absl::Seconds(1), absl::Milliseconds(10), absl::Minutes(1));
  settings.max_clock_jump =
      in.Duration("max_clock_jump", absl::Seconds(2), absl::Milliseconds(100), absl::Hours(1));
  in.Finish();
  return settings;
}

}  // namespace postwatch

#include "common/advice/severity.h"

#include <algorithm>
#include <array>

namespace postwatch {
namespace {

using enum FailureClass;

constexpr auto kNotes = std::to_array({
    kDnsPropagating,
    kTlsrptMissing,
    kDnsblQueryRefused,
    kDnsblDead,
    kDnsblListsWorld,
    kRdapUnavailable,
});

// Mail is lost, or somebody takes it over, within hours.
constexpr auto kUrgent = std::to_array({
    kDnsDsWithoutDnskey,
    kDaneLookupServfail,
    kDomainExpired,
    kDomainHold,
    kRegistrarChanged,
    kNameserverChanged,
    kSmtpOpenRelay,
    kSmtpRblQueryError,
    kSaslServerUnverified,
});

}  // namespace

std::string_view FindingSeverityName(FindingSeverity severity) {
  switch (severity) {
    case FindingSeverity::kInfo:
      return "info";
    case FindingSeverity::kWarning:
      return "warning";
    case FindingSeverity::kCritical:
      return "critical";
  }
  return "critical";
}

FindingSeverity SeverityOf(FailureClass klass) {
  if (std::ranges::find(kNotes, klass) != kNotes.end()) return FindingSeverity::kInfo;
  if (std::ranges::find(kUrgent, klass) != kUrgent.end()) return FindingSeverity::kCritical;
  return FindingSeverity::kWarning;
}

}  // namespace postwatch

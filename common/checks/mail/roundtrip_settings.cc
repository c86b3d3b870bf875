#include "common/checks/mail/roundtrip_settings.h"

#include "common/base/ids.h"
#include "common/base/text.h"

namespace postwatch {
namespace {

// Left of the timeout for looking into the spam folder and for closing the books.
constexpr absl::Duration kReserve = absl::Seconds(5);

absl::Duration DefaultDeadline(absl::Duration timeout) {
  return timeout > 2 * kReserve ? timeout - kReserve : timeout / 2;
}

// The closed loop: a letter goes to a mailbox we read ourselves, or nowhere.
void ReadRecipient(SettingsReader& in, RoundtripSettings& settings) {
  const std::string& own = settings.receiver.address;
  settings.to = in.String("to", own);
  if (own.empty() || settings.receiver.Receives(settings.to)) return;
  in.Complain("to", Concat("'", settings.to, "' must be the address of the receiving mailbox (",
                           own, ") or one of its aliases"));
}

}  // namespace

RoundtripSettings ReadRoundtripSettings(const CheckSpec& spec, Mistakes& mistakes) {
  SettingsReader in(spec.settings, spec.id, mistakes);
  RoundtripSettings settings;
  settings.sender = ReadMailbox(in, "mailbox", mistakes);
  settings.receiver = settings.sender;
  if (in.Has("receive_from")) settings.receiver = ReadMailbox(in, "receive_from", mistakes);
  ReadRecipient(in, settings);
  settings.route = in.String("route", "roundtrip");
  if (!IsName(settings.route)) {
    in.Complain("route", "must be 1 to 63 of a-z, 0-9, '.', '-' and '_'");
  }
  settings.delivery_deadline = in.Duration("delivery_deadline", DefaultDeadline(spec.timeout),
                                           absl::Seconds(1), absl::Hours(1));
  if (settings.delivery_deadline >= spec.timeout) {
    in.Complain("delivery_deadline", Concat("must be below the check's timeout of ",
                                            absl::FormatDuration(spec.timeout)));
  }
  settings.slow_after =
      in.Duration("slow_after", absl::Minutes(1), absl::Milliseconds(100), absl::Hours(1));
  in.Finish();
  return settings;
}

}  // namespace postwatch

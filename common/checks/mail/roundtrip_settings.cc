#include "common/checks/mail/roundtrip_settings.h"

#include <algorithm>

#include "common/base/ids.h"
#include "common/base/text.h"
#include "common/checks/host_settings.h"
#include "common/checks/mail/address_settings.h"

namespace postwatch {
namespace {

// Left of the timeout for looking into the spam folder and for closing the books.
constexpr absl::Duration kReserve = absl::Seconds(5);

// Sending that has stopped is tried again this seldom.
constexpr int kHeldIntervals = 12;
constexpr absl::Duration kLongestHold = absl::Hours(24);

absl::Duration DefaultDeadline(absl::Duration timeout) {
  return timeout > 2 * kReserve ? timeout - kReserve : timeout / 2;
}

// Gmail keeps one copy of a letter, the sent one: a letter to oneself never arrives there.
constexpr std::string_view kOneCopyDomains[] = {"gmail.com", "googlemail.com"};

bool AtOneCopyDomain(std::string_view address) {
  return std::ranges::any_of(kOneCopyDomains, [address](std::string_view domain) {
    const size_t at = address.rfind('@');
    return at != address.npos && EqualsIgnoreCase(address.substr(at + 1), domain);
  });
}

void ReadReflector(SettingsReader& in, RoundtripSettings& settings) {
  settings.to = in.String("reflector", "");
  settings.reflected = true;
  const std::string wrong = AddressMistake(settings.to);
  if (!wrong.empty()) in.Complain("reflector", wrong);
  if (settings.receiver.Receives(settings.to)) {
    in.Complain("reflector", "is the receiving mailbox itself; leave it out");
  }
}

// The closed loop: a letter goes to a mailbox we read ourselves, to a declared reflector, or
// nowhere.
void ReadRecipient(SettingsReader& in, RoundtripSettings& settings) {
  if (in.Has("reflector")) {
    const bool other = !in.String("to", "").empty() || !in.String("alias", "").empty();
    if (other) in.Complain("reflector", "excludes to and alias");
    return ReadReflector(in, settings);
  }
  const std::string& own = settings.receiver.address;
  const std::string_view key = in.Has("alias") ? "alias" : "to";
  if (in.Has("alias") && !in.String("to", "").empty()) in.Complain("alias", "excludes to");
  settings.to = in.String(key, own);
  if (own.empty()) return;
  if (!settings.receiver.Receives(settings.to)) {
    in.Complain(key, Concat("'", settings.to, "' must be the address of the receiving mailbox (",
                            own, ") or one of its aliases"));
  } else if (key == "alias" && EqualsIgnoreCase(settings.to, own)) {
    in.Complain(key, "is the mailbox itself; name one of its aliases");
  }
}

std::string PatternMistake(const std::string& text) {
  return HostNameMistake(text.starts_with("*.") ? text.substr(2) : text);
}

void ReadExpectations(SettingsReader& in, RoundtripSettings& settings) {
  settings.expect_via = in.Strings("expect_via", PatternMistake);
  settings.authserv_id = in.String("authserv_id", "");
  settings.require_auth = in.Bool("require_auth", false);
  if (settings.require_auth && settings.authserv_id.empty()) {
    in.Complain("require_auth", "needs authserv_id: any sender can write results of its own");
  }
}

// Choices, since a typing error would cost traffic.
void ReadSize(SettingsReader& in, RoundtripSettings& settings) {
  const std::string size = in.Choice("size", "", {"1MiB", "2MiB", "3MiB", "4MiB", "5MiB"});
  if (size.empty()) return;
  settings.large_size = static_cast<size_t>(size[0] - '0') * 1024 * 1024;
  if (settings.receiver.receive_by != ReceiveProtocol::kImap) {
    in.Complain("size", "needs a mailbox that is read by IMAP: POP3 would fetch the whole letter");
  }
}

}  // namespace

bool RoundtripSettings::self_loop() const {
  return !reflected && EqualsIgnoreCase(sender.address, receiver.address);
}

RoundtripSettings ReadRoundtripSettings(const CheckSpec& spec, Mistakes& mistakes) {
  SettingsReader in(spec.settings, spec.id, mistakes);
  RoundtripSettings settings;
  settings.sender = ReadMailbox(in, "mailbox", mistakes);
  settings.receiver = settings.sender;
  if (in.Has("receive_from")) settings.receiver = ReadMailbox(in, "receive_from", mistakes);
  ReadRecipient(in, settings);
  settings.via = ReadHost(in, "via");
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
  settings.lost_after =
      in.Duration("lost_after", absl::Hours(24), absl::Minutes(5), absl::Hours(24 * 6));
  settings.max_missing = static_cast<size_t>(in.Integer("max_missing", 10, 1, 100));
  settings.hold_off =
      in.Duration("hold_off", std::min(kHeldIntervals * spec.interval, kLongestHold),
                  absl::Seconds(10), kLongestHold);
  ReadExpectations(in, settings);
  settings.long_line = in.Bool("long_line", false);
  ReadSize(in, settings);
  if (settings.self_loop() && AtOneCopyDomain(settings.sender.address)) {
    in.Complain("mailbox",
                "at Gmail a letter to oneself never arrives (it keeps the sent copy "
                "only); give receive_from another mailbox");
  }
  in.Finish();
  return settings;
}

}  // namespace postwatch

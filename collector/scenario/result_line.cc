#include "collector/scenario/result_line.h"

#include <array>

#include "common/base/text.h"

namespace postwatch::collector {
namespace {

namespace json = simdjson::dom;

constexpr double kMaxSeconds = 1e11;
constexpr double kMaxMilliseconds = 1e7;
constexpr int64_t kMaxAccount = 1 << 20;
constexpr double kPassTook = 0.3;  // seconds, where a line does not tell

struct ErrorName {
  std::string_view name;
  FailureClass klass;
  double took;  // seconds it takes to see, where a line does not tell
};

constexpr auto kErrors = std::to_array<ErrorName>({
    {"timeout", FailureClass::kTcpTimeout, 10},
    {"refused", FailureClass::kTcpRefused, 0.3},
    {"reset", FailureClass::kTcpReset, 0.3},
    {"dns_timeout", FailureClass::kDnsTimeout, 5},
    {"servfail", FailureClass::kDnsServfail, 0.3},
    {"nxdomain", FailureClass::kDnsNxdomain, 0.3},
    {"tls_expired", FailureClass::kTlsCertExpired, 0.3},
    {"tls_other", FailureClass::kTlsHandshakeFailed, 0.3},
    {"auth", FailureClass::kImapAuthFailed, 0.3},
    {"quota", FailureClass::kSmtpMailboxFullPerm, 0.3},
    {"policy", FailureClass::kSmtpBlocklistedPerm, 0.3},
    {"temp4xx", FailureClass::kSmtpUnclassified4xx, 0.3},
    {"not_delivered", FailureClass::kDeliveryLost, 90},
});

struct CheckName {
  std::string_view name;
  Leg leg;
};

constexpr auto kChecks = std::to_array<CheckName>({
    {"dns", Leg::kDns},
    {"dnsauth", Leg::kDns},
    {"smtp", Leg::kInbound},
    {"imap", Leg::kAccess},
    {"pop3", Leg::kAccess},
    {"rt", Leg::kDelivery},
    {"anchor", Leg::kControl},
});

// The fields, in the order in which they mostly come.
enum Key : size_t {
  kType,
  kReceived,
  kEnded,
  kAgent,
  kSequence,
  kCheck,
  kTarget,
  kEndpoint,
  kAccount,
  kTook,
  kWhy,
  kOutcome,
  kError,
  kId,
  kCheckId,
  kKind,
  kProvider,
  kLeg,
  kSpool,
  kAmends,
  kClass,
  kCrossed,
};
constexpr auto kKeys = std::to_array<std::string_view>(
    {"type",     "recv", "ts",    "agent",   "seq",   "check",  "target",   "endpoint",
     "acct",     "ms",   "why",   "outcome", "err",   "id",     "check_id", "kind",
     "provider", "leg",  "spool", "amends",  "class", "crossed"});

using Value = simdjson::simdjson_result<json::element>;

absl::Status Wrong(std::string_view what) { return absl::InvalidArgumentError(ToAbsl(what)); }

class Fields {
 public:
  // Each key is looked for behind the one before it first.
  explicit Fields(const json::object& line) {
    size_t next = 0;
    for (const auto& [key, value] : line) {
      for (size_t tried = 0; tried < kKeys.size(); ++tried) {
        const size_t at = next;
        next = next + 1 == kKeys.size() ? 0 : next + 1;
        if (kKeys[at] != key) continue;
        values_[at] = value;
        has_[at] = true;
        break;
      }
    }
  }

  // Leaves `value` as it is when the key is absent or holds something else.
  template <class T>
  bool Read(Key key, T& value) const {
    T read{};
    if (!has_[key] || values_[key].get(read) != simdjson::SUCCESS) return false;
    value = read;
    return true;
  }

  absl::Status ReadText(Key key, std::string_view& text) const {
    if (Read(key, text) && !text.empty()) return absl::OkStatus();
    return Wrong(Concat("'", kKeys[key], "' is missing or no text"));
  }

  absl::Status ReadTime(Key key, double& seconds) const {
    if (Read(key, seconds) && seconds > -kMaxSeconds && seconds < kMaxSeconds) {
      return absl::OkStatus();
    }
    return Wrong(Concat("'", kKeys[key], "' is missing or no time in seconds"));
  }

 private:
  std::array<json::element, kKeys.size()> values_;
  std::array<bool, kKeys.size()> has_{};
};

absl::Status ReadCheck(const Fields& fields, ResultLine& result) {
  const CheckName* found = nullptr;
  for (const CheckName& check : kChecks) {
    if (check.name == result.check) found = &check;
  }
  if (found == nullptr) return Wrong(Concat("'check' is unknown: ", result.check));
  result.leg = found->leg;
  std::string_view leg;
  if (!fields.Read(kLeg, leg)) return absl::OkStatus();
  const std::optional<Leg> named = ParseLeg(leg);
  if (!named) return Wrong(Concat("'leg' is unknown: ", leg));
  result.leg = *named;
  return absl::OkStatus();
}

absl::Status ReadFailure(const Fields& fields, ResultLine& result) {
  std::string_view error, klass;
  const bool named = fields.Read(kClass, klass);
  if (absl::Status read = fields.ReadText(kError, error); !read.ok() && !named) return read;
  const ErrorName* found = nullptr;
  for (const ErrorName& name : kErrors) {
    if (name.name == error) found = &name;
  }
  if (found == nullptr && !named) return Wrong(Concat("'err' is unknown: ", error));
  if (found != nullptr) {
    result.klass = found->klass;
    if (result.took < 0) result.took = found->took;
  }
  if (!named) return absl::OkStatus();
  const std::optional<FailureClass> parsed = ParseFailureClass(klass);
  if (!parsed) return Wrong(Concat("'class' is unknown: ", klass));
  result.klass = *parsed;
  return absl::OkStatus();
}

absl::Status ReadOutcome(const Fields& fields, ResultLine& result) {
  double milliseconds = -1;
  fields.Read(kTook, milliseconds);
  const bool told = milliseconds >= 0 && milliseconds < kMaxMilliseconds;
  result.took = told ? milliseconds / 1000 : -1;
  std::string_view outcome;
  if (absl::Status read = fields.ReadText(kOutcome, outcome); !read.ok()) return read;
  if (outcome != "ok" && outcome != "fail") return Wrong("'outcome' is neither ok nor fail");
  result.failed = outcome == "fail";
  if (result.failed) {
    if (absl::Status read = ReadFailure(fields, result); !read.ok()) return read;
  }
  if (result.took < 0) result.took = kPassTook;
  return absl::OkStatus();
}

}  // namespace

absl::Status ParseResultLine(const json::object& line, ResultLine& result) {
  const Fields fields(line);
  absl::Status read = fields.ReadTime(kReceived, result.received);
  if (read.ok()) read = fields.ReadTime(kEnded, result.ended);
  if (read.ok()) read = fields.ReadText(kAgent, result.agent);
  if (read.ok()) read = fields.ReadText(kCheck, result.check);
  if (read.ok()) read = fields.ReadText(kTarget, result.target);
  if (!read.ok()) return read;
  if (!fields.Read(kSequence, result.sequence) || result.sequence < 0) {
    return Wrong("'seq' is missing or no number");
  }
  fields.Read(kEndpoint, result.endpoint);
  fields.Read(kAccount, result.account);
  if (result.account < -1 || result.account > kMaxAccount) return Wrong("'acct' is out of range");
  std::string_view why;
  fields.Read(kWhy, why);
  result.confirmation = why == "confirm";
  fields.Read(kId, result.id);
  fields.Read(kCheckId, result.check_id);
  fields.Read(kKind, result.kind);
  fields.Read(kProvider, result.provider);
  fields.Read(kSpool, result.spool);
  fields.Read(kAmends, result.amends);
  if (json::array crossed; fields.Read(kCrossed, crossed)) result.crossed = crossed;
  read = ReadCheck(fields, result);
  if (read.ok()) read = ReadOutcome(fields, result);
  return read;
}

}  // namespace postwatch::collector

#include "agent/probes/mail/imap_quota.h"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include "agent/probes/check_memory.h"
#include "agent/probes/configured_probe.h"
#include "agent/probes/mail/mail_session.h"
#include "agent/probes/mail/quota_trend.h"
#include "common/base/text.h"
#include "common/checks/mail/imap_quota_settings.h"

namespace postwatch::agent {
namespace {

constexpr uint64_t kStorageUnit = 1024;
// From here on, in the same unit, people are told MiB.
constexpr uint64_t kShownInMib = uint64_t{10} * 1024;
constexpr int kFull = 100;
constexpr int kNearlyFull = 90;
// Of different limits that trends are kept for.
constexpr size_t kMaxTrends = 16;

// A limit of 0 means in practice that there is none.
int PercentOf(const ImapQuotaLimit& quota) {
  if (quota.limit == 0) return 0;
  const double share = static_cast<double>(quota.used) / static_cast<double>(quota.limit);
  return static_cast<int>(std::min(share * 100, 10000.0));
}

// Of a limit that is not of storage: the number itself. What is beyond counting is the most there
// is.
uint64_t Bytes(const ImapQuotaLimit& quota, uint64_t value) {
  if (quota.resource != "STORAGE") return value;
  return std::min(value, std::numeric_limits<uint64_t>::max() / kStorageUnit) * kStorageUnit;
}

std::string Amount(const ImapQuotaLimit& quota, uint64_t value) {
  if (quota.resource != "STORAGE") return Concat(value);
  if (value < kShownInMib) return Concat(value, " KiB");
  return Concat(value / 1024, ".", value % 1024 * 10 / 1024, " MiB");
}

class ImapQuotaProbe : public ConfiguredProbe<ImapQuotaSettings> {
 public:
  using ConfiguredProbe::ConfiguredProbe;

  Task<void> Run(StepRecorder& run) override;

 private:
  Task<std::optional<Fault>> Ask(const RunContext& context, ImapSession& session);
  std::optional<Fault> Judge(const RunContext& context, const std::vector<ImapQuotaLimit>& limits);
  const QuotaTrend& TrendOf(const RunContext& context, const std::string& key, uint64_t used);
  std::string Weigh(const RunContext& context, const ImapQuotaLimit& quota,
                    std::optional<absl::Duration>& soonest);

  std::map<std::string, QuotaTrend> trends_;  // by root and resource
};

Task<void> ImapQuotaProbe::Run(StepRecorder& run) {
  const RunContext context{deps_, spec_, run};
  ImapSession session;
  std::optional<Fault> fault = co_await OpenImap(context, settings_.mailbox, session);
  if (fault.has_value()) {
    Decide(run, *fault);
    co_return;
  }
  fault = co_await Ask(context, session);
  if (fault.has_value()) Decide(run, *fault);
  const bool broken = fault.has_value() && fault->klass != FailureClass::kUnspecified &&
                      fault->klass != FailureClass::kImapOverquota;
  if (broken) co_return;
  run.Begin("logout");
  const absl::StatusOr<ImapStatus> bye = co_await session.client->Logout();
  if (bye.ok()) run.Note(Concat("S: ", bye->text));
}

Task<std::optional<Fault>> ImapQuotaProbe::Ask(const RunContext& context, ImapSession& session) {
  context.run.Begin("quota");
  context.run.Touch({std::string(component::kMailbox), settings_.mailbox.address});
  Fault untold;
  if (!session.client->Has("QUOTA")) {
    untold.detail = "the server does not tell quotas (no QUOTA among its capabilities)";
    co_return untold;
  }
  const std::string name = "INBOX";
  const absl::StatusOr<ImapQuota> quota = co_await session.client->QuotaOf(name);
  if (!quota.ok()) co_return ImapFault(context, ImapStage::kOther, session.stream.get(), quota);
  if (!quota->status.ok()) {
    untold.detail = Concat("the server does not tell the quota: ", quota->status.text);
    co_return untold;
  }
  co_return Judge(context, quota->limits);
}

// The trend of one limit, with this reading.
const QuotaTrend& ImapQuotaProbe::TrendOf(const RunContext& context, const std::string& key,
                                          uint64_t used) {
  const std::string note = Concat("quota ", settings_.mailbox.address, "\n", key);
  auto trend = trends_.find(key);
  if (trend == trends_.end()) {
    trend = trends_.emplace(key, QuotaTrend::FromText(RecallNote(context, note))).first;
  }
  trend->second.Note(context.deps.clock.Now(), used);
  KeepNote(context, note, trend->second.Text());
  return trend->second;
}

// Records one limit; what to say of it, "" for nothing.
std::string ImapQuotaProbe::Weigh(const RunContext& context, const ImapQuotaLimit& quota,
                                  std::optional<absl::Duration>& soonest) {
  const int percent = PercentOf(quota);
  const std::string name = AsciiLower(quota.resource);
  context.run.Fact(Concat("quota.", name, ".used"), Concat(Bytes(quota, quota.used)));
  context.run.Fact(Concat("quota.", name, ".limit"), Concat(Bytes(quota, quota.limit)));
  context.run.Fact(Concat("quota.", name, ".percent"), Concat(percent));
  const std::string key = Concat(quota.root, "\n", quota.resource);
  std::optional<absl::Duration> full_in;
  if (trends_.contains(key) || trends_.size() < kMaxTrends) {
    full_in = TrendOf(context, key, quota.used).FullIn(quota.limit);
  }
  if (full_in.has_value()) soonest = std::min(*full_in, soonest.value_or(*full_in));
  if (percent < settings_.warn_at) return "";
  std::string detail = Concat(name, " is at ", percent, " % of its limit (",
                              Amount(quota, quota.used), " of ", Amount(quota, quota.limit), ")");
  if (percent >= kNearlyFull && percent < kFull) detail += ", nearly full";
  if (full_in.has_value()) {
    Append(detail, "; full in ", ShortDuration(*full_in), " at the present rate");
  }
  return detail;
}

std::optional<Fault> ImapQuotaProbe::Judge(const RunContext& context,
                                           const std::vector<ImapQuotaLimit>& limits) {
  context.run.Fact("quota.limits", Concat(limits.size()));
  std::optional<Fault> full;
  std::optional<absl::Duration> soonest;
  for (const ImapQuotaLimit& quota : limits) {
    std::string detail = Weigh(context, quota, soonest);
    if (detail.empty()) continue;
    if (PercentOf(quota) < kFull) {
      context.run.Find(FailureClass::kImapQuotaWarn, detail);
    } else if (!full.has_value()) {
      full = Fault{FailureClass::kImapOverquota, std::move(detail), std::nullopt};
    }
  }
  if (soonest.has_value()) context.run.Fact("quota.full_in", ShortDuration(*soonest));
  return full;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Probe>> MakeImapQuota(const CheckSpec& spec, const ProbeDeps& deps) {
  return MakeConfigured<ImapQuotaProbe, ReadImapQuotaSettings>(spec, deps);
}

}  // namespace postwatch::agent

#include "agent/certificate_renewal.h"

#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <optional>
#include <utility>

#include "agent/certificate_answer.h"
#include "common/base/backoff.h"
#include "common/base/ids.h"
#include "common/base/log.h"
#include "common/base/text.h"
#include "common/net/task.h"
#include "common/pki/certificate_request.h"

namespace postwatch::agent {
namespace {

namespace asio = boost::asio;

constexpr absl::Duration kLookEvery = absl::Minutes(1);
constexpr int kLooksALife = 60;  // at least, of the certificate
constexpr absl::Duration kShortestWait = absl::Seconds(1);
constexpr absl::Duration kFirstRetry = absl::Minutes(2);
constexpr absl::Duration kLastRetry = absl::Hours(1);
constexpr int kTriesALife = 30;    // not oftener
constexpr int kRetriesALife = 24;  // not much rarer
constexpr absl::Duration kUsualLife = absl::Hours(24 * 30);

constexpr std::string_view kEnded =
    "; since it has ended, nobody lets this agent renew it: join anew with a new token "
    "(postwatch-agent join ... --force)";

bool MayReplace(const std::string& file) {
  const size_t slash = file.rfind('/');
  const std::string folder = slash == file.npos ? "." : file.substr(0, slash + 1);
  return ::access(folder.c_str(), W_OK) == 0;
}

std::string DateOf(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d %H:%M UTC", time, absl::UTCTimeZone());
}

}  // namespace

// Shared with the coroutine and the call under way, which may come back after we have gone.
class CertificateRenewal::Core : public std::enable_shared_from_this<CertificateRenewal::Core> {
 public:
  Core(EventClock& clock, PemPaths files, PeerIdentity own, RenewalActions actions)
      : clock_(clock),
        files_(std::move(files)),
        own_(std::move(own)),
        actions_(std::move(actions)) {}

  static Task<void> Watch(std::shared_ptr<Core> core) {
    while (!core->stopped_) {
      core->Look();
      const absl::Status slept = co_await core->clock_.SleepFor(core->LookEvery());
      if (!slept.ok()) co_return;
    }
  }

  void Stop() { stopped_ = true; }
  const std::string& problem() const { return problem_; }
  std::optional<absl::Time> ends() const {
    return current_ ? std::optional(current_->not_after) : std::nullopt;
  }

 private:
  // Of the certificate in the file; as long as is usual when it cannot be read.
  absl::Duration Life() const {
    return current_ ? current_->not_after - current_->not_before : kUsualLife;
  }
  absl::Duration LookEvery() const {
    return std::clamp(Life() / kLooksALife, kShortestWait, kLookEvery);
  }
  absl::Duration NextRetry() {
    const absl::Duration most = Life() / kRetriesALife * (1 + RandomUnit()) / 2;
    return std::max(kShortestWait, std::min(kFirstRetry, Life() / kTriesALife) +
                                       std::min(backoff_.Next(RandomUnit()), most));
  }

  void Look() {
    const absl::StatusOr<PemBundle> pem = LoadPemBundle(files_);
    if (!pem.ok()) return Complain(pem.status());
    const absl::StatusOr<IdentityCertificate> certificate =
        ParseIdentityCertificate(pem->certificate);
    if (!certificate.ok()) return Complain(certificate.status());
    current_ = *certificate;
    if (!connected_) connected_ = current_;
    const absl::Time now = clock_.Now();
    if (current_->not_after > connected_->not_after && now >= ReconnectAt(*connected_)) {
      connected_ = current_;
      Log(LogLevel::kInfo, "connecting anew with the newer certificate",
          {{"not_after", DateOf(current_->not_after)}});
      actions_.reconnect();
    }
    if (now < RenewAt(*current_)) Forget();
    Judge();
    if (now >= RenewAt(*current_) && !asking_ && clock_.Steady() >= next_try_) Ask(*pem);
  }

  void Ask(const PemBundle& pem) {
    if (!MayReplace(files_.certificate) || !MayReplace(files_.ca)) {
      return Complain(absl::PermissionDeniedError(
          Concat("the folder of ", files_.certificate, " cannot be written by the agent")));
    }
    const absl::StatusOr<std::string> request = MakeCertificateRequest(pem.key);
    if (!request.ok()) return Complain(request.status());
    asking_ = true;
    actions_.ask(*request, [self = shared_from_this()](absl::StatusOr<EnrolmentAnswer> answer) {
      if (!self->stopped_) self->OnAnswer(std::move(answer));
    });
  }

  void OnAnswer(absl::StatusOr<EnrolmentAnswer> answer) {
    asking_ = false;
    const absl::Status taken = answer.ok() ? Take(*answer) : answer.status();
    if (!taken.ok()) return Complain(taken);
    backoff_.Reset();
    Forget();
    const auto renewed = ParseIdentityCertificate(answer->certificate);
    Log(LogLevel::kInfo, "the agent's certificate is renewed",
        {{"file", files_.certificate}, {"not_after", DateOf(renewed->not_after)}});
  }

  // The authorities first: they hold those of before, and the new certificate's.
  absl::Status Take(const EnrolmentAnswer& answer) {
    const absl::StatusOr<PemBundle> pem = LoadPemBundle(files_);
    if (!pem.ok()) return pem.status();
    absl::Status good = CheckAnswer(answer, pem->key, own_, clock_.Now());
    if (good.ok() && answer.authorities != pem->ca) {
      good = WritePemFile(files_.ca, answer.authorities, Readers::kEverybody, Overwrite::kReplace);
    }
    if (!good.ok()) return good;
    return WritePemFile(files_.certificate, answer.certificate, Readers::kEverybody,
                        Overwrite::kReplace);
  }

  // One line for each kind of trouble.
  void Complain(const absl::Status& why) {
    next_try_ = clock_.Steady() + NextRetry();
    why_ = FromAbsl(why.message());
    const std::string text = Concat(why_, HasEnded() ? kEnded : "");
    if (std::exchange(told_, text) != text) {
      Log(LogLevel::kWarn, "the agent's certificate is not renewed",
          {{"file", files_.certificate}, {"error", text}});
    }
    Judge();
  }

  // A problem for people only when it becomes urgent.
  void Judge() {
    if (why_.empty() || !current_ || clock_.Now() < WorryAt(*current_)) return;
    problem_ = Concat("the agent's certificate ", HasEnded() ? "ended " : "ends ",
                      DateOf(current_->not_after), " and is not renewed: ", why_,
                      HasEnded() ? kEnded : "");
  }

  void Forget() {
    why_.clear();
    told_.clear();
    problem_.clear();
  }

  bool HasEnded() const { return current_ && clock_.Now() >= current_->not_after; }

  EventClock& clock_;
  const PemPaths files_;
  const PeerIdentity own_;
  const RenewalActions actions_;
  std::optional<IdentityCertificate> current_;  // in the file
  std::optional<IdentityCertificate>
      connected_;  // that the connection was made with, at the latest
  Backoff backoff_{{.first = kFirstRetry, .cap = kLastRetry}};
  absl::Duration next_try_ = -absl::InfiniteDuration();
  std::string why_;   // it is not renewed; "" when all is well
  std::string told_;  // in the log
  std::string problem_;
  bool asking_ = false;
  bool stopped_ = false;
};

CertificateRenewal::CertificateRenewal(asio::any_io_executor executor, EventClock& clock,
                                       PemPaths files, PeerIdentity own, RenewalActions actions)
    : executor_(std::move(executor)),
      core_(std::make_shared<Core>(clock, std::move(files), std::move(own), std::move(actions))) {}

CertificateRenewal::~CertificateRenewal() { core_->Stop(); }

void CertificateRenewal::Start() { asio::co_spawn(executor_, Core::Watch(core_), asio::detached); }

std::string CertificateRenewal::problem() const { return core_->problem(); }

std::optional<absl::Time> CertificateRenewal::ends() const { return core_->ends(); }

}  // namespace postwatch::agent

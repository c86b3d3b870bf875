#include "agent/runtime.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <iterator>

#include "agent/assignment_file.h"
#include "agent/certificate_answer.h"
#include "agent/config_files.h"
#include "agent/credential_mark.h"
#include "agent/secret_access.h"
#include "agent/uplink/grpc_stream.h"
#include "common/base/log.h"
#include "common/base/text.h"
#include "common/pki/pem_files.h"
#include "common/wire/convert.h"

namespace postwatch::agent {
namespace {

constexpr size_t kMaxMalformed = 32;

absl::StatusOr<Address> ResolverAddress(const AgentConfig& config) {
  if (config.resolver.has_value()) return *config.resolver;
  std::ifstream in("/etc/resolv.conf");
  const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  const std::vector<Address> servers = ParseResolvConf(text);
  if (servers.empty()) {
    return absl::FailedPreconditionError(
        "resolver: /etc/resolv.conf names no server; set `resolver` in the configuration");
  }
  return servers.front();
}

// The local address of the way to `peer`; no packet is sent for it. Empty when there is no way.
std::string LocalAddressTowards(const Address& peer) {
  sockaddr_storage storage{};
  socklen_t length = 0;
  auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
  auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
  if (inet_pton(AF_INET, peer.ip.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(peer.port);
    length = sizeof(v4);
  } else if (inet_pton(AF_INET6, peer.ip.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(peer.port);
    length = sizeof(v6);
  } else {
    return "";
  }
  const int fd = ::socket(storage.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return "";
  std::array<char, INET6_ADDRSTRLEN> text{};
  socklen_t size = sizeof(storage);
  auto* address = reinterpret_cast<sockaddr*>(&storage);
  if (::connect(fd, address, length) == 0 && ::getsockname(fd, address, &size) == 0) {
    const void* bytes = storage.ss_family == AF_INET ? static_cast<const void*>(&v4.sin_addr)
                                                     : static_cast<const void*>(&v6.sin6_addr);
    inet_ntop(storage.ss_family, bytes, text.data(), text.size());
  }
  ::close(fd);
  return text.data();
}

// RFC 5321 section 4.1.4: the full name, or an address literal when there is none.
std::string DefaultEhloName(const Address& resolver) {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) == 0 &&
      std::string_view(name.data()).find('.') != std::string_view::npos) {
    return name.data();
  }
  const std::string ip = LocalAddressTowards(resolver);
  if (ip.empty()) return "[127.0.0.1]";
  return ip.find(':') == std::string::npos ? Concat("[", ip, "]") : Concat("[IPv6:", ip, "]");
}

bool Same(const SecretReference& a, const SecretReference& b) {
  return a.file == b.file && a.env == b.env;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Runtime>> Runtime::Make(const AgentConfig& config,
                                                       Surroundings around) {
  std::unique_ptr<Runtime> runtime(new Runtime(std::move(around)));
  if (absl::Status status = runtime->CheckCertificate(config); !status.ok()) return status;
  if (absl::Status status = runtime->MakeDeps(config); !status.ok()) return status;
  runtime->MakeScheduler(config);
  runtime->MakeLink(config);
  return runtime;
}

Runtime::~Runtime() = default;

absl::Status Runtime::CheckCertificate(const AgentConfig& config) const {
  const absl::StatusOr<PemBundle> bundle =
      LoadPemBundle({config.tls_ca, config.tls_cert, config.tls_key});
  if (!bundle.ok()) return bundle.status();
  const absl::StatusOr<IdentityCertificate> own = OwnIdentity(config, bundle->certificate);
  if (!own.ok()) return own.status();
  if (around_.clock.Now() >= WorryAt(*own)) {
    Log(LogLevel::kWarn, "the agent's certificate ends soon",
        {{"file", config.tls_cert}, {"not_after", absl::FormatTime(own->not_after)}});
  }
  return absl::OkStatus();
}

absl::Status Runtime::MakeDeps(const AgentConfig& config) {
  const absl::StatusOr<Address> server = ResolverAddress(config);
  if (!server.ok()) return server.status();
  ResolverOptions options;
  options.server = *server;
  absl::StatusOr<std::unique_ptr<Resolver>> resolver = MakeCaresResolver(options);
  if (!resolver.ok()) return resolver.status();
  absl::StatusOr<std::shared_ptr<const TrustStore>> trust =
      config.ca_file.empty() ? TrustStore::System() : TrustStore::FromFile(config.ca_file);
  if (!trust.ok()) return trust.status();
  resolver_ = *std::move(resolver);
  resolvers_ = MakeCaresResolverFactory();
  dialer_ = MakeTcpDialer();
  deps_.reset(new ProbeDeps{*dialer_, *resolver_, *resolvers_, around_.clock, *std::move(trust),
                            around_.ledger, around_.loop_lag, operators_});
  deps_->ehlo_name = config.ehlo_name.empty() ? DefaultEhloName(*server) : config.ehlo_name;
  deps_->agent = config.name;
  deps_->fleet_key = config.fleet_key;
  if (Same(config.fleet_key, {})) deps_->fleet_key.file = around_.fleet_key_path;
  // The fleet key is this agent's own setting, no check's: the rules for checks are not for it.
  deps_->secrets = [rules = MakeSecretAccess(config.secrets),
                    own = deps_->fleet_key](const SecretReference& reference) {
    return Same(reference, own) ? ResolveSecret(reference) : rules(reference);
  };
  return absl::OkStatus();
}

void Runtime::MakeScheduler(const AgentConfig& config) {
  SchedulerActions actions;
  actions.make = [this](const CheckSpec& spec) { return MakeBuiltinProbe(spec, *deps_); };
  actions.run = &RunOnce;
  actions.report = around_.report;
  actions.credential_mark = [mark = CredentialMark(deps_->secrets)](const CheckSpec& spec) {
    return mark.Of(spec);
  };
  scheduler_ = std::make_unique<Scheduler>(around_.executor, around_.clock,
                                           SchedulerOptions{config.name, config.concurrency},
                                           std::move(actions));
}

void Runtime::MakeLink(const AgentConfig& config) {
  LinkIdentity identity;
  identity.vantage = {config.name, config.region, config.zone, config.network, resolver_->name()};
  identity.version = around_.version;
  identity.boot_id = around_.boot_id;
  for (const ProbeKind& kind : BuiltinProbes()) identity.probe_kinds.emplace_back(kind.name);
  const GrpcTarget target{config.collector_address, config.server_name, config.tls_ca,
                          config.tls_cert,          config.tls_key,     config.collector_fallbacks};
  link_ = std::make_unique<CollectorLink>(around_.executor, around_.clock, around_.spool,
                                          MakeGrpcOpener(target, around_.executor),
                                          std::move(identity), static_cast<LinkOwner&>(*this));
  MakeRenewal(config, target);
}

void Runtime::MakeRenewal(const AgentConfig& config, const GrpcTarget& target) {
  const auto ask = [target, turn = size_t{0}, executor = around_.executor](
                       const std::string& request,
                       std::function<void(absl::StatusOr<EnrolmentAnswer>)> done) mutable {
    GrpcTarget next = target;
    next.address = AddressOfTurn(target, turn++);
    RenewByCertificate(next, request, executor, std::move(done));
  };
  renewal_ = std::make_unique<CertificateRenewal>(
      around_.executor, around_.clock, PemPaths{config.tls_ca, config.tls_cert, config.tls_key},
      PeerIdentity{PeerRole::kAgent, config.region, config.name},
      RenewalActions{ask, [this] { Reconnect(); }});
}

void Runtime::Start() {
  const absl::StatusOr<v1::Assignment> last = LoadAssignment(around_.assignment_path);
  if (last.ok()) {
    Apply(*last);
  } else if (!absl::IsNotFound(last.status())) {
    Log(LogLevel::kWarn, "the last assignment cannot be taken up; waiting for the collector's",
        {{"error", last.status().ToString()}});
  }
  link_->Start();
  renewal_->Start();
}

Task<void> Runtime::StopRuns(absl::Duration grace) { co_await scheduler_->Stop(grace); }

Task<void> Runtime::WindDown(absl::Duration patience, absl::Duration grace) {
  co_await scheduler_->WindDown(patience, grace);
}

Task<void> Runtime::DrainLink(absl::Duration limit) {
  if (link_ != nullptr) {
    co_await link_->Drain(limit);
  }
}

void Runtime::OnAssignment(const v1::Assignment& assignment) {
  if (assigned_ && assignment.version() == assignment_version_) return;
  Apply(assignment);
  absl::Status saved = SaveAssignment(around_.assignment_path, assignment);
  if (!saved.ok()) {
    Log(LogLevel::kWarn, "the assignment is not kept for the next start",
        {{"error", saved.ToString()}});
  }
}

void Runtime::Apply(const v1::Assignment& assignment) {
  std::vector<CheckSpec> checks;
  malformed_.clear();
  for (const v1::CheckSpec& check : assignment.checks()) {
    absl::StatusOr<CheckSpec> spec = FromProto(check);
    if (spec.ok()) {
      checks.push_back(*std::move(spec));
    } else if (malformed_.size() < kMaxMalformed) {
      malformed_.push_back(
          Concat(Truncate(check.id(), kMaxCheckIdBytes), ": ", FromAbsl(spec.status().message())));
    }
  }
  assigned_ = true;
  assignment_version_ = assignment.version();
  around_.metrics.Keep(checks);
  scheduler_->Assign(std::move(checks));
  Log(LogLevel::kInfo, "checks assigned",
      {{"version", Concat(assignment_version_)},
       {"checks", Concat(scheduler_->checks())},
       {"problems", Concat(Problems().size())}});
}

void Runtime::OnRunNow(const v1::RunNow& request) {
  scheduler_->RunNow(request.id(), {request.check_ids().begin(), request.check_ids().end()});
}

void Runtime::OnShare(FleetShare share) { scheduler_->SetShare(share); }

// Kept on disk, since an agent that starts anew must look at round trips before it has reached its
// collector.
void Runtime::OnFleetKey(Secret key) {
  if (deps_->fleet_key.file != around_.fleet_key_path) return;
  const absl::StatusOr<Secret> kept = ResolveSecret(deps_->fleet_key);
  if (kept.ok() && kept->Reveal() == key.Reveal()) return;
  const absl::Status written =
      WritePemFile(around_.fleet_key_path, key.Reveal(), Readers::kNobody, Overwrite::kReplace);
  if (written.ok()) {
    Log(LogLevel::kInfo, "the collector has given the fleet's key", {});
  } else {
    Log(LogLevel::kError, "the fleet's key that the collector has given cannot be kept",
        {{"error", std::string(FromAbsl(written.message()))}});
  }
}

LinkOwner::Health Runtime::TakeHealth() {
  return {around_.loop_lag.TakeWorst(), assignment_version_, AllProblems()};
}

std::vector<std::string> Runtime::AllProblems() const {
  std::vector<std::string> problems = Problems();
  if (const absl::Status& disk = around_.spool.disk(); !disk.ok()) {
    problems.insert(problems.begin(),
                    Concat("the spool cannot be written: ", FromAbsl(disk.message())));
  }
  if (std::string ends = renewal_ == nullptr ? "" : renewal_->problem(); !ends.empty()) {
    problems.insert(problems.begin(), std::move(ends));
  }
  return problems;
}

std::vector<std::string> Runtime::Problems() const {
  std::vector<std::string> problems = malformed_;
  for (std::string& problem : scheduler_->problems()) problems.push_back(std::move(problem));
  return problems;
}

void Runtime::Describe(AgentGauges& gauges) const {
  gauges.connected = connected();
  if (link_ != nullptr) gauges.link = link_->counters();
  gauges.checks = scheduler_->checks();
  gauges.runs_in_progress = scheduler_->running();
  if (renewal_ != nullptr) gauges.certificate_ends = renewal_->ends();
  gauges.problems = AllProblems().size();
}

}  // namespace postwatch::agent

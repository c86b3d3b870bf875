#include "agent/probes/mail/mx_hosts.h"

#include <algorithm>
#include <utility>

#include "common/base/text.h"

namespace postwatch::agent {
namespace {

constexpr size_t kMaxHosts = 10;
constexpr size_t kMaxDoors = 16;
constexpr uint16_t kSmtpPort = 25;

std::string TlsText(const TlsFacts& facts) {
  std::string text = Concat(facts.version, " ", facts.cipher);
  if (!facts.chain.empty()) {
    const CertificateFacts& leaf = facts.chain[0];
    Append(text, ", until ",
           absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", leaf.not_after, absl::UTCTimeZone()), ", sha256 ",
           leaf.sha256);
  }
  Append(text, ", verify ", facts.verified ? "ok" : FailureClassName(TlsFailureClass(facts)));
  return text;
}

// Whether the address itself is what does not work, so that no other host name helps.
bool IsDead(const Fault& fault) {
  return fault.klass == FailureClass::kTcpTimeout || fault.klass == FailureClass::kTcpRefused ||
         fault.klass == FailureClass::kNetUnreachable;
}

}  // namespace

MxRound::MxRound(const RunContext& context, MxTlsDemand tls)
    : context_(context), tls_(std::move(tls)) {}

Task<std::optional<Fault>> MxRound::FindHosts(std::string only, bool allow_private) {
  if (only.empty()) {
    MxHosts mx;
    std::optional<Fault> fault = co_await LookUpMx(context_, context_.spec.target, mx);
    if (fault.has_value()) co_return fault;
    for (MxRecord& record : mx.hosts) {
      hosts_.push_back({std::move(record.host), record.preference, {}, std::nullopt, {}});
    }
    if (hosts_.size() > kMaxHosts) {
      context_.run.Fact("mx.left_out", Concat(hosts_.size() - kMaxHosts));
      hosts_.resize(kMaxHosts);
    }
  } else {
    hosts_.push_back({CanonicalName(only), 0, {}, std::nullopt, {}});
  }
  for (MxHost& host : hosts_) {
    co_await Resolve(host, allow_private);
  }
  co_return std::nullopt;
}

Task<void> MxRound::Resolve(MxHost& host, bool allow_private) {
  context_.run.Begin("dns");
  const size_t mark = context_.run.touched_count();
  host.fault = co_await ResolveHost(context_, host.name, AddressFamilies::kBoth, host.addresses);
  host.touched = context_.run.Recall(mark);
  if (host.fault.has_value() || allow_private) co_return;
  std::erase_if(host.addresses.v4, IsPrivateAddress);
  std::erase_if(host.addresses.v6, IsPrivateAddress);
  if (!host.addresses.empty()) co_return;
  host.fault = Fault{FailureClass::kDnsMxPrivate, Concat(host.name, " has private addresses only"),
                     std::nullopt};
}

std::vector<MxDoor> MxRound::Doors() const {
  std::vector<MxDoor> doors;
  bool more = true;
  for (size_t round = 0; more && doors.size() < kMaxDoors; ++round) {
    more = false;
    for (size_t i = 0; i < hosts_.size(); ++i) {
      for (const auto* ips : {&hosts_[i].addresses.v4, &hosts_[i].addresses.v6}) {
        if (hosts_[i].fault.has_value() || round >= ips->size()) continue;
        more = true;
        if (doors.size() < kMaxDoors) doors.push_back({i, (*ips)[round]});
      }
    }
  }
  std::ranges::stable_sort(doors, [](const MxDoor& a, const MxDoor& b) {
    return std::pair(a.host, a.v6()) < std::pair(b.host, b.v6());
  });
  return doors;
}

void MxRound::TouchHost(const MxHost& host) const {
  context_.run.Touch({std::string(component::kMx), host.name});
  for (const ComponentRef& component : host.touched) context_.run.Touch(component);
}

Task<std::optional<Fault>> MxRound::Open(const MxDoor& door, SmtpSession& session) {
  const auto dead = dead_.find(door.ip);
  if (dead != dead_.end()) {
    context_.run.Begin("connect");
    Fault again = dead->second;
    again.detail += " (as tried before in this run)";
    co_return again;
  }
  HostAddresses one;
  (door.v6() ? one.v6 : one.v4).push_back(door.ip);
  session.client.reset();
  std::optional<Fault> unreachable =
      co_await Connect(context_, "smtp", one, kSmtpPort, session.stream);
  if (unreachable.has_value()) {
    if (IsDead(*unreachable)) dead_[door.ip] = *unreachable;
    co_return unreachable;
  }
  std::optional<Fault> rude = co_await GreetSmtp(context_, session);
  if (rude.has_value()) co_return rude;
  co_return co_await Secure(door, session);
}

// A certificate that does not verify is reported and goes on; a handshake that breaks does stop
// mail.
Task<std::optional<Fault>> MxRound::Secure(const MxDoor& door, SmtpSession& session) {
  const std::string& host = hosts_[door.host].name;
  if (!session.ehlo.Has("STARTTLS")) {
    if (tls_.required) context_.run.Begin("starttls");
    Fault missing{FailureClass::kTlsNotOffered,
                  Concat(host, " does not offer STARTTLS",
                         session.ehlo.helo_fallback ? ": it refuses EHLO and takes HELO" : ""),
                  std::nullopt};
    co_return Demand(door, std::move(missing));
  }
  context_.run.Begin("starttls");
  const absl::StatusOr<SmtpReply> reply = co_await session.client->StartTlsCommand();
  std::optional<Fault> refused =
      SmtpFault(context_, SmtpStage::kStartTls, session.stream.get(), reply);
  if (refused.has_value()) co_return refused;
  std::optional<Fault> broken =
      co_await SecureStream(context_, *session.stream, host, tls_.required);
  if (broken.has_value()) co_return broken;
  const TlsFacts* facts = session.stream->tls();
  if (facts != nullptr) {
    std::optional<Fault> weak = JudgeTls(door, *facts);
    if (weak.has_value()) co_return weak;
  }
  context_.run.Begin("ehlo2");
  absl::StatusOr<EhloReply> ehlo = co_await session.client->Ehlo(context_.deps.ehlo_name);
  if (!ehlo.ok()) {
    co_return FaultFromStatus(ehlo.status(), "ehlo2", session.stream.get(),
                              FailureClass::kSmtpProtocol);
  }
  session.ehlo = *std::move(ehlo);
  if (session.ehlo.reply.positive()) co_return std::nullopt;
  co_return FaultFromSmtp(SmtpStage::kEhlo, session.ehlo.reply);
}

std::optional<Fault> MxRound::JudgeTls(const MxDoor& door, const TlsFacts& facts) {
  const std::string& host = hosts_[door.host].name;
  context_.run.Fact(DoorKey("tls", host, door.ip), TlsText(facts));
  if (!facts.verified) {
    std::optional<Fault> demanded = Demand(door, TlsFault(facts, host));
    if (demanded.has_value()) return demanded;
  }
  if (facts.version >= Concat("TLSv", tls_.floor)) return std::nullopt;
  return Demand(door, {FailureClass::kTlsVersion,
                       Concat(host, " agrees to ", facts.version,
                              " at best, below the floor of TLS ", tls_.floor),
                       std::nullopt});
}

// The fault where TLS is required; else a finding, once a host.
std::optional<Fault> MxRound::Demand(const MxDoor& door, Fault fault) {
  if (tls_.required) return fault;
  if (tls_.silent) return std::nullopt;
  const std::string_view klass = FailureClassName(fault.klass);
  if (told_.insert(Concat(klass, " ", hosts_[door.host].name)).second) {
    fault.detail += Concat(" (at ", door.ip, ")");
    Mention(context_.run, fault);
  }
  return std::nullopt;
}

Task<void> LeaveSmtp(const RunContext& context, SmtpSession& session, bool reset) {
  if (reset) {
    context.run.Begin("reset");
    const absl::StatusOr<SmtpReply> forgotten = co_await session.client->Reset();
    if (!forgotten.ok()) co_return;
  }
  context.run.Begin("quit");
  const absl::StatusOr<SmtpReply> bye = co_await session.client->Quit();
  if (bye.ok()) context.run.Note(Concat("S: ", bye->code, " ", bye->text));
}

std::string DoorKey(std::string_view prefix, std::string_view host, std::string_view ip) {
  const size_t rest = prefix.size() + ip.size() + 2;
  const size_t room = kMaxFactKeyBytes > rest ? kMaxFactKeyBytes - rest : 0;
  return Concat(prefix, ".", host.substr(0, room), ".", ip);
}

}  // namespace postwatch::agent

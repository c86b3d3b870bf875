#include "agent/probes/dns/mtasts_hosts.h"

#include "agent/probes/mail/tls_visit.h"
#include "common/base/text.h"

namespace postwatch::agent {
namespace {

constexpr size_t kMaxHosts = 8;
constexpr uint16_t kSmtpPort = 25;

enum class Sight { kGood, kBad, kUnseen };

// `why` says what is wrong with a bad one.
Task<Sight> VisitHost(const RunContext& context, std::string host, std::string& why) {
  HostAddresses addresses;
  const std::optional<Fault> unresolved =
      co_await ResolveHost(context, host, AddressFamilies::kEither, addresses);
  std::erase_if(addresses.v4, IsPrivateAddress);
  std::erase_if(addresses.v6, IsPrivateAddress);
  if (unresolved.has_value() || addresses.empty()) co_return Sight::kUnseen;
  const TlsEndpoint endpoint{host, kSmtpPort, TlsProtocol::kSmtp, true};
  const TlsVisit visit = co_await VisitTls(context, endpoint, addresses, false);
  if (!visit.offered) {
    why = Concat(host, " offers no STARTTLS");
    co_return Sight::kBad;
  }
  if (!visit.facts.has_value()) co_return Sight::kUnseen;
  if (visit.facts->verified) co_return Sight::kGood;
  const Fault distrusted = TlsFault(*visit.facts, host);
  why = Concat(FailureClassName(distrusted.klass), ": ", distrusted.detail);
  co_return Sight::kBad;
}

}  // namespace

Task<std::optional<Fault>> VisitPolicyHosts(const RunContext& context,
                                            std::vector<std::string> hosts, bool enforced) {
  if (hosts.size() > kMaxHosts) hosts.resize(kMaxHosts);
  const size_t mark = context.run.touched_count();
  std::vector<std::string> bad;
  for (const std::string& host : hosts) {
    std::string why;
    const Sight sight = co_await VisitHost(context, host, why);
    if (sight == Sight::kBad) bad.push_back(std::move(why));
  }
  if (bad.empty()) {
    context.run.Recall(mark);
    co_return std::nullopt;
  }
  Fault fault{FailureClass::kTlsMtastsMismatch,
              Concat(bad.size(), " of ", hosts.size(),
                     " MX hosts are not what the MTA-STS policy demands: ", Join(bad, "; "),
                     enforced ? ": senders that honour it do not deliver there"
                              : "; it is in testing, else senders would not deliver there"),
              std::nullopt};
  if (enforced && bad.size() == hosts.size()) co_return fault;
  context.run.Recall(mark);
  Mention(context.run, fault);
  co_return std::nullopt;
}

}  // namespace postwatch::agent

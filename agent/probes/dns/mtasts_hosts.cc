#include "agent/probes/dns/mtasts_hosts.h"

#include <boost/asio/this_coro.hpp>
#include <utility>

#include "agent/probes/mail/time_share.h"
#include "agent/probes/mail/tls_visit.h"
#include "common/base/text.h"

namespace postwatch::agent {
namespace {

constexpr size_t kMaxHosts = 8;
constexpr uint16_t kSmtpPort = 25;

// What is wrong with a host; "" for nothing, or that it was not seen.
Task<void> VisitHost(const RunContext& context, std::string host, absl::Duration limit,
                     std::string& why) {
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  HostAddresses addresses;
  const std::optional<Fault> unresolved =
      co_await ResolveHost(context, host, AddressFamilies::kEither, addresses);
  std::erase_if(addresses.v4, IsPrivateAddress);
  std::erase_if(addresses.v6, IsPrivateAddress);
  if (unresolved.has_value() || addresses.empty()) co_return;
  const TlsEndpoint endpoint{host, kSmtpPort, TlsProtocol::kSmtp, true};
  const TlsVisit visit = co_await VisitTls(context, endpoint, addresses, false, limit);
  if (!visit.offered) why = Concat(host, " offers no STARTTLS");
  if (!visit.facts.has_value() || visit.facts->verified) co_return;
  const Fault distrusted = TlsFault(*visit.facts, host);
  why = Concat(FailureClassName(distrusted.klass), ": ", distrusted.detail);
}

}  // namespace

Task<std::optional<Fault>> VisitPolicyHosts(const RunContext& context,
                                            std::vector<std::string> hosts, bool enforced,
                                            absl::Duration end) {
  if (hosts.size() > kMaxHosts) hosts.resize(kMaxHosts);
  const size_t mark = context.run.touched_count();
  std::vector<std::string> bad;
  EventClock& clock = context.deps.clock;
  for (size_t i = 0; i < hosts.size(); ++i) {
    const absl::Duration share = ShareOf(end - clock.Steady(), hosts.size() - i);
    if (share <= absl::ZeroDuration()) break;
    std::string why;
    Task<void> visit = VisitHost(context, hosts[i], share, why);
    co_await ExpiresWithin(clock, share, std::move(visit));
    if (!why.empty()) bad.push_back(std::move(why));
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

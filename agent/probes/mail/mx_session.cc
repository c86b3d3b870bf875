#include "agent/probes/mail/mx_session.h"

#include <utility>

#include "common/base/text.h"

namespace postwatch::agent {
namespace {

constexpr size_t kMaxHosts = 4;
constexpr uint16_t kSmtpPort = 25;

Task<std::optional<Fault>> OpenHost(const RunContext& context, std::string host,
                                    SmtpSession& session) {
  context.run.Begin("dns");
  HostAddresses addresses;
  std::optional<Fault> unresolved =
      co_await ResolveHost(context, host, AddressFamilies::kEither, addresses);
  if (unresolved.has_value()) co_return unresolved;
  session.client.reset();
  std::optional<Fault> unreachable =
      co_await Connect(context, "smtp", addresses, kSmtpPort, session.stream);
  if (unreachable.has_value()) co_return unreachable;
  std::optional<Fault> rude = co_await GreetSmtp(context, session);
  if (rude.has_value()) co_return rude;
  if (!session.ehlo.Has("STARTTLS")) co_return std::nullopt;
  std::optional<Fault> insecure = co_await UpgradeSmtp(context, session, host, false);
  co_return insecure;
}

}  // namespace

Task<std::optional<Fault>> OpenMx(const RunContext& context, std::string domain,
                                  SmtpSession& session) {
  context.run.Begin("dns");
  MxHosts mx;
  std::optional<Fault> unknown = co_await LookUpMx(context, domain, mx);
  if (unknown.has_value()) co_return unknown;
  if (mx.hosts.size() > kMaxHosts) mx.hosts.resize(kMaxHosts);
  std::vector<ComponentRef> failed;
  for (size_t i = 0; i < mx.hosts.size(); ++i) {
    const std::string& host = mx.hosts[i].host;
    const size_t mark = context.run.touched_count();
    context.run.Touch({std::string(component::kMx), host});
    std::optional<Fault> fault = co_await OpenHost(context, host, session);
    if (!fault.has_value()) co_return std::nullopt;
    if (fault->klass == FailureClass::kUnspecified) co_return fault;
    if (i + 1 == mx.hosts.size()) {
      for (const ComponentRef& component : failed) context.run.Touch(component);
      co_return fault;
    }
    Mention(context.run, {fault->klass, Concat(host, ": ", fault->detail), fault->reply});
    for (ComponentRef& component : context.run.Recall(mark)) failed.push_back(std::move(component));
  }
  co_return std::nullopt;
}

}  // namespace postwatch::agent

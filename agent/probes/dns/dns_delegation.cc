#include "agent/probes/dns/dns_delegation.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "agent/probes/configured_probe.h"
#include "agent/probes/dns/authority_answers.h"
#include "agent/probes/dns/zone_operators.h"
#include "common/base/text.h"
#include "common/checks/dns/dns_delegation_settings.h"

namespace postwatch::agent {
namespace {

class DnsDelegation : public ConfiguredProbe<DnsDelegationSettings> {
 public:
  using ConfiguredProbe::ConfiguredProbe;

  Task<void> Run(StepRecorder& run) override;

 private:
  Task<std::vector<std::string>> AllHosts(const RunContext& context, const Delegation& delegation);
  void LearnOperator(const RunContext& context, const Delegation& delegation,
                     const std::vector<std::string>& hosts);
  Task<void> AskServers(const RunContext& context, const Delegation& delegation,
                        std::vector<NameServer> servers);
  Task<bool> MeansNoV6(const Delegation& delegation, const std::vector<AuthorityAnswer>& answers);
  Task<void> CompareRecords(const RunContext& context, const Delegation& delegation,
                            const std::vector<AuthorityAnswer>& answers);
};

void CompareGlue(const RunContext& context, const Delegation& delegation,
                 const std::vector<NameServer>& servers) {
  for (const NameServer& server : servers) {
    const auto glue = delegation.glue.find(server.host);
    if (glue == delegation.glue.end() || !delegation.resolves || server.ips.empty()) continue;
    for (const bool v6 : {false, true}) {
      std::set<std::string> said, real;
      for (const std::string& ip : glue->second) {
        if ((ip.find(':') != ip.npos) == v6) said.insert(ip);
      }
      for (const std::string& ip : server.ips) {
        if ((ip.find(':') != ip.npos) == v6) real.insert(ip);
      }
      if (said.empty() || said == real) continue;
      context.run.Find(
          FailureClass::kDnsNsMismatch,
          Concat("the glue of ", server.host, " at the parent ", delegation.parent, " is ",
                 Join(said, ", "), ", its address is ", real.empty() ? "none" : Join(real, ", ")));
    }
  }
}

void MentionUnresolved(const RunContext& context, const std::vector<NameServer>& servers) {
  for (const NameServer& server : servers) {
    if (!server.unresolved.has_value()) continue;
    Fault fault = *server.unresolved;
    const bool absent =
        fault.klass == FailureClass::kDnsNodata || fault.klass == FailureClass::kDnsNxdomain;
    if (absent) fault.klass = FailureClass::kDnsNsUnreachable;
    fault.detail = Concat("the name server ", server.host, " has no address: ", fault.detail);
    Mention(context.run, fault);
  }
}

std::string Listed(const std::vector<const AuthorityAnswer*>& answers) {
  std::vector<std::string> texts;
  for (const AuthorityAnswer* answer : answers) {
    texts.push_back(Concat(answer->server->Text(), ": ", answer->reason));
  }
  return Join(texts, "; ");
}

void MentionBadServers(const RunContext& context, const std::string& zone,
                       const std::vector<AuthorityAnswer>& answers) {
  const size_t asked = answers.size() - With(answers, Standing::kNotAsked).size();
  const std::vector<const AuthorityAnswer*> lame = With(answers, Standing::kLame);
  if (!lame.empty()) {
    context.run.Find(FailureClass::kDnsNsLame,
                     Concat(lame.size(), " of ", asked, " name server addresses do not serve ",
                            zone, ": ", Listed(lame)));
  }
  const std::vector<const AuthorityAnswer*> silent = With(answers, Standing::kSilent);
  if (!silent.empty()) {
    context.run.Find(FailureClass::kDnsNsUnreachable,
                     Concat(silent.size(), " of ", asked, " name server addresses of ", zone,
                            " do not answer: ", Listed(silent)));
  }
  const std::optional<std::string> skew = SerialSkew(answers);
  if (skew.has_value()) context.run.Find(FailureClass::kDnsSerialSkew, *skew);
}

// Why the answers show this agent's place in the network rather than the zone; "" when they do not.
std::string WhyNothingCanBeSaid(const Delegation& delegation,
                                const std::vector<AuthorityAnswer>& answers) {
  size_t silent = 0, not_asked = 0;
  for (const AuthorityAnswer& answer : answers) {
    if (answer.reply.transport == DnsTransport::kCancelled) return "cancelled";
    silent += answer.standing == Standing::kSilent ? 1 : 0;
    not_asked += answer.standing == Standing::kNotAsked ? 1 : 0;
  }
  if (not_asked == answers.size()) {
    return "the name servers have IPv6 only, and this agent none";
  }
  if (delegation.parent_answered) return "";
  if (silent + not_asked == answers.size()) {
    return "neither the parent's name servers nor the zone's answer this agent: it may ask its "
           "resolver only";
  }
  if (!LooksIntercepted(answers)) return "";
  return "something between this agent and the name servers answers for them";
}

// Facts about each server, and the components that took part: all of them when none serves the
// zone, else those that do, since the outcome says nothing about the others.
void RecordServers(const RunContext& context, const std::string& zone,
                   const std::vector<AuthorityAnswer>& answers) {
  const size_t serving = With(answers, Standing::kServes).size();
  const size_t not_asked = With(answers, Standing::kNotAsked).size();
  context.run.Fact("ns.ok", Concat(serving, "/", answers.size() - not_asked));
  if (not_asked > 0) {
    context.run.Fact("ipv6", Concat("none from here; ", not_asked, " addresses not asked"));
  }
  std::map<std::string, std::set<std::string>> serials;
  for (const AuthorityAnswer& answer : answers) {
    const std::string& host = answer.server->host;
    if (answer.standing == Standing::kServes) serials[host].insert(Concat(answer.serial));
    const bool crossed = serving == 0 ? answer.standing != Standing::kNotAsked
                                      : answer.standing == Standing::kServes;
    if (crossed) context.run.Touch({std::string(component::kNameServer), Concat(zone, "/", host)});
  }
  for (const auto& [host, values] : serials) {
    context.run.Fact(Concat("serial.", host), Join(values, ", "));
  }
}

// `texts` are the zone's own NS sets, one a server.
void CompareWithParent(const RunContext& context, const Delegation& delegation,
                       const std::vector<std::string>& texts) {
  const auto known = std::ranges::find_if(texts, [](const auto& text) { return !text.empty(); });
  if (known == texts.end()) return;
  context.run.Fact("ns", *known);
  const std::string said = Join(delegation.hosts, ", ");
  const bool comparable = delegation.parent_answered && !delegation.parent_serves_zone;
  if (!comparable || *known == said) return;
  context.run.Find(
      FailureClass::kDnsNsMismatch,
      Concat("the parent ", delegation.parent, " leads to ", said.empty() ? "no name server" : said,
             ", the zone ", delegation.zone, " itself names ", *known));
}

Task<void> DnsDelegation::Run(StepRecorder& run) {
  const RunContext context{deps_, spec_, run};
  run.Begin("dns");
  TouchDns(context, spec_.target);
  Delegation delegation;
  const std::optional<Fault> lost = co_await FindDelegation(context, spec_.target, delegation);
  if (lost.has_value()) {
    Decide(run, *lost);
    co_return;
  }
  run.Fact("zone", delegation.zone);
  run.Fact("parent", delegation.parent);
  run.Fact("ns.parent", Join(delegation.hosts, ", "));
  const std::vector<std::string> hosts = co_await AllHosts(context, delegation);
  if (hosts.empty()) {
    run.NotTested(Concat("neither the parent ", delegation.parent, " nor the resolver says which ",
                         "name servers ", delegation.zone, " has"));
    co_return;
  }
  LearnOperator(context, delegation, hosts);
  run.Begin("addresses");
  const std::vector<NameServer> servers = co_await LocateServers(context, hosts, delegation);
  CompareGlue(context, delegation, servers);
  MentionUnresolved(context, servers);
  run.Begin("servers");
  co_await AskServers(context, delegation, servers);
}

Task<std::vector<std::string>> DnsDelegation::AllHosts(const RunContext& context,
                                                       const Delegation& delegation) {
  std::vector<std::string> hosts;
  if (delegation.resolves) {
    const std::optional<Fault> none = co_await LookUpNameServers(context, delegation.zone, hosts);
    if (none.has_value()) hosts.clear();
  }
  std::set<std::string> all(delegation.hosts.begin(), delegation.hosts.end());
  all.insert(hosts.begin(), hosts.end());
  co_return std::vector<std::string>(all.begin(), all.end());
}

void DnsDelegation::LearnOperator(const RunContext& context, const Delegation& delegation,
                                  const std::vector<std::string>& hosts) {
  const std::string hoster = OperatorOf(hosts);
  const absl::Duration now = deps_.clock.Steady();
  deps_.operators.Learn(delegation.zone, hoster, now);
  const std::string target = CanonicalName(spec_.target);
  if (target != delegation.zone) deps_.operators.Learn(target, hoster, now);
  if (!hoster.empty()) context.run.Fact("operator", hoster);
  TouchDns(context, spec_.target);
}

Task<void> DnsDelegation::AskServers(const RunContext& context, const Delegation& delegation,
                                     std::vector<NameServer> servers) {
  const std::vector<Authority> authorities = OpenAuthorities(deps_, servers);
  if (authorities.empty()) {
    Decide(context.run, *servers.front().unresolved);
    co_return;
  }
  std::vector<const Authority*> asked;
  for (const Authority& authority : authorities) asked.push_back(&authority);
  std::vector<DnsReply> replies = co_await AskAuthorities(asked, delegation.zone, RrType::kSoa);
  std::vector<AuthorityAnswer> answers;
  for (size_t i = 0; i < asked.size(); ++i) {
    answers.push_back(JudgeAuthority(*asked[i], delegation.zone, std::move(replies[i])));
  }
  const bool no_v6 = co_await MeansNoV6(delegation, answers);
  for (AuthorityAnswer& answer : answers) {
    if (no_v6 && answer.server->is_v6()) answer.standing = Standing::kNotAsked;
  }
  const std::string unknowable = WhyNothingCanBeSaid(delegation, answers);
  if (!unknowable.empty()) {
    context.run.NotTested(unknowable);
    co_return;
  }
  RecordServers(context, delegation.zone, answers);
  if (With(answers, Standing::kServes).empty()) {
    Decide(context.run, NoneServes(answers, delegation.zone));
    co_return;
  }
  MentionBadServers(context, delegation.zone, answers);
  context.run.Begin("records");
  co_await CompareRecords(context, delegation, answers);
}

// Whether the silence of all IPv6 addresses is this agent's affair: none can be reached, or the
// parent's does not answer either.
Task<bool> DnsDelegation::MeansNoV6(const Delegation& delegation,
                                    const std::vector<AuthorityAnswer>& answers) {
  bool any = false, unreachable = true;
  for (const AuthorityAnswer& answer : answers) {
    if (!answer.server->is_v6()) continue;
    if (answer.standing != Standing::kSilent) co_return false;
    any = true;
    unreachable = unreachable && answer.reply.transport == DnsTransport::kUnreachable;
  }
  if (!any || unreachable || delegation.parent_v6.empty()) co_return any;
  NameServer parent;
  parent.host = delegation.parent;
  parent.ips.push_back(delegation.parent_v6);
  const std::vector<Authority> control = OpenAuthorities(deps_, {parent});
  if (control.empty()) co_return true;
  DnsQuestion question;
  question.name = delegation.parent;
  question.type = RrType::kSoa;
  question.recursion_desired = false;
  const DnsReply reply = co_await control.front().resolver->Query(question);
  co_return reply.transport != DnsTransport::kReplied;
}

Task<void> DnsDelegation::CompareRecords(const RunContext& context, const Delegation& delegation,
                                         const std::vector<AuthorityAnswer>& answers) {
  const std::vector<const AuthorityAnswer*> serving = With(answers, Standing::kServes);
  std::vector<const Authority*> asked;
  for (const AuthorityAnswer* answer : serving) asked.push_back(answer->server);
  for (const RrType type : {RrType::kNs, RrType::kMx}) {
    const std::string name = type == RrType::kNs ? delegation.zone : spec_.target;
    const std::vector<DnsReply> replies = co_await AskAuthorities(asked, name, type);
    std::vector<std::string> texts;
    for (const DnsReply& reply : replies) texts.push_back(AnswerText(reply, type));
    if (type == RrType::kNs) CompareWithParent(context, delegation, texts);
    const std::optional<std::string> drift = Drift(serving, texts);
    if (!drift.has_value()) continue;
    context.run.Find(FailureClass::kDnsDrift,
                     Concat("name servers disagree about the ", RrTypeText(type), " records of ",
                            name, ": ", *drift));
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<Probe>> MakeDnsDelegation(const CheckSpec& spec,
                                                         const ProbeDeps& deps) {
  return MakeConfigured<DnsDelegation, ReadDnsDelegationSettings>(spec, deps);
}

}  // namespace postwatch::agent

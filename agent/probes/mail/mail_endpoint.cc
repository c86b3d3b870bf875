#include "agent/probes/mail/mail_endpoint.h"

#include <array>
#include <utility>

#include "common/base/text.h"

namespace postwatch::agent {
namespace {

constexpr size_t kMaxCandidates = 6;

// What the SRV records and the well-known names of one service are, best first.
struct SrvName {
  std::string_view prefix;
  Security security;
  uint16_t port;
};

struct ServiceNames {
  std::array<SrvName, 2> srv;
  std::array<std::string_view, 2> common;  // labels before the domain, likeliest first
  SrvName fallback;                        // port and security behind a common name
};

constexpr ServiceNames kSubmissionNames = {{{{"_submissions._tcp.", Security::kTls, 465},
                                             {"_submission._tcp.", Security::kStartTls, 587}}},
                                           {"smtp.", "mail."},
                                           {"", Security::kStartTls, 587}};
constexpr ServiceNames kImapNames = {
    {{{"_imaps._tcp.", Security::kTls, 993}, {"_imap._tcp.", Security::kStartTls, 143}}},
    {"imap.", "mail."},
    {"", Security::kTls, 993}};

constexpr ServiceNames kPop3Names = {
    {{{"_pop3s._tcp.", Security::kTls, 995}, {"_pop3._tcp.", Security::kStartTls, 110}}},
    {"pop.", "mail."},
    {"", Security::kTls, 995}};

const ServiceNames& NamesOf(MailService service) {
  switch (service) {
    case MailService::kSubmission:
      return kSubmissionNames;
    case MailService::kImap:
      return kImapNames;
    case MailService::kPop3:
      return kPop3Names;
  }
  return kImapNames;
}

std::string_view ServiceText(MailService service) {
  return service == MailService::kSubmission ? "submission" : "receive";
}

Security SecurityOfPort(uint16_t port, Security fallback) {
  if (port == 465 || port == 993 || port == 995) return Security::kTls;
  if (port == 25 || port == 110 || port == 143 || port == 587) return Security::kStartTls;
  return fallback;
}

// Port and security of a server whose host is known.
Server Complete(MailService service, const ServerChoice& choice, std::string host) {
  const ServiceNames& names = NamesOf(service);
  Server server{std::move(host), choice.port, names.fallback.security};
  if (choice.security.has_value()) {
    server.security = *choice.security;
  } else if (choice.port != 0) {
    server.security = SecurityOfPort(choice.port, names.fallback.security);
  }
  if (server.port == 0) {
    const size_t row = server.security == Security::kTls ? 0 : 1;
    server.port = names.srv[row].port;
  }
  return server;
}

// The best target of an SRV reply (RFC 2782: lowest priority, then highest weight); null for none.
const SrvRecord* BestSrv(const DnsReply& reply) {
  const SrvRecord* best = nullptr;
  for (const ResourceRecord& record : reply.message.answers) {
    const SrvRecord* srv = std::get_if<SrvRecord>(&record.value);
    if (record.type != RrType::kSrv || srv == nullptr) continue;
    const bool better = best == nullptr || srv->priority < best->priority ||
                        (srv->priority == best->priority && srv->weight > best->weight);
    if (better) best = srv;
  }
  return best;
}

// A target of "." says that the service is not offered (RFC 2782).
bool IsUsable(const SrvRecord* srv, std::string_view domain) {
  return srv != nullptr && srv->port != 0 && IsWithin(srv->target, domain);
}

// Names that may lead to the server, likeliest first: the common ones, then the domain's own MX
// hosts. Those outside of the domain are left out, see LocateServer.
Task<std::vector<std::string>> CandidateHosts(const RunContext& context, MailService service,
                                              std::string domain) {
  std::vector<std::string> hosts;
  for (const std::string_view label : NamesOf(service).common) {
    hosts.push_back(Concat(label, domain));
  }
  DnsQuestion question;
  question.name = domain;
  question.type = RrType::kMx;
  const DnsReply reply = co_await context.deps.resolver.Query(question);
  if (reply.transport == DnsTransport::kCancelled) hosts.clear();
  for (const ResourceRecord& record : reply.message.answers) {
    const MxRecord* mx = std::get_if<MxRecord>(&record.value);
    if (mx == nullptr || !IsWithin(mx->host, domain) || hosts.size() >= kMaxCandidates) continue;
    hosts.push_back(CanonicalName(mx->host));
  }
  co_return hosts;
}

// Leaves the server without a host when no SRV record leads to one. A resolver that does not answer
// ends the search: it will not answer the next question either.
Task<std::optional<Fault>> FindBySrv(const RunContext& context, MailService service,
                                     const ServerChoice& choice, std::string domain,
                                     Server& server) {
  for (const SrvName& name : NamesOf(service).srv) {
    if (choice.security.has_value() && *choice.security != name.security) continue;
    DnsQuestion question;
    question.name = Concat(name.prefix, domain);
    question.type = RrType::kSrv;
    const DnsReply reply = co_await context.deps.resolver.Query(question);
    if (reply.transport != DnsTransport::kReplied) {
      std::optional<Fault> silent = co_await JudgeDnsReply(context.deps.resolver, question, reply);
      co_return silent;
    }
    const SrvRecord* srv = BestSrv(reply);
    if (!IsUsable(srv, domain)) continue;
    server = {CanonicalName(srv->target), srv->port, name.security};
    if (choice.port == 0) break;
    server.port = choice.port;
    // The record's security is that of the record's port.
    if (!choice.security.has_value()) {
      server.security = SecurityOfPort(choice.port, name.security);
    }
    break;
  }
  co_return std::nullopt;
}

}  // namespace

std::string_view MailServiceName(MailService service) {
  switch (service) {
    case MailService::kSubmission:
      return "submission";
    case MailService::kImap:
      return "imap";
    case MailService::kPop3:
      return "pop3";
  }
  return "";
}

std::string DomainOf(std::string_view address) {
  const size_t at = address.rfind('@');
  return at == address.npos ? "" : AsciiLower(address.substr(at + 1));
}

const ServerChoice& ServerChoiceOf(MailService service, const MailboxSettings& mailbox) {
  return service == MailService::kSubmission ? mailbox.submission : mailbox.receive;
}

Task<std::optional<Fault>> LocateServer(const RunContext& context, MailService service,
                                        const MailboxSettings& mailbox, Server& server) {
  const ServerChoice& choice = ServerChoiceOf(service, mailbox);
  if (!choice.host.empty()) {
    server = Complete(service, choice, choice.host);
    co_return std::nullopt;
  }
  const std::string domain = DomainOf(mailbox.address);
  TouchDns(context, domain);
  std::optional<Fault> silent = co_await FindBySrv(context, service, choice, domain, server);
  if (silent.has_value() || !server.host.empty()) co_return silent;
  const std::vector<std::string> hosts = co_await CandidateHosts(context, service, domain);
  for (const std::string& host : hosts) {
    HostAddresses addresses;
    const std::optional<Fault> fault =
        co_await ResolveHost(context, host, AddressFamilies::kEither, addresses);
    if (!fault.has_value()) {
      server = Complete(service, choice, host);
      co_return std::nullopt;
    }
    const bool absent =
        fault->klass == FailureClass::kDnsNxdomain || fault->klass == FailureClass::kDnsNodata;
    if (!absent) co_return fault;
  }
  Fault unknown;
  unknown.detail =
      Concat("no server is known: ", domain, " has neither usable SRV records nor ",
             NamesOf(service).common[0], domain, "; set mailbox.", ServiceText(service), ".host");
  co_return unknown;
}

}  // namespace postwatch::agent

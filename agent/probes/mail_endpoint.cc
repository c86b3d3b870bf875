#include "agent/probes/mail_endpoint.h"

#include <algorithm>
#include <array>
#include <utility>

#include "common/base/text.h"

namespace postwatch::agent {
namespace {

constexpr size_t kMaxAddressBytes = 254;  // RFC 5321 section 4.5.3.1.3
constexpr int kMaxPort = 65535;
constexpr size_t kMaxCandidates = 6;

// What the SRV records and the well-known names of one service are, best first.
struct SrvName {
  std::string_view prefix;
  Security security;
  uint16_t port;
};

struct ServiceNames {
  std::array<SrvName, 2> srv;
  std::array<std::string_view, 2> common;  // labels before the domain
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

const ServiceNames& NamesOf(MailService service) {
  return service == MailService::kSubmission ? kSubmissionNames : kImapNames;
}

std::string_view ServiceText(MailService service) {
  return service == MailService::kSubmission ? "submission" : "receive";
}

std::optional<Security> ReadSecurity(SettingsReader& in) {
  const std::string text = in.Choice("security", "", {"starttls", "tls", "plain"});
  if (text == "starttls") return Security::kStartTls;
  if (text == "tls") return Security::kTls;
  if (text == "plain") return Security::kPlain;
  return std::nullopt;
}

ServerChoice ReadServer(const Settings* settings, const std::string& path, Mistakes& mistakes,
                        bool is_receive) {
  ServerChoice server;
  if (settings == nullptr) return server;
  SettingsReader in(*settings, path, mistakes);
  if (is_receive) in.Choice("protocol", "imap", {"imap"});
  server.host = in.String("host", "");
  server.port = static_cast<uint16_t>(in.Integer("port", 0, 1, kMaxPort));
  server.security = ReadSecurity(in);
  in.Finish();
  return server;
}

SecretReference ReadSecret(const Settings* settings, const std::string& path, Mistakes& mistakes) {
  SecretReference reference;
  if (settings == nullptr) {
    mistakes.Add("", path, "is missing; give {file: PATH} or {env: NAME}");
    return reference;
  }
  if (settings->kind() == Settings::Kind::kScalar) {
    mistakes.Add(settings->origin(), path,
                 "must be a reference, {file: PATH} or {env: NAME}, never the secret itself");
    return reference;
  }
  SettingsReader in(*settings, path, mistakes);
  reference.file = in.String("file", "");
  reference.env = in.String("env", "");
  if (reference.file.empty() == reference.env.empty()) {
    mistakes.Add(settings->origin(), path, "needs exactly one of file and env");
  }
  in.Finish();
  return reference;
}

bool IsMailAddress(std::string_view text) {
  const size_t at = text.rfind('@');
  if (at == text.npos || at == 0 || at + 1 == text.size()) return false;
  if (text.size() > kMaxAddressBytes) return false;
  return std::none_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == '<' || c == '>' || c == 0x7f;
  });
}

Security SecurityOfPort(uint16_t port, Security fallback) {
  if (port == 465 || port == 993) return Security::kTls;
  if (port == 25 || port == 143 || port == 587) return Security::kStartTls;
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
    const uint16_t port = choice.port != 0 ? choice.port : srv->port;
    server = {CanonicalName(srv->target), port, name.security};
    break;
  }
  co_return std::nullopt;
}

}  // namespace

bool MailboxSettings::Receives(std::string_view recipient) const {
  if (EqualsIgnoreCase(recipient, address)) return true;
  return std::any_of(aliases.begin(), aliases.end(),
                     [&](const std::string& alias) { return EqualsIgnoreCase(recipient, alias); });
}

std::string DomainOf(std::string_view address) {
  const size_t at = address.rfind('@');
  return at == address.npos ? "" : AsciiLower(address.substr(at + 1));
}

MailboxSettings ReadMailbox(const Settings* settings, const std::string& path, Mistakes& mistakes) {
  MailboxSettings mailbox;
  if (settings == nullptr) {
    mistakes.Add("", path, "is missing; this check needs a mailbox of its own");
    return mailbox;
  }
  SettingsReader in(*settings, path, mistakes);
  mailbox.address = in.RequiredString("address");
  if (!mailbox.address.empty() && !IsMailAddress(mailbox.address)) {
    in.Complain("address", Concat("'", mailbox.address, "' is not a mail address"));
  }
  mailbox.username = in.String("username", mailbox.address);
  if (in.Has("oauth2")) {
    in.Child("oauth2");
    in.Complain("oauth2", "is not supported; give a password reference");
  }
  mailbox.password = ReadSecret(in.Child("password"), in.PathOf("password"), mistakes);
  mailbox.aliases = in.Strings("aliases");
  for (const std::string& alias : mailbox.aliases) {
    if (!IsMailAddress(alias)) {
      in.Complain("aliases", Concat("'", alias, "' is not a mail address"));
    }
  }
  mailbox.submission = ReadServer(in.Child("submission"), in.PathOf("submission"), mistakes, false);
  mailbox.receive = ReadServer(in.Child("receive"), in.PathOf("receive"), mistakes, true);
  mailbox.deliver_via_mx = in.Choice("deliver_via", "submission", {"submission", "mx"}) == "mx";
  in.Finish();
  return mailbox;
}

Task<std::optional<Fault>> LocateServer(const RunContext& context, MailService service,
                                        const MailboxSettings& mailbox, Server& server) {
  const ServerChoice& choice =
      service == MailService::kSubmission ? mailbox.submission : mailbox.receive;
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

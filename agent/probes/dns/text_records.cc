#include "agent/probes/dns/text_records.h"

#include <algorithm>
#include <utility>

#include "common/base/text.h"
#include "common/domain/remembering_resolver.h"

namespace postwatch::agent {

Task<std::optional<Fault>> LookUpTexts(Resolver& resolver, std::string name, TextRecords& records) {
  DnsQuestion question;
  question.name = std::move(name);
  question.type = RrType::kTxt;
  const DnsReply reply = co_await resolver.Query(question);
  records = {};
  switch (PresenceOf(reply, RrType::kTxt)) {
    case DnsPresence::kFound:
      records.texts = TxtTexts(reply);
      co_return std::nullopt;
    case DnsPresence::kAbsent:
      records.absence = DescribeDnsReply(question, reply);
      records.denied = reply.message.rcode == Rcode::kNxDomain;
      if (!records.denied) records.absence += ", no TXT record";
      co_return std::nullopt;
    case DnsPresence::kFailed:
      break;
  }
  co_return co_await JudgeDnsReply(resolver, std::move(question), reply);
}

Task<std::optional<Fault>> FindNoDomain(Resolver& resolver, std::string domain, RrType type) {
  DnsQuestion question;
  question.name = domain;
  question.type = type;
  const DnsReply reply = co_await resolver.Query(question);
  if (DnsFailureClass(reply) != FailureClass::kDnsNxdomain) co_return std::nullopt;
  Fault none{FailureClass::kDnsNxdomain,
             Concat(domain, " does not exist: ", DescribeDnsReply(question, reply)), std::nullopt};
  co_return none;
}

Task<std::optional<Fault>> LookUpTextsOf(Resolver& resolver, std::string domain, std::string name,
                                         TextRecords& records) {
  std::optional<Fault> lost = co_await LookUpTexts(resolver, name, records);
  if (lost.has_value() || !records.denied) co_return lost;
  // The same question again where it was the domain's own.
  const RrType type = name == domain ? RrType::kTxt : RrType::kSoa;
  co_return co_await FindNoDomain(resolver, std::move(domain), type);
}

std::vector<std::string> TextsThat(const std::vector<std::string>& texts,
                                   bool (*is_one)(std::string_view text)) {
  std::vector<std::string> found;
  std::ranges::copy_if(texts, std::back_inserter(found), is_one);
  return found;
}

}  // namespace postwatch::agent

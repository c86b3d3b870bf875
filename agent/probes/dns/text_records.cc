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
      if (reply.message.rcode == Rcode::kNoError) records.absence += ", no TXT record";
      co_return std::nullopt;
    case DnsPresence::kFailed:
      break;
  }
  co_return co_await JudgeDnsReply(resolver, std::move(question), reply);
}

std::vector<std::string> TextsThat(const std::vector<std::string>& texts,
                                   bool (*is_one)(std::string_view text)) {
  std::vector<std::string> found;
  std::ranges::copy_if(texts, std::back_inserter(found), is_one);
  return found;
}

}  // namespace postwatch::agent

#include "common/domain/remembering_resolver.h"

#include <algorithm>
#include <variant>

#include "common/base/text.h"

namespace postwatch {
namespace {

constexpr size_t kMaxReplies = 512;  // more than a run asks; further ones are not kept

DnsReply NoSuchName() {
  DnsReply reply;
  reply.transport = DnsTransport::kReplied;
  reply.message.is_reply = true;
  reply.message.rcode = Rcode::kNxDomain;
  return reply;
}

}  // namespace

Task<DnsReply> RememberingResolver::Query(DnsQuestion question) {
  const std::pair<std::string, RrType> key(CanonicalName(question.name), question.type);
  const auto known = replies_.find(key);
  if (known != replies_.end() && !question.checking_disabled) co_return known->second;
  if (!EncodeQuery(question, 0).ok()) co_return NoSuchName();
  DnsReply reply = co_await resolver_.Query(question);
  if (!question.checking_disabled && replies_.size() < kMaxReplies) replies_[key] = reply;
  co_return reply;
}

DnsPresence PresenceOf(const DnsReply& reply, RrType type) {
  if (reply.transport != DnsTransport::kReplied) return DnsPresence::kFailed;
  if (reply.message.rcode == Rcode::kNxDomain) return DnsPresence::kAbsent;
  if (reply.message.rcode != Rcode::kNoError) return DnsPresence::kFailed;
  const auto& answers = reply.message.answers;
  const bool found = std::ranges::find(answers, type, &ResourceRecord::type) != answers.end();
  return found ? DnsPresence::kFound : DnsPresence::kAbsent;
}

std::string AbsenceText(const DnsReply& reply, RrType type) {
  if (reply.transport != DnsTransport::kReplied) return "no answer";
  if (reply.message.rcode != Rcode::kNoError) return RcodeText(reply.message.rcode);
  return Concat("no ", RrTypeText(type), " record");
}

std::vector<std::string> TxtTexts(const DnsReply& reply) {
  std::vector<std::string> texts;
  if (reply.transport != DnsTransport::kReplied) return texts;
  for (const ResourceRecord& record : reply.message.answers) {
    const TxtRecord* txt = std::get_if<TxtRecord>(&record.value);
    if (record.type == RrType::kTxt && txt != nullptr) texts.push_back(Join(txt->strings, ""));
  }
  return texts;
}

}  // namespace postwatch

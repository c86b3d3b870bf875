#include "agent/probes/dns/authority_answers.h"

#include <algorithm>
#include <map>
#include <utility>

#include "common/base/text.h"
#include "common/dns/record_text.h"

namespace postwatch::agent {
namespace {

constexpr size_t kMinIntercepted = 2;
constexpr auto kNotAuth = static_cast<Rcode>(9);  // RFC 2136 section 2.2

const SoaRecord* SoaOf(const DnsMessage& message, std::string_view zone) {
  for (const ResourceRecord& record : message.answers) {
    if (record.type == RrType::kSoa && record.name == zone) {
      return std::get_if<SoaRecord>(&record.value);
    }
  }
  return nullptr;
}

// RFC 1982 section 3.2, for serials that differ by less than half of the circle.
bool IsBehind(uint32_t serial, uint32_t newest) {
  return serial != newest && newest - serial < 0x80000000u;
}

std::string Reason(const DnsReply& reply) {
  const DnsMessage& message = reply.message;
  if (message.rcode != Rcode::kNoError) {
    std::string text = RcodeText(message.rcode);
    for (const ExtendedError& error : message.extended_errors) {
      Append(text, ", EDE ", error.code);
      if (!error.text.empty()) Append(text, " (", error.text, ")");
    }
    return text;
  }
  return message.aa ? "answers without an SOA of the zone" : "answers without authority";
}

// Whether the server says that the zone is not its affair. A resolver that refuses means whoever
// asks; a server that the parent leads to has nobody to refuse.
bool DeniesTheZone(const DnsMessage& message) {
  return message.rcode == Rcode::kRefused || message.rcode == kNotAuth;
}

std::string TransportReason(const DnsReply& reply) {
  switch (reply.transport) {
    case DnsTransport::kMalformed:
      return Concat("malformed answer: ", reply.detail);
    case DnsTransport::kTruncatedNoTcp:
      return "the answer is truncated and TCP does not work";
    case DnsTransport::kUnreachable:
      return reply.detail.empty() ? "unreachable" : reply.detail;
    default:
      return "no answer";
  }
}

}  // namespace

AuthorityAnswer JudgeAuthority(const Authority& server, std::string_view zone, DnsReply reply) {
  AuthorityAnswer answer;
  answer.server = &server;
  answer.klass = DnsFailureClass(reply);
  if (reply.transport == DnsTransport::kReplied) {
    const SoaRecord* soa = SoaOf(reply.message, zone);
    if (!answer.klass.has_value() && reply.message.aa && soa != nullptr) {
      answer.standing = Standing::kServes;
      answer.serial = soa->serial;
    } else {
      answer.standing = Standing::kLame;
      answer.reason = Reason(reply);
      if (!answer.klass.has_value() || DeniesTheZone(reply.message)) {
        answer.klass = FailureClass::kDnsNsLame;
      }
    }
  } else {
    const bool answered = reply.transport == DnsTransport::kMalformed ||
                          reply.transport == DnsTransport::kTruncatedNoTcp;
    answer.standing = answered ? Standing::kLame : Standing::kSilent;
    answer.reason = TransportReason(reply);
  }
  answer.reply = std::move(reply);
  return answer;
}

std::vector<const AuthorityAnswer*> With(const std::vector<AuthorityAnswer>& answers,
                                         Standing standing) {
  std::vector<const AuthorityAnswer*> some;
  for (const AuthorityAnswer& answer : answers) {
    if (answer.standing == standing) some.push_back(&answer);
  }
  return some;
}

std::optional<std::string> SerialSkew(const std::vector<AuthorityAnswer>& answers) {
  const std::vector<const AuthorityAnswer*> serving = With(answers, Standing::kServes);
  if (serving.empty()) return std::nullopt;
  const AuthorityAnswer* newest = serving.front();
  for (const AuthorityAnswer* answer : serving) {
    if (IsBehind(newest->serial, answer->serial)) newest = answer;
  }
  std::vector<std::string> behind;
  for (const AuthorityAnswer* answer : serving) {
    if (answer->serial == newest->serial) continue;
    behind.push_back(Concat(answer->server->Text(), " has serial ", answer->serial));
  }
  if (behind.empty()) return std::nullopt;
  return Concat(Join(behind, ", "), ", behind ", newest->serial, " of ", newest->server->Text());
}

std::string AnswerText(const DnsReply& reply, RrType type) {
  if (reply.transport != DnsTransport::kReplied) return "";
  if (reply.message.rcode != Rcode::kNoError) return RcodeText(reply.message.rcode);
  std::vector<std::string> texts;
  for (const ResourceRecord& record : reply.message.answers) {
    if (record.type == type) texts.push_back(RecordText(record));
  }
  std::ranges::sort(texts);
  return texts.empty() ? "none" : Join(texts, ", ");
}

std::optional<std::string> Drift(const std::vector<const AuthorityAnswer*>& serving,
                                 const std::vector<std::string>& texts) {
  std::map<uint32_t, std::map<std::string, size_t>> counts;  // by serial, then by text
  for (size_t i = 0; i < serving.size(); ++i) {
    if (!texts[i].empty()) ++counts[serving[i]->serial][texts[i]];
  }
  std::vector<std::string> odd;
  for (size_t i = 0; i < serving.size(); ++i) {
    if (texts[i].empty()) continue;
    const std::map<std::string, size_t>& same_serial = counts[serving[i]->serial];
    const auto usual =
        std::ranges::max_element(same_serial, {}, [](const auto& entry) { return entry.second; });
    if (texts[i] == usual->first) continue;
    odd.push_back(Concat(serving[i]->server->Text(), " has ", texts[i],
                         " where others with serial ", serving[i]->serial, " have ", usual->first));
  }
  if (odd.empty()) return std::nullopt;
  return Join(odd, "; ");
}

bool LooksIntercepted(const std::vector<AuthorityAnswer>& answers) {
  size_t replies = 0;
  for (const AuthorityAnswer& answer : answers) {
    if (answer.reply.transport != DnsTransport::kReplied) continue;
    if (answer.reply.message.aa || !answer.reply.message.ra) return false;
    ++replies;
  }
  return replies >= kMinIntercepted;
}

Fault NoneServes(const std::vector<AuthorityAnswer>& answers, std::string_view zone) {
  std::map<FailureClass, size_t> counts;
  std::vector<std::string> reasons;
  bool any_answered = false;
  for (const AuthorityAnswer& answer : answers) {
    any_answered = any_answered || answer.standing == Standing::kLame;
  }
  for (const AuthorityAnswer& answer : answers) {
    if (answer.standing == Standing::kNotAsked) continue;
    reasons.push_back(Concat(answer.server->Text(), ": ", answer.reason));
    // What one of them says tells more than the silence of the rest.
    if (any_answered && answer.standing != Standing::kLame) continue;
    ++counts[answer.klass.value_or(FailureClass::kDnsNsLame)];
  }
  const auto most =
      std::ranges::max_element(counts, {}, [](const auto& entry) { return entry.second; });
  return {most == counts.end() ? FailureClass::kDnsNsUnreachable : most->first,
          Concat("no name server serves ", zone, ": ", Join(reasons, "; ")), std::nullopt};
}

}  // namespace postwatch::agent

// Authority answers: what name servers of one zone say when asked one by one, judged together.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/probes/dns/authority.h"

namespace postwatch::agent {

// How a name server answered for the SOA of the zone it should serve.
enum class Standing {
  kServes,    // with authority
  kLame,      // it answered, and does not serve the zone
  kSilent,    // no answer
  kNotAsked,  // nothing can be said: this agent has no IPv6
};

struct AuthorityAnswer {
  const Authority* server = nullptr;
  Standing standing = Standing::kSilent;
  uint32_t serial = 0;  // when it serves the zone
  DnsReply reply;
  std::optional<FailureClass> klass;  // unless it serves the zone
  std::string reason;                 // "REFUSED", "answers without authority"
};

AuthorityAnswer JudgeAuthority(const Authority& server, std::string_view zone, DnsReply reply);

// Those with this standing.
std::vector<const AuthorityAnswer*> With(const std::vector<AuthorityAnswer>& answers,
                                         Standing standing);

// Who is behind: "ns2.alpha.test (192.0.2.2) has serial 7, behind 9 of ns1.alpha.test (192.0.2.1)".
// Serials are compared as RFC 1982 says. Nothing when all that serve the zone agree.
std::optional<std::string> SerialSkew(const std::vector<AuthorityAnswer>& answers);

// The records of `type` among the answers to `name`, in one sorted text; the code when it is not
// NOERROR; the transport's trouble when there was no reply.
std::string AnswerText(const DnsReply& reply, RrType type);

// The servers whose records differ from what most with the same serial have. `texts` are of the
// servers in `serving`, in that order; one that could not be asked (empty text) is left out.
std::optional<std::string> Drift(const std::vector<const AuthorityAnswer*>& serving,
                                 const std::vector<std::string>& texts);

// Whether something in between answers for every server: recursion is offered and authority lacks
// in each of at least two replies.
bool LooksIntercepted(const std::vector<AuthorityAnswer>& answers);

// What stands for all when none serves the zone: the class most answered with, and each answer.
Fault NoneServes(const std::vector<AuthorityAnswer>& answers, std::string_view zone);

}  // namespace postwatch::agent

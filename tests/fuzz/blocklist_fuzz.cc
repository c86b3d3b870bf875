// Fuzzes what is made of the answers of DNS blocklists, any packet: only a code is a listing, and a
// list that says everybody is on it is never believed.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "common/domain/blocklist.h"
#include "tests/fuzz/told_resolver.h"
#include "tests/support/run_task.h"

namespace {

using postwatch::BlocklistAnswer;
using postwatch::BlocklistHealth;
using Kind = BlocklistAnswer::Kind;
using State = BlocklistHealth::State;

constexpr size_t kMaxReason = 200;

void Require(bool holds) {
  if (!holds) std::abort();
}

bool IsListing(std::string_view ip) {
  return ip.starts_with("127.") && !ip.starts_with("127.255.255.") && ip != "127.0.0.1";
}

BlocklistAnswer Ask(postwatch::ToldResolver& resolver, std::string subject) {
  BlocklistAnswer answer =
      postwatch::RunTask(AskBlocklist(resolver, "bl.test", std::move(subject)));
  const auto rcode = resolver.reply().message.rcode;
  Require(answer.codes.size() <= 8 && !answer.detail.empty());
  if (answer.kind == Kind::kListed) {
    Require(!answer.codes.empty() && std::ranges::all_of(answer.codes, IsListing));
    for (const postwatch::Blocklist& list : postwatch::UsualBlocklists()) {
      for (const std::string& code : answer.codes) {
        Require(postwatch::IsBlocklistCode(code));
        Require(!postwatch::BlocklistMeaning(list, code).empty());
      }
    }
  }
  if (answer.kind == Kind::kClean) {
    Require(answer.codes.empty());
    Require(rcode == postwatch::Rcode::kNxDomain || rcode == postwatch::Rcode::kNoError);
  }
  if (answer.kind == Kind::kSilent) Require(answer.codes.empty());
  return answer;
}

void Test(postwatch::ToldResolver& resolver) {
  const BlocklistHealth health =
      postwatch::RunTask(TestBlocklist(resolver, "bl.test", postwatch::BlocklistSubject::kIpv4));
  Require(health.ttl >= absl::Minutes(5) && health.ttl <= absl::Hours(24));
  Require(health.detail.empty() == (health.state == State::kWorks));
  const bool fine = Ask(resolver, "127.0.0.2").kind == Kind::kListed &&
                    Ask(resolver, "127.0.0.1").kind == Kind::kClean;
  Require(fine == (health.state == State::kWorks));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::string_view packet(reinterpret_cast<const char*>(bytes), size);
  postwatch::DnsReply reply;
  auto message = postwatch::ParseMessage(packet);
  reply.transport =
      message.ok() ? postwatch::DnsTransport::kReplied : postwatch::DnsTransport::kMalformed;
  if (message.ok()) reply.message = *std::move(message);
  postwatch::ToldResolver resolver(std::move(reply));
  Ask(resolver, "192.0.2.9");
  Test(resolver);
  const std::string reason =
      postwatch::RunTask(AskBlocklistReason(resolver, "bl.test", "192.0.2.9"));
  Require(reason.size() <= kMaxReason);
  // A zone by any name, and any text for a code.
  Require(!postwatch::KnownBlocklist(packet).zone.empty());
  if (!postwatch::IsBlocklistCode(packet)) return 0;
  Require(packet.find_first_not_of("0123456789.-") == packet.npos);
  Require(packet.starts_with("127."));
  return 0;
}

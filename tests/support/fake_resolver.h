// FakeResolver: a resolver that answers from a script.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "common/dns/resolver.h"

namespace postwatch {

// Replies to script. Records made here have an empty owner name and a TTL of 300 s; FakeResolver
// fills in the name of the question. `message.rcode` and flags may be changed afterwards.
DnsReply RecordsReply(std::vector<ResourceRecord> answers);
DnsReply MxReply(std::vector<std::pair<uint16_t, std::string>> hosts);  // {preference, host}
DnsReply AddressReply(std::vector<std::string> ips);                    // A or AAAA by the literal
DnsReply TxtReply(std::vector<std::string> texts);                      // one record each
DnsReply NsReply(std::vector<std::string> hosts);
DnsReply SoaReply(uint32_t serial);
DnsReply NoDataReply();
DnsReply RcodeReply(Rcode rcode);
DnsReply RcodeReply(Rcode rcode, uint16_t extended_error, std::string text);
DnsReply TransportReply(DnsTransport transport, std::string detail = "");  // no message at all
inline DnsReply TimeoutReply() { return TransportReply(DnsTransport::kTimeout); }
ResourceRecord MakeRecord(RrType type, RecordValue value, std::string name = "");

class FakeResolver : public Resolver {
 public:
  explicit FakeResolver(std::string name = "192.0.2.53:53") : name_(std::move(name)) {}

  // The reply for (name, type), whatever the CD bit says. Called again for the same question it
  // queues: replies are given in order, the last one for ever. Names are compared canonically.
  FakeResolver& On(std::string_view name, RrType type, DnsReply reply);

  // The reply for (name, type) with exactly this CD bit; wins over the one without.
  FakeResolver& OnCd(std::string_view name, RrType type, bool checking_disabled, DnsReply reply);

  // For every question without a script. Default: a timeout.
  FakeResolver& Otherwise(DnsReply reply);

  // Forgets all scripted replies to (name, type), for tests where the world changes.
  void Forget(std::string_view name, RrType type);

  Task<DnsReply> Query(DnsQuestion question) override;
  std::string name() const override { return name_; }

  // What Query answers, without a coroutine; takes one reply from the script.
  DnsReply Answer(const DnsQuestion& question);

  const std::vector<DnsQuestion>& asked() const { return asked_; }

 private:
  enum class Cd { kAny, kOff, kOn };
  using Key = std::tuple<std::string, RrType, Cd>;
  struct Script {
    std::vector<DnsReply> replies;
    size_t next = 0;
  };
  Script* Find(const DnsQuestion& question);

  std::string name_;
  std::map<Key, Script> scripts_;
  DnsReply otherwise_;
  std::vector<DnsQuestion> asked_;
};

// Hands out resolvers that share the FakeResolver of their server's IP.
class FakeResolverFactory : public ResolverFactory {
 public:
  // The resolver behind `ip`; made (all timeouts) when first named. Valid as long as the factory.
  FakeResolver& At(const std::string& ip);

  absl::StatusOr<std::unique_ptr<Resolver>> Make(ResolverOptions options) override;

  // Options of every Make so far.
  const std::vector<ResolverOptions>& made() const { return made_; }

 private:
  std::map<std::string, std::shared_ptr<FakeResolver>> servers_;
  std::vector<ResolverOptions> made_;
};

}  // namespace postwatch

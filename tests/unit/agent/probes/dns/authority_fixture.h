// AuthorityFixture: a zone alpha.test with two name servers, its parent, and what goes wrong there.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tests/support/probe_fixture.h"

namespace postwatch::agent {

// As a name server says it: with authority, without recursion.
inline DnsReply Authoritative(DnsReply reply) {
  reply.message.aa = true;
  reply.message.ra = false;
  return reply;
}

class AuthorityFixture : public ProbeFixture {
 protected:
  AuthorityFixture() {
    resolver_.Otherwise(NoDataReply());
    resolver_.On("alpha.test", RrType::kSoa, SoaReply(9));
    resolver_.On("alpha.test", RrType::kNs, NsReply({"ns1.alpha.test", "ns2.alpha.test"}));
    resolver_.On("test", RrType::kSoa, SoaReply(1));
    resolver_.On("test", RrType::kNs, NsReply({"a.nic.test"}));
    resolver_.On("a.nic.test", RrType::kA, AddressReply({"192.0.2.250"}));
    resolver_.On("ns1.alpha.test", RrType::kA, AddressReply({"192.0.2.1"}));
    resolver_.On("ns2.alpha.test", RrType::kA, AddressReply({"192.0.2.2"}));
    Refer({"ns1.alpha.test", "ns2.alpha.test"},
          {{"ns1.alpha.test", "192.0.2.1"}, {"ns2.alpha.test", "192.0.2.2"}});
    Serve("192.0.2.1", 9);
    Serve("192.0.2.2", 9);
  }

  FakeResolver& Parent() { return resolvers_.At("192.0.2.250"); }

  void Refer(const std::vector<std::string>& hosts,
             const std::vector<std::pair<std::string, std::string>>& glue) {
    DnsReply reply = RcodeReply(Rcode::kNoError);
    reply.message.ra = false;
    for (const std::string& host : hosts) {
      reply.message.authorities.push_back(MakeRecord(RrType::kNs, NameRecord{host}, "alpha.test"));
    }
    for (const auto& [host, ip] : glue) {
      const RrType type = ip.find(':') == ip.npos ? RrType::kA : RrType::kAaaa;
      reply.message.additionals.push_back(MakeRecord(type, AddressRecord{ip}, host));
    }
    Parent().Forget("alpha.test", RrType::kNs);
    Parent().On("alpha.test", RrType::kNs, std::move(reply));
  }

  void Serve(const std::string& ip, uint32_t serial,
             std::vector<std::pair<uint16_t, std::string>> mx = {{10, "mx1.alpha.test"}}) {
    FakeResolver& server = resolvers_.At(ip);
    for (const RrType type : {RrType::kSoa, RrType::kNs, RrType::kMx}) {
      server.Forget("alpha.test", type);
    }
    server.On("alpha.test", RrType::kSoa, Authoritative(SoaReply(serial)));
    server.On("alpha.test", RrType::kNs,
              Authoritative(NsReply({"ns1.alpha.test", "ns2.alpha.test"})));
    server.On("alpha.test", RrType::kMx, Authoritative(MxReply(std::move(mx))));
  }

  // Every question about the zone gets this reply from this server.
  void Break(const std::string& ip, const DnsReply& reply) {
    FakeResolver& server = resolvers_.At(ip);
    for (const RrType type : {RrType::kSoa, RrType::kNs, RrType::kMx}) {
      server.Forget("alpha.test", type);
    }
    server.Otherwise(reply);
  }
};

}  // namespace postwatch::agent

#include "common/dns/resolver.h"

#include <arpa/inet.h>

#include <utility>

#include "common/base/text.h"

namespace postwatch {
namespace {

constexpr int kMaxCnames = 8;
constexpr size_t kMaxServers = 8;
constexpr uint16_t kDnsPort = 53;

bool IsAddress(const std::string& text) {
  unsigned char bytes[sizeof(in6_addr)];
  return inet_pton(AF_INET, text.c_str(), bytes) == 1 ||
         inet_pton(AF_INET6, text.c_str(), bytes) == 1;
}

const NameRecord* FindCname(const DnsMessage& message, const std::string& owner) {
  for (const ResourceRecord& record : message.answers) {
    if (record.type == RrType::kCname && record.name == owner) {
      return std::get_if<NameRecord>(&record.value);
    }
  }
  return nullptr;
}

}  // namespace

std::vector<std::string> AddressesIn(const DnsMessage& message, std::string owner, RrType family) {
  std::vector<std::string> addresses;
  if (message.rcode != Rcode::kNoError) return addresses;
  for (int hops = 0; hops <= kMaxCnames; ++hops) {
    for (const ResourceRecord& record : message.answers) {
      const auto* address = std::get_if<AddressRecord>(&record.value);
      if (record.type == family && record.name == owner && address != nullptr) {
        addresses.push_back(address->ip);
      }
    }
    const NameRecord* cname = FindCname(message, owner);
    if (!addresses.empty() || cname == nullptr) break;
    owner = cname->name;
  }
  return addresses;
}

Task<AddressLookup> LookUpAddresses(Resolver& resolver, std::string host, RrType family) {
  DnsQuestion question;
  question.name = host;
  question.type = family;
  AddressLookup lookup;
  lookup.reply = co_await resolver.Query(std::move(question));
  if (lookup.reply.transport == DnsTransport::kReplied) {
    lookup.addresses = AddressesIn(lookup.reply.message, CanonicalName(host), family);
  }
  co_return lookup;
}

std::vector<Address> ParseResolvConf(std::string_view text) {
  std::vector<Address> servers;
  for (std::string_view line : Split(text, '\n')) {
    line = Trim(line);
    constexpr std::string_view kKeyword = "nameserver";
    if (line.substr(0, kKeyword.size()) != kKeyword) continue;
    line.remove_prefix(kKeyword.size());
    if (line.empty() || (line.front() != ' ' && line.front() != '\t')) continue;
    line = Trim(line);
    std::string ip(line.substr(0, line.find_first_of(" \t#;")));
    if (IsAddress(ip)) servers.push_back({std::move(ip), kDnsPort});
    if (servers.size() == kMaxServers) break;
  }
  return servers;
}

}  // namespace postwatch

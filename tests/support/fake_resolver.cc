#include "tests/support/fake_resolver.h"

namespace postwatch {

ResourceRecord MakeRecord(RrType type, RecordValue value, std::string name) {
  ResourceRecord record;
  record.name = std::move(name);
  record.type = type;
  record.ttl = absl::Seconds(300);
  record.value = std::move(value);
  return record;
}

DnsReply RecordsReply(std::vector<ResourceRecord> answers) {
  DnsReply reply = RcodeReply(Rcode::kNoError);
  reply.message.answers = std::move(answers);
  return reply;
}

DnsReply MxReply(std::vector<std::pair<uint16_t, std::string>> hosts) {
  std::vector<ResourceRecord> answers;
  for (auto& [preference, host] : hosts) {
    answers.push_back(MakeRecord(RrType::kMx, MxRecord{preference, CanonicalName(host)}));
  }
  return RecordsReply(std::move(answers));
}

DnsReply AddressReply(std::vector<std::string> ips) {
  std::vector<ResourceRecord> answers;
  for (std::string& ip : ips) {
    RrType type = ip.find(':') == std::string::npos ? RrType::kA : RrType::kAaaa;
    answers.push_back(MakeRecord(type, AddressRecord{std::move(ip)}));
  }
  return RecordsReply(std::move(answers));
}

DnsReply TxtReply(std::vector<std::string> texts) {
  std::vector<ResourceRecord> answers;
  for (std::string& text : texts) {
    answers.push_back(MakeRecord(RrType::kTxt, TxtRecord{{std::move(text)}}));
  }
  return RecordsReply(std::move(answers));
}

DnsReply NsReply(std::vector<std::string> hosts) {
  std::vector<ResourceRecord> answers;
  for (const std::string& host : hosts) {
    answers.push_back(MakeRecord(RrType::kNs, NameRecord{CanonicalName(host)}));
  }
  return RecordsReply(std::move(answers));
}

DnsReply SoaReply(uint32_t serial) {
  SoaRecord soa{"ns1.example.test", "hostmaster.example.test", serial, 7200, 900, 1209600, 300};
  return RecordsReply({MakeRecord(RrType::kSoa, soa)});
}

DnsReply NoDataReply() { return RcodeReply(Rcode::kNoError); }

DnsReply RcodeReply(Rcode rcode) {
  DnsReply reply;
  reply.transport = DnsTransport::kReplied;
  reply.took = absl::Milliseconds(5);
  reply.message.is_reply = true;
  reply.message.rd = true;
  reply.message.ra = true;
  reply.message.rcode = rcode;
  return reply;
}

DnsReply RcodeReply(Rcode rcode, uint16_t extended_error, std::string text) {
  DnsReply reply = RcodeReply(rcode);
  reply.message.extended_errors.push_back({extended_error, std::move(text)});
  return reply;
}

DnsReply TransportReply(DnsTransport transport, std::string detail) {
  DnsReply reply;
  reply.transport = transport;
  reply.detail = std::move(detail);
  return reply;
}

FakeResolver& FakeResolver::On(std::string_view name, RrType type, DnsReply reply) {
  scripts_[{CanonicalName(name), type, Cd::kAny}].replies.push_back(std::move(reply));
  return *this;
}

FakeResolver& FakeResolver::OnCd(std::string_view name, RrType type, bool checking_disabled,
                                 DnsReply reply) {
  Cd cd = checking_disabled ? Cd::kOn : Cd::kOff;
  scripts_[{CanonicalName(name), type, cd}].replies.push_back(std::move(reply));
  return *this;
}

FakeResolver& FakeResolver::Otherwise(DnsReply reply) {
  otherwise_ = std::move(reply);
  return *this;
}

void FakeResolver::Forget(std::string_view name, RrType type) {
  for (Cd cd : {Cd::kAny, Cd::kOff, Cd::kOn}) scripts_.erase({CanonicalName(name), type, cd});
}

FakeResolver::Script* FakeResolver::Find(const DnsQuestion& question) {
  std::string name = CanonicalName(question.name);
  auto exact =
      scripts_.find({name, question.type, question.checking_disabled ? Cd::kOn : Cd::kOff});
  if (exact != scripts_.end()) return &exact->second;
  auto any = scripts_.find({name, question.type, Cd::kAny});
  return any == scripts_.end() ? nullptr : &any->second;
}

DnsReply FakeResolver::Answer(const DnsQuestion& question) {
  asked_.push_back(question);
  DnsReply reply = otherwise_;
  if (Script* script = Find(question)) {
    reply = script->replies[script->next];
    if (script->next + 1 < script->replies.size()) ++script->next;
  }
  reply.server = name_;
  for (ResourceRecord& record : reply.message.answers) {
    if (record.name.empty()) record.name = CanonicalName(question.name);
  }
  return reply;
}

Task<DnsReply> FakeResolver::Query(DnsQuestion question) { co_return Answer(question); }

namespace {

class SharedFakeResolver : public Resolver {
 public:
  explicit SharedFakeResolver(std::shared_ptr<FakeResolver> fake) : fake_(std::move(fake)) {}
  Task<DnsReply> Query(DnsQuestion question) override { co_return fake_->Answer(question); }
  std::string name() const override { return fake_->name(); }

 private:
  std::shared_ptr<FakeResolver> fake_;
};

}  // namespace

FakeResolver& FakeResolverFactory::At(const std::string& ip) {
  std::shared_ptr<FakeResolver>& server = servers_[ip];
  if (server == nullptr) server = std::make_shared<FakeResolver>(AddressText({ip, 53}));
  return *server;
}

absl::StatusOr<std::unique_ptr<Resolver>> FakeResolverFactory::Make(ResolverOptions options) {
  made_.push_back(options);
  At(options.server.ip);
  return std::make_unique<SharedFakeResolver>(servers_[options.server.ip]);
}

}  // namespace postwatch

// ToldResolver: a resolver that gives one reply to every question.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "common/dns/resolver.h"

namespace postwatch {

class ToldResolver : public Resolver {
 public:
  explicit ToldResolver(DnsReply reply) : reply_(std::move(reply)) {}

  Task<DnsReply> Query(DnsQuestion question) override {
    asked_.push_back(std::move(question));
    co_return reply_;
  }
  std::string name() const override { return "192.0.2.53:53"; }

  const DnsReply& reply() const { return reply_; }
  const std::vector<DnsQuestion>& asked() const { return asked_; }

 private:
  DnsReply reply_;
  std::vector<DnsQuestion> asked_;
};

}  // namespace postwatch

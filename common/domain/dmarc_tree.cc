#include "common/domain/dmarc_tree.h"

#include <algorithm>
#include <utility>

#include "common/base/text.h"
#include "common/domain/remembering_resolver.h"

namespace postwatch {
namespace {

constexpr size_t kMaxLabels = 7;  // of what is asked for above the domain itself

std::string LastLabels(const std::vector<std::string_view>& labels, size_t count) {
  const auto first = labels.end() - static_cast<std::ptrdiff_t>(count);
  return Join(std::vector<std::string_view>(first, labels.end()), ".");
}

// The one usable record of a reply; several, or one that is broken, are as good as none.
std::optional<PublishedDmarc> TheRecord(const std::string& domain, const DnsReply& reply) {
  std::vector<std::string> texts = TxtTexts(reply);
  std::erase_if(texts, [](const std::string& text) { return !IsDmarcRecord(text); });
  if (texts.size() != 1) return std::nullopt;
  absl::StatusOr<DmarcRecord> record = ParseDmarcRecord(texts.front());
  if (!record.ok()) return std::nullopt;
  return PublishedDmarc{domain, texts.front(), *std::move(record)};
}

}  // namespace

std::vector<std::string> DmarcTreeDomains(std::string_view domain) {
  const std::string name = CanonicalName(domain);
  const std::vector<std::string_view> labels = Split(name, '.');
  std::vector<std::string> domains = {name};
  for (size_t count = std::min(labels.size() - 1, kMaxLabels); count > 0; --count) {
    domains.push_back(LastLabels(labels, count));
  }
  return domains;
}

std::string DmarcTree::OrganizationalDomain() const {
  for (const PublishedDmarc& published : found) {
    if (published.record.public_suffix == 'n') return published.domain;
    if (published.record.public_suffix != 'y' || published.domain == start) continue;
    // One label below the public suffix.
    const size_t labels = Split(published.domain, '.').size() + 1;
    return LastLabels(Split(start, '.'), labels);
  }
  return found.empty() ? start : found.back().domain;
}

const PublishedDmarc* DmarcTree::Applicable() const {
  if (found.empty()) return nullptr;
  if (found.front().domain == start) return &found.front();
  const auto own = std::ranges::find(found, OrganizationalDomain(), &PublishedDmarc::domain);
  // Only a public suffix is above the organizational domain.
  return own == found.end() ? &found.back() : &*own;
}

Task<DmarcTree> WalkDmarcTree(Resolver& resolver, std::string domain) {
  DmarcTree tree;
  const std::vector<std::string> domains = DmarcTreeDomains(domain);
  tree.start = domains.front();
  for (const std::string& next : domains) {
    DnsQuestion question;
    question.name = Concat("_dmarc.", next);
    question.type = RrType::kTxt;
    const DnsReply reply = co_await resolver.Query(question);
    if (PresenceOf(reply, RrType::kTxt) == DnsPresence::kFailed) {
      tree.failure = reply;
      tree.failed = question;
      break;
    }
    std::optional<PublishedDmarc> published = TheRecord(next, reply);
    if (!published.has_value()) continue;
    tree.found.push_back(*std::move(published));
    if (tree.found.back().record.public_suffix != 'u') break;
  }
  co_return tree;
}

}  // namespace postwatch

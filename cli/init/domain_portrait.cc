#include "cli/init/domain_portrait.h"

#include <algorithm>
#include <array>

#include "common/base/ids.h"
#include "common/base/text.h"

namespace postwatch::cli {
namespace {

constexpr std::array<std::string_view, 11> kKinds = {
    "dns.mx",     "dns.dnssec", "dns.spf", "dns.dkim", "dns.dmarc",     "dns.tlsrpt",
    "dns.mtasts", "dns.tlsa",   "dns.caa", "reg.rdap", "dns.delegation"};

constexpr size_t kMaxHosts = 16, kMaxSelectors = 8;

// A check's own result, which comes first.
const Finding* ResultOf(const Report& report, std::string_view kind) {
  const auto found = std::ranges::find(report.findings, kind, &Finding::check);
  return found == report.findings.end() ? nullptr : &*found;
}

std::string Fact(const Report& report, std::string_view kind, const std::string& key) {
  const Finding* result = ResultOf(report, kind);
  if (result == nullptr) return "";
  const auto fact = result->facts.find(key);
  return fact == result->facts.end() ? "" : fact->second;
}

bool Says(const Report& report, FailureClass klass) {
  return std::ranges::any_of(report.findings,
                             [klass](const Finding& finding) { return finding.klass == klass; });
}

// Whether something is wrong with what a check of this kind looks at.
bool IsInTrouble(const Report& report, std::string_view kind) {
  return std::ranges::any_of(report.findings, [kind](const Finding& finding) {
    return finding.check == kind && finding.outcome == Outcome::kFail &&
           finding.severity != FindingSeverity::kInfo;
  });
}

// Nothing was learned, which is not the same as that there is nothing.
bool IsUnanswered(const Finding& result) {
  return result.outcome == Outcome::kNotTested || result.klass == FailureClass::kDnsTimeout ||
         result.klass == FailureClass::kDnsServfail || result.klass == FailureClass::kDnsRefused;
}

// "10 mx1.example.com, 20 mx2.example.com" -> the names.
std::vector<std::string> HostsOf(std::string_view mx) {
  std::vector<std::string> hosts;
  for (const std::string_view record : Split(mx, ',')) {
    const std::string_view text = Trim(record);
    const std::string host = AsciiLower(text.substr(std::min(text.find(' ') + 1, text.size())));
    if (IsDomainName(host) && hosts.size() < kMaxHosts) hosts.push_back(host);
  }
  return hosts;
}

std::vector<std::string> SelectorsOf(std::string_view fact) {
  std::vector<std::string> selectors;
  for (const std::string_view piece : Split(fact, ',')) {
    const std::string selector(Trim(piece));
    if (IsName(selector) && selectors.size() < kMaxSelectors) selectors.push_back(selector);
  }
  return selectors;
}

void AddTrouble(const Report& report, DomainPortrait& portrait) {
  for (const Finding& finding : report.findings) {
    const std::string text = Concat(finding.check, ": ", finding.detail);
    if (finding.outcome == Outcome::kNotTested) {
      portrait.unseen.push_back(text);
    } else if (finding.outcome == Outcome::kFail && finding.severity != FindingSeverity::kInfo) {
      portrait.problems.push_back(text);
    }
  }
}

}  // namespace

std::vector<std::string> PortraitKinds() { return {kKinds.begin(), kKinds.end()}; }

DomainPortrait MakePortrait(const Report& report) {
  DomainPortrait portrait{.domain = report.domain};
  const Finding* mx = ResultOf(report, "dns.mx");
  portrait.exists = mx == nullptr || mx->klass != FailureClass::kDnsNxdomain;
  portrait.mx_text = Fact(report, "dns.mx", "mx");
  portrait.mx_hosts = HostsOf(portrait.mx_text);
  portrait.takes_no_mail = portrait.mx_hosts.empty() && Says(report, FailureClass::kDnsNullMx);
  if (!Says(report, FailureClass::kSpfMultiple)) portrait.spf = Fact(report, "dns.spf", "spf");
  portrait.spf_works = !portrait.spf.empty() && !IsInTrouble(report, "dns.spf");
  portrait.dmarc_policy = Fact(report, "dns.dmarc", "dmarc.policy");
  portrait.dkim_selectors = SelectorsOf(Fact(report, "dns.dkim", "dkim.selectors"));
  portrait.mtasts = Fact(report, "dns.mtasts", "mtasts");
  portrait.tlsrpt = Fact(report, "dns.tlsrpt", "tlsrpt");
  portrait.unsigned_zone = Fact(report, "dns.dnssec", "dnssec") == "unsigned";
  const std::string dane = Fact(report, "dns.tlsa", "dane");
  portrait.dane = !dane.empty() && dane != "none";
  portrait.registrar = Fact(report, "reg.rdap", "rdap.registrar");
  portrait.expires = Fact(report, "reg.rdap", "rdap.expires");
  for (const std::string_view kind : kKinds) {
    const Finding* result = ResultOf(report, kind);
    if (result != nullptr && IsUnanswered(*result)) portrait.unasked.emplace(kind);
  }
  AddTrouble(report, portrait);
  return portrait;
}

std::string WhyBlind(const DomainPortrait& portrait) {
  const bool blind = std::ranges::all_of(kKinds, [&portrait](std::string_view kind) {
    return !kind.starts_with("dns.") || portrait.unasked.contains(kind);
  });
  if (!blind) return "";
  const auto& told = portrait.unseen.empty() ? portrait.problems : portrait.unseen;
  return told.empty() ? "no question had an answer" : told.front();
}

}  // namespace postwatch::cli

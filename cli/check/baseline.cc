#include "cli/check/baseline.h"

#include <algorithm>
#include <boost/json.hpp>
#include <fstream>
#include <optional>

#include "common/base/text.h"

namespace postwatch::cli {
namespace {

namespace json = boost::json;

constexpr size_t kMaxBytes = 16 << 20;
constexpr size_t kMaxFindings = 10000;
constexpr int kVersion = 1;

std::string Text(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(json::string_view(key.data(), key.size()));
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : "";
}

std::optional<FindingSeverity> ReadSeverity(std::string_view name) {
  for (const FindingSeverity severity :
       {FindingSeverity::kInfo, FindingSeverity::kWarning, FindingSeverity::kCritical}) {
    if (FindingSeverityName(severity) == name) return severity;
  }
  return std::nullopt;
}

Finding ReadFinding(const json::object& object, FindingSeverity severity) {
  return {.check = Text(object, "check"),
          .leg = ParseLeg(Text(object, "leg")).value_or(Leg::kControl),
          .subject = Text(object, "subject"),
          .outcome = Outcome::kFail,
          .klass = ParseFailureClass(Text(object, "class")).value_or(FailureClass::kUnspecified),
          .severity = severity,
          .step = Text(object, "step"),
          .detail = Text(object, "detail"),
          .fix = Text(object, "fix")};
}

bool SameFault(const Finding& a, const Finding& b) {
  return a.check == b.check && a.subject == b.subject && a.klass == b.klass;
}

// Which of `before` this finding is: the one with the same words, else any that is left. What
// several resolvers say in different words may be the same one.
std::vector<Finding>::const_iterator Match(const Finding& finding,
                                           const std::vector<Finding>& before,
                                           const std::vector<bool>& taken) {
  auto found = before.end();
  for (auto it = before.begin(); it != before.end(); ++it) {
    const bool free = !taken[static_cast<size_t>(it - before.begin())];
    if (!SameFault(*it, finding) || (!free && finding.resolvers.empty())) continue;
    if (it->detail == finding.detail) return it;
    if (found == before.end()) found = it;
  }
  return found;
}

bool Tested(const Report& report, const Finding& fault) {
  return std::ranges::any_of(report.findings, [&fault](const Finding& finding) {
    return finding.check == fault.check && finding.subject == fault.subject &&
           finding.outcome != Outcome::kNotTested;
  });
}

}  // namespace

absl::StatusOr<std::vector<Finding>> ReadBaseline(std::string_view text, std::string_view domain) {
  boost::system::error_code error;
  const json::value whole = json::parse(json::string_view(text.data(), text.size()), error);
  const json::value* findings =
      !error && whole.is_object() ? whole.get_object().if_contains("findings") : nullptr;
  if (findings == nullptr || !findings->is_array()) {
    return absl::InvalidArgumentError(
        "is no report: make one with `postwatch check DOMAIN --format json`");
  }
  const json::value* version = whole.get_object().if_contains("version");
  if (version == nullptr || *version != kVersion) {
    return absl::InvalidArgumentError(
        Concat("is no report of version ", kVersion, ", the one this program makes"));
  }
  const std::string of = Text(whole.get_object(), "domain");
  if (of != domain) {
    return absl::InvalidArgumentError(Concat("is a report of ", of, ", not of ", domain));
  }
  std::vector<Finding> faults;
  for (const json::value& item : findings->get_array()) {
    if (!item.is_object() || Text(item.get_object(), "outcome") != "fail") continue;
    if (faults.size() == kMaxFindings) return absl::InvalidArgumentError("has too many findings");
    const json::object& fault = item.get_object();
    const std::optional<FindingSeverity> severity = ReadSeverity(Text(fault, "severity"));
    if (!severity) {
      return absl::InvalidArgumentError(
          Concat("has a finding of ", Text(fault, "check"), " without a severity that is known"));
    }
    faults.push_back(ReadFinding(fault, *severity));
  }
  return faults;
}

absl::StatusOr<std::vector<Finding>> LoadBaseline(const std::string& path,
                                                  std::string_view domain) {
  std::ifstream in(path, std::ios::binary);
  std::string text(kMaxBytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(in.gcount()));
  if (in.bad() || text.empty()) {
    return absl::NotFoundError(Concat("the baseline ", path, " cannot be read, or is empty"));
  }
  if (text.size() > kMaxBytes) {
    return absl::InvalidArgumentError(
        Concat("the baseline ", path, " is longer than ", kMaxBytes >> 20, " MiB"));
  }
  absl::StatusOr<std::vector<Finding>> findings = ReadBaseline(text, domain);
  if (findings.ok()) return findings;
  return absl::InvalidArgumentError(
      Concat("the baseline ", path, " ", FromAbsl(findings.status().message())));
}

void CompareWith(const std::vector<Finding>& before, Report& report) {
  std::vector<bool> taken(before.size());
  report.has_baseline = true;
  for (Finding& finding : report.findings) {
    if (finding.outcome != Outcome::kFail) continue;
    const auto same = Match(finding, before, taken);
    if (same == before.end()) continue;
    taken[static_cast<size_t>(same - before.begin())] = true;
    finding.known = same->severity >= finding.severity;
  }
  for (size_t i = 0; i < before.size(); ++i) {
    if (!taken[i] && Tested(report, before[i])) report.fixed.push_back(before[i]);
  }
}

}  // namespace postwatch::cli

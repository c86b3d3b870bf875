#include "collector/web/findings_json.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <vector>

#include "collector/model/incident_json.h"
#include "common/advice/advice.h"
#include "common/advice/severity.h"
#include "common/base/json.h"

namespace postwatch::collector {
namespace {

// All findings of one class.
struct ClassGroup {
  FailureClass klass = FailureClass::kUnspecified;
  std::vector<const BoardFinding*> findings;  // as in the list: by check
  std::set<std::string_view> targets;
};

std::vector<ClassGroup> Group(const FindingList& list, const FindingQuery& query) {
  std::map<FailureClass, ClassGroup> by_class;
  for (const BoardFinding& finding : list.findings) {
    if (!query.target.empty() && finding.target != query.target) continue;
    if (query.klass.value_or(finding.klass) != finding.klass) continue;
    ClassGroup& group = by_class[finding.klass];
    group.klass = finding.klass;
    group.findings.push_back(&finding);
    group.targets.insert(finding.target);
  }
  std::vector<ClassGroup> groups;
  groups.reserve(by_class.size());
  for (auto& [klass, group] : by_class) groups.push_back(std::move(group));
  std::ranges::stable_sort(groups, [](const ClassGroup& a, const ClassGroup& b) {
    const FindingSeverity severity_a = SeverityOf(a.klass);
    const FindingSeverity severity_b = SeverityOf(b.klass);
    if (severity_a != severity_b) return severity_a > severity_b;
    return a.targets.size() > b.targets.size();
  });
  return groups;
}

void WriteGroup(JsonWriter& out, const ClassGroup& group) {
  out.BeginObject();
  out.Field("class", FailureClassName(group.klass));
  out.Field("severity", FindingSeverityName(SeverityOf(group.klass)));
  out.Field("meaning", FailureClassMeaning(group.klass));
  out.Field("fix", FixFor(group.klass));
  out.Field("findings", static_cast<int64_t>(group.findings.size()));
  out.Field("targets", static_cast<int64_t>(group.targets.size()));
  out.EndObject();
}

void WriteFinding(JsonWriter& out, const BoardFinding& finding) {
  out.BeginObject();
  out.Field("target", finding.target);
  out.Field("check", finding.check_id);
  out.Field("kind", finding.kind);
  out.Field("leg", LegName(finding.leg));
  out.Field("class", FailureClassName(finding.klass));
  out.Key("seen");
  out.BeginArray();
  for (const FindingWords& words : finding.words) {
    out.BeginObject();
    out.Field("detail", words.detail);
    out.Key("regions");
    out.BeginArray();
    for (const std::string& region : words.regions) out.String(region);
    out.EndArray();
    out.Field("last_seen", JsonTime(words.last_seen));
    out.EndObject();
  }
  out.EndArray();
  out.EndObject();
}

}  // namespace

std::string FindingsJson(const FindingList& list, const FindingQuery& query) {
  const std::vector<ClassGroup> groups = Group(list, query);
  int64_t total = 0;
  for (const ClassGroup& group : groups) total += static_cast<int64_t>(group.findings.size());
  JsonWriter out;
  out.BeginObject();
  out.Field("total", total);
  out.Field("complete", list.complete);
  out.Key("classes");
  out.BeginArray();
  for (const ClassGroup& group : groups) WriteGroup(out, group);
  out.EndArray();
  out.Key("findings");
  out.BeginArray();
  int left = query.limit;
  for (const ClassGroup& group : groups) {
    for (const BoardFinding* finding : group.findings) {
      if (left-- > 0) WriteFinding(out, *finding);
    }
  }
  out.EndArray();
  out.EndObject();
  return out.Take();
}

}  // namespace postwatch::collector

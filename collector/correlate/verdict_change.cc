#include "collector/correlate/verdict_change.h"

#include <algorithm>
#include <vector>

#include "collector/correlate/signature.h"
#include "common/base/text.h"

namespace postwatch::collector {

std::string ScopeText(const Verdict& verdict) {
  std::vector<std::string> parts;
  for (const ScopeRow& row : verdict.scope) {
    parts.push_back(Concat(row.region, row.failing > 0   ? " failing"
                                       : row.healthy > 0 ? " well"
                                                         : " unknown"));
  }
  return Join(parts, ", ");
}

bool DiffersForPeople(const Verdict& a, const Verdict& b) {
  return a.component != b.component || a.klass != b.klass || a.level != b.level || a.leg != b.leg ||
         a.severity != b.severity || a.mail_loss != b.mail_loss || a.targets != b.targets ||
         ScopeText(a) != ScopeText(b);
}

int64_t FailingRegions(const Verdict& verdict) {
  return std::ranges::count_if(verdict.scope, [](const ScopeRow& row) { return row.failing > 0; });
}

bool IsAlike(const Verdict& a, const Verdict& b) {
  const Family first = FamilyOf(a.klass), second = FamilyOf(b.klass);
  return first == second || (!NamesItsCause(first) && !NamesItsCause(second));
}

}  // namespace postwatch::collector

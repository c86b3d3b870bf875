#include "agent/probes/dns/dns_dkim.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/probes/configured_probe.h"
#include "agent/probes/dns/mail_dns.h"
#include "agent/probes/dns/text_records.h"
#include "common/base/text.h"
#include "common/checks/dns/dns_dkim_settings.h"
#include "common/domain/dkim_key.h"
#include "common/domain/remembering_resolver.h"

namespace postwatch::agent {
namespace {

// What large services and common signers call theirs.
constexpr auto kUsualSelectors = std::to_array<std::string_view>(
    {"default", "selector1", "selector2", "google", "k1", "k2", "s1", "s2", "mail", "dkim", "smtp",
     "fm1", "fm2", "fm3", "protonmail", "zoho"});

class DnsDkim : public ConfiguredProbe<DnsDkimSettings> {
 public:
  using ConfiguredProbe::ConfiguredProbe;

  Task<void> Run(StepRecorder& run) override;

 private:
  // The texts of a selector; those that every selector has are a wildcard's and left out.
  Task<std::optional<Fault>> LookUp(Resolver& resolver, std::string selector, TextRecords& records,
                                    std::string unlikely) const;
  Task<void> RunDeclared(StepRecorder& run, Resolver& resolver);
  Task<void> RunUsual(StepRecorder& run, Resolver& resolver);
  std::optional<Fault> Judge(StepRecorder& run, const std::string& selector,
                             const std::vector<std::string>& texts) const;
  std::string NameOf(std::string_view selector) const {
    return Concat(selector, "._domainkey.", spec_.target);
  }
};

// A selector that nobody has: of this run alone, so that no cache knows it.
std::string UnlikelySelector(const StepRecorder& run) {
  std::string selector = "no-such-";
  for (const char c : AsciiLower(run.observation_id())) {
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) selector += c;
  }
  return selector;
}

// Who is silent would be so to each further question, and below no domain there is no selector.
bool IsSameForAll(const Fault& fault) {
  return fault.klass == FailureClass::kDnsTimeout || fault.klass == FailureClass::kDnsNxdomain;
}

Task<void> DnsDkim::Run(StepRecorder& run) {
  const RunContext context{deps_, spec_, run};
  run.Begin("dns");
  TouchDns(context, spec_.target);
  RememberingResolver resolver(deps_.resolver);
  if (settings_.selectors.empty()) {
    co_await RunUsual(run, resolver);
  } else {
    co_await RunDeclared(run, resolver);
  }
}

Task<std::optional<Fault>> DnsDkim::LookUp(Resolver& resolver, std::string selector,
                                           TextRecords& records, std::string unlikely) const {
  std::string name = NameOf(selector);
  std::optional<Fault> lost =
      co_await LookUpTextsOf(resolver, spec_.target, std::move(name), records);
  if (lost.has_value() || records.texts.empty()) co_return lost;
  records.texts = TextsThat(records.texts, LooksLikeDkimKey);
  TextRecords everybodys;
  std::string nobody = NameOf(unlikely);
  // Where that cannot be looked up there is no wildcard to be seen.
  co_await LookUpTexts(resolver, std::move(nobody), everybodys);
  std::erase_if(records.texts, [&everybodys](const std::string& text) {
    return std::ranges::find(everybodys.texts, text) != everybodys.texts.end();
  });
  if (records.texts.empty()) {
    records.absence = everybodys.texts.empty()
                          ? Concat("TXT ", NameOf(selector), ": no record is a key")
                          : Concat("TXT ", NameOf(selector), ": only a wildcard answers");
  }
  co_return std::nullopt;
}

std::optional<Fault> DnsDkim::Judge(StepRecorder& run, const std::string& selector,
                                    const std::vector<std::string>& texts) const {
  const std::string name = NameOf(selector);
  run.Fact(Concat("dkim.", selector), Join(texts, " | "));
  if (texts.size() > 1) {
    return Fault{FailureClass::kDkimSyntax,
                 Concat(name, " has ", texts.size(), " keys, verifiers may use none"),
                 std::nullopt};
  }
  const absl::StatusOr<DkimKey> key = ParseDkimKey(texts.front());
  if (!key.ok()) {
    return Fault{FailureClass::kDkimSyntax, Concat(name, ": ", FromAbsl(key.status().message())),
                 std::nullopt};
  }
  if (key->revoked) {
    return Fault{FailureClass::kDkimRevoked, Concat(name, ": p= is empty, the key is revoked"),
                 std::nullopt};
  }
  if (!key->for_email()) {
    return Fault{FailureClass::kDkimSyntax,
                 Concat(name, ": s=", Join(key->services, ":"), " leaves out email"), std::nullopt};
  }
  run.Fact(Concat("dkim.", selector, ".bits"), Concat(key->bits));
  if (key->testing) run.Fact(Concat("dkim.", selector, ".testing"), "true");
  const std::string weakness = key->weakness();
  if (!weakness.empty()) run.Find(FailureClass::kDkimWeak, Concat(name, ": ", weakness));
  return std::nullopt;
}

// Each is looked at before the first bad one ends the run.
Task<void> DnsDkim::RunDeclared(StepRecorder& run, Resolver& resolver) {
  const std::string unlikely = UnlikelySelector(run);
  std::vector<Fault> faults;
  for (const std::string& selector : settings_.selectors) {
    TextRecords records;
    std::optional<Fault> fault = co_await LookUp(resolver, selector, records, unlikely);
    if (!fault.has_value()) {
      fault = records.texts.empty()
                  ? Fault{FailureClass::kDkimMissing,
                          Concat("the selector ", selector, " has no key: ", records.absence),
                          std::nullopt}
                  : Judge(run, selector, records.texts);
    }
    if (!fault.has_value()) continue;
    const bool final = IsSameForAll(*fault);
    faults.push_back(*std::move(fault));
    if (final) break;
  }
  for (size_t i = 1; i < faults.size(); ++i) Mention(run, faults[i]);
  if (!faults.empty()) Decide(run, faults.front());
}

// Nobody said that mail is signed with these.
Task<void> DnsDkim::RunUsual(StepRecorder& run, Resolver& resolver) {
  const std::string unlikely = UnlikelySelector(run);
  std::vector<std::string> found;
  std::optional<Fault> lost;
  for (const std::string_view usual : kUsualSelectors) {
    const std::string selector(usual);
    TextRecords records;
    const std::optional<Fault> fault = co_await LookUp(resolver, selector, records, unlikely);
    if (fault.has_value()) {
      lost = fault;
      if (IsSameForAll(*fault)) break;
      continue;
    }
    if (records.texts.empty()) continue;
    const std::optional<Fault> bad = Judge(run, selector, records.texts);
    // A key that was given up is as it should be, unless somebody says that it signs.
    if (bad.has_value() && bad->klass == FailureClass::kDkimRevoked) continue;
    found.push_back(selector);
    if (bad.has_value()) Mention(run, *bad);
  }
  if (lost.has_value() && lost->klass == FailureClass::kDnsNxdomain) {
    Decide(run, *lost);
    co_return;
  }
  run.Fact("dkim.selectors",
           found.empty() ? "not known: none of the usual ones has a key" : Join(found, ", "));
  if (!lost.has_value()) co_return;
  if (found.empty()) {
    run.NotTested(Concat("which selectors there are cannot be told: ", lost->detail));
  } else {
    Mention(run, *lost);
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<Probe>> MakeDnsDkim(const CheckSpec& spec, const ProbeDeps& deps) {
  return MakeConfigured<DnsDkim, ReadDnsDkimSettings>(spec, deps);
}

}  // namespace postwatch::agent

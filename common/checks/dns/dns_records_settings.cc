#include "common/checks/dns/dns_records_settings.h"

#include <utility>

#include "common/base/text.h"
#include "common/checks/host_settings.h"
#include "common/dns/record_text.h"

namespace postwatch {
namespace {

constexpr size_t kMaxExpected = 32;
constexpr size_t kMaxValues = 32;

std::set<std::string> ReadValues(SettingsReader& in, std::string_view key, RrType type) {
  std::set<std::string> values;
  const auto wrong = [type](const std::string& text) {
    const bool fits = NormalRecordText(type, text).has_value();
    return fits ? "" : Concat("'", text, "' is no ", RrTypeText(type), " record");
  };
  const std::vector<std::string> texts = in.Strings(key, wrong);
  for (const std::string& text : texts) {
    values.insert(NormalRecordText(type, text).value_or(text));
  }
  if (values.size() > kMaxValues) in.Complain(key, Concat("must be ", kMaxValues, " at most"));
  return values;
}

ExpectedRecords ReadExpected(const Settings& item, const std::string& path,
                             const std::string& target, Mistakes& mistakes) {
  SettingsReader in(item, path, mistakes);
  ExpectedRecords expected;
  const std::string name = in.String("name", "@");
  if (const std::string wrong = HostNameMistake(name); name != "@" && !wrong.empty()) {
    in.Complain("name", wrong);
  }
  expected.name = CanonicalName(name == "@" ? target : name);
  const std::string type = in.RequiredString("type");
  const std::optional<RrType> known = ParseRrType(type);
  if (!known.has_value() && !type.empty()) {
    in.Complain("type",
                Concat("'", type, "' is none of A, AAAA, MX, NS, TXT, CNAME, CAA, TLSA, SRV, PTR"));
  }
  expected.type = known.value_or(RrType::kTxt);  // of which any text is one
  expected.exact = in.Has("values");
  if (expected.exact == in.Has("within")) {
    in.Complain("values", "must be given, or else `within`, and not both");
  }
  const std::set<std::string> values = ReadValues(in, "values", expected.type);
  const std::set<std::string> within = ReadValues(in, "within", expected.type);
  expected.values = expected.exact ? values : within;
  expected.previous = ReadValues(in, "previous", expected.type);
  in.Finish();
  return expected;
}

}  // namespace

DnsRecordsSettings ReadDnsRecordsSettings(const CheckSpec& spec, Mistakes& mistakes) {
  SettingsReader in(spec.settings, spec.id, mistakes);
  DnsRecordsSettings settings;
  const std::vector<Settings>& items = in.Items("expect");
  if (items.empty()) in.Complain("expect", "is missing; it says which records there should be");
  if (items.size() > kMaxExpected) {
    in.Complain("expect", Concat("must have ", kMaxExpected, " entries at most"));
  }
  for (size_t i = 0; i < items.size() && i < kMaxExpected; ++i) {
    const std::string path = Concat(in.PathOf("expect"), "[", i, "]");
    settings.expect.push_back(ReadExpected(items[i], path, spec.target, mistakes));
  }
  settings.ask_authorities =
      in.Choice("ask", "resolver", {"resolver", "authorities"}) == "authorities";
  if (spec.target.empty()) mistakes.Add("", spec.id, "needs a target domain");
  in.Finish();
  return settings;
}

}  // namespace postwatch

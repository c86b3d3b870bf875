#include "cli/explain/explain_record.h"

#include <algorithm>
#include <array>
#include <vector>

#include "cli/explain/explain_spf.h"
#include "cli/explain/explain_tags.h"
#include "cli/explain/record_terms.h"
#include "common/base/ids.h"
#include "common/base/text.h"
#include "common/domain/dkim_key.h"

namespace postwatch::cli {
namespace {

constexpr size_t kMaxRecord = 65535;

std::vector<std::string_view> Words(std::string_view text) {
  std::vector<std::string_view> words;
  for (const std::string_view word : Split(text, ' ')) {
    if (!Trim(word).empty()) words.push_back(Trim(word));
  }
  return words;
}

// The strings of a TXT record as dig writes them, put together; other text as it is.
std::string WithoutQuotes(std::string_view text) {
  if (!text.starts_with('"')) return std::string(text);
  std::string out;
  bool inside = false;
  for (const char c : text) {
    if (c == '"') {
      inside = !inside;
    } else if (inside) {
      out += c;
    }
  }
  return out;
}

bool IsNumber(std::string_view word, int64_t most) {
  const std::optional<int64_t> number = ParseInteger(word);
  return number && *number >= 0 && *number <= most;
}

// "v=STSv1" as the first tag, however it is spaced.
bool HasVersion(std::string_view text, std::string_view version) {
  const std::string_view tag = text.substr(0, text.find(';'));
  const size_t equals = tag.find('=');
  return equals != tag.npos && EqualsIgnoreCase(Trim(tag.substr(0, equals)), "v") &&
         EqualsIgnoreCase(Trim(tag.substr(equals + 1)), version);
}

bool FitsSpf(std::string_view text) { return StartsWithIgnoreCase(text, "v=spf1"); }
bool FitsDmarc(std::string_view text) { return HasVersion(text, "DMARC1"); }
bool FitsMtaSts(std::string_view text) { return HasVersion(text, "STSv1"); }
bool FitsTlsRpt(std::string_view text) { return HasVersion(text, "TLSRPTv1"); }
bool FitsPolicy(std::string_view text) { return StartsWithIgnoreCase(text, "version:"); }
bool FitsDkim(std::string_view text) {
  return HasVersion(text, "DKIM1") || (text.find('=') != text.npos && LooksLikeDkimKey(text));
}

bool FitsMx(std::string_view text) {
  const std::vector<std::string_view> words = Words(text);
  if (words.size() != 2 || !IsNumber(words[0], 65535)) return false;
  std::string host = AsciiLower(words[1]);
  if (host == ".") return true;
  if (host.ends_with('.')) host.pop_back();
  return IsDomainName(host);
}

std::string ExplainMx(std::string_view text) {
  const std::vector<std::string_view> words = Words(text);
  if (words[1] == ".") {
    return LayOut("MX (RFC 7505): the domain takes no mail at all (null MX).",
                  {{".", "no host: senders return mail to this domain at once"}}, {});
  }
  std::vector<std::string> remarks;
  remarks.push_back(
      "The host must have address records of its own and be no alias (RFC 2181 section 10.3).");
  return LayOut("MX (RFC 5321 section 5.1): a host that takes the domain's mail.",
                {{std::string(words[0]),
                  "its preference: senders try the lowest number first, equal ones at random"},
                 {std::string(words[1]), "the host"}},
                remarks);
}

bool FitsTlsa(std::string_view text) {
  const std::vector<std::string_view> words = Words(text);
  if (words.size() < 4) return false;
  const auto is_hex = [](std::string_view word) {
    return word.find_first_not_of("0123456789abcdefABCDEF") == word.npos;
  };
  return IsNumber(words[0], 255) && IsNumber(words[1], 255) && IsNumber(words[2], 255) &&
         words[0].size() == 1 && words[1].size() == 1 && words[2].size() == 1 &&
         std::all_of(words.begin() + 3, words.end(), is_hex);
}

constexpr auto kUsages = std::to_array<std::string_view>(
    {"usage 0, PKIX-TA: means nothing for mail (RFC 7672); not usable",
     "usage 1, PKIX-EE: means nothing for mail (RFC 7672); not usable",
     "usage 2, DANE-TA: an authority in the chain that the server sends",
     "usage 3, DANE-EE: the server's own certificate; its names and dates do not matter"});
constexpr auto kSelectors = std::to_array<std::string_view>(
    {"selector 0: the whole certificate; changes with every renewal",
     "selector 1: the public key; stays as long as the key does"});
constexpr auto kMatchings = std::to_array<std::string_view>({"matching type 0: the data itself",
                                                             "matching type 1: SHA-256 of it",
                                                             "matching type 2: SHA-512 of it"});

template <size_t N>
std::string NumberMeaning(const std::array<std::string_view, N>& table, std::string_view word) {
  const auto number = static_cast<size_t>(ParseInteger(word).value_or(N));
  return number < N ? std::string(table[number]) : "not known: senders pass over the record";
}

std::string ExplainTlsa(std::string_view text) {
  const std::vector<std::string_view> words = Words(text);
  size_t digits = 0;
  for (size_t i = 3; i < words.size(); ++i) digits += words[i].size();
  const size_t expected = words[2] == "1" ? 64 : words[2] == "2" ? 128 : digits;
  std::vector<std::string> remarks;
  if (digits != expected || digits % 2 != 0) {
    remarks.push_back(Concat("Mistake: the data has ", digits, " hex digits, not ", expected,
                             "; senders pass over the record."));
  }
  remarks.push_back(
      "It counts only in a signed zone (DNSSEC), at _25._tcp.<MX host>. Publish the next key's "
      "record before the certificate changes.");
  return LayOut("TLSA (RFC 6698, RFC 7672): the certificate that senders must find (DANE).",
                {{std::string(words[0]), NumberMeaning(kUsages, words[0])},
                 {std::string(words[1]), NumberMeaning(kSelectors, words[1])},
                 {std::string(words[2]), NumberMeaning(kMatchings, words[2])},
                 {Concat(words[3].substr(0, 16), digits > 16 ? "..." : ""),
                  Concat("the data, ", digits / 2, " bytes")}},
                remarks);
}

constexpr auto kCaaTags = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"issue", "who may issue certificates for the domain"},
    {"issuewild", "who may issue wildcard certificates; else issue decides"},
    {"issuemail", "who may issue S/MIME certificates (RFC 9495)"},
    {"iodef", "where authorities report what they refused"},
    {"contactemail", "whom authorities may write to"},
    {"contactphone", "whom authorities may call"},
});

bool FitsCaa(std::string_view text) {
  const std::vector<std::string_view> words = Words(text);
  if (words.size() < 3 || !IsNumber(words[0], 255)) return false;
  return std::ranges::any_of(
      kCaaTags, [&words](const auto& tag) { return EqualsIgnoreCase(tag.first, words[1]); });
}

std::string ExplainCaa(std::string_view text) {
  const std::vector<std::string_view> words = Words(text);
  const auto tag = std::ranges::find_if(
      kCaaTags, [&words](const auto& known) { return EqualsIgnoreCase(known.first, words[1]); });
  const std::string value =
      WithoutQuotes(Trim(text.substr(static_cast<size_t>(words[2].data() - text.data()))));
  const bool critical = (ParseInteger(words[0]).value_or(0) & 128) != 0;
  const bool nobody = Trim(value.substr(0, value.find(';'))).empty();
  return LayOut("CAA (RFC 8659): which authorities may issue certificates.",
                {{std::string(words[0]),
                  critical ? "critical: an authority that does not know the tag must refuse"
                           : "not critical"},
                 {std::string(words[1]), std::string(tag->second)},
                 {value.empty() ? "\"\"" : value,
                  nobody ? "nobody" : "the authority, with its parameters behind a semicolon"}},
                {});
}

// In order of trial.
struct RecordSort {
  bool (*fits)(std::string_view text);
  std::string (*explain)(std::string_view text);
  std::string_view example;
};

constexpr auto kSorts = std::to_array<RecordSort>({
    {FitsSpf, ExplainSpf, "v=spf1 mx -all"},
    {FitsDmarc, ExplainDmarc, "v=DMARC1; p=reject; rua=mailto:d@example.com"},
    {FitsMtaSts, ExplainMtaSts, "v=STSv1; id=20260101"},
    {FitsTlsRpt, ExplainTlsRpt, "v=TLSRPTv1; rua=mailto:t@example.com"},
    {FitsPolicy, ExplainMtaStsPolicy, ""},
    {FitsMx, ExplainMx, "10 mx.example.com"},
    {FitsTlsa, ExplainTlsa, "3 1 1 0123abcd..."},
    {FitsCaa, ExplainCaa, "0 issue \"letsencrypt.org\""},
    {FitsDkim, ExplainDkim, "v=DKIM1; k=rsa; p=MIIB..."},
});

}  // namespace

std::optional<std::string> ExplainRecord(std::string_view text) {
  if (text.size() > kMaxRecord) return std::nullopt;
  const std::string clean = WithoutQuotes(Trim(text));
  for (const RecordSort& sort : kSorts) {
    if (sort.fits(clean)) return sort.explain(clean);
  }
  return std::nullopt;
}

std::string RecordExamples() {
  std::string out;
  for (const RecordSort& sort : kSorts) {
    if (!sort.example.empty()) Append(out, "  postwatch explain '", sort.example, "'\n");
  }
  return out;
}

}  // namespace postwatch::cli

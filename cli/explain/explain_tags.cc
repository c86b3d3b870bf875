#include "cli/explain/explain_tags.h"

#include <array>
#include <span>
#include <vector>

#include "cli/explain/record_terms.h"
#include "common/base/text.h"
#include "common/domain/dkim_key.h"
#include "common/domain/dmarc_record.h"
#include "common/domain/mtasts_policy.h"
#include "common/domain/report_uri.h"
#include "common/domain/tag_list.h"

namespace postwatch::cli {
namespace {

constexpr size_t kMaxShown = 48;  // of a value; keys are long

// What a tag means: with this value, or with any value that has no line of its own ("" ).
struct TagMeaning {
  std::string_view name;
  std::string_view value;
  std::string_view meaning;
};

constexpr auto kDmarcTags = std::to_array<TagMeaning>({
    {"v", "", "a DMARC record"},
    {"p", "none", "mail that fails: do nothing, only report"},
    {"p", "quarantine", "mail that fails: put it into Junk"},
    {"p", "reject", "mail that fails: refuse it"},
    {"sp", "none", "the same for subdomains: do nothing"},
    {"sp", "quarantine", "for subdomains: put it into Junk"},
    {"sp", "reject", "for subdomains: refuse it"},
    {"np", "none", "for subdomains that do not exist: do nothing"},
    {"np", "quarantine", "for subdomains that do not exist: put it into Junk"},
    {"np", "reject", "for subdomains that do not exist: refuse it"},
    {"rua", "", "where daily summaries are sent"},
    {"ruf", "", "where reports of single messages are sent"},
    {"adkim", "r", "DKIM: a subdomain's signature counts too (relaxed)"},
    {"adkim", "s", "DKIM: only the exact domain's signature counts (strict)"},
    {"aspf", "r", "SPF: a subdomain's envelope sender counts too (relaxed)"},
    {"aspf", "s", "SPF: only the exact domain's envelope sender counts (strict)"},
    {"fo", "0", "single reports when both SPF and DKIM fail"},
    {"fo", "1", "single reports when one of SPF and DKIM fails"},
    {"fo", "", "when single reports are sent: 0 both fail, 1 one fails, d DKIM, s SPF"},
    {"t", "y", "a test: receivers do one step less than p says"},
    {"t", "n", "no test"},
    {"psd", "y", "the domain is a public suffix"},
    {"psd", "n", "the domain is the organisation's own"},
    {"psd", "u", "the organisation's domain is found by walking up the tree"},
    {"pct", "", "of RFC 7489: for this share of the mail; newer receivers ignore it"},
    {"rf", "", "of RFC 7489: the format of single reports; ignored"},
    {"ri", "", "of RFC 7489: seconds between summaries; ignored"},
});

constexpr auto kDkimTags = std::to_array<TagMeaning>({
    {"v", "", "a DKIM key"},
    {"k", "rsa", "an RSA key"},
    {"k", "ed25519", "an Ed25519 key (RFC 8463); not every receiver knows it"},
    {"h", "", "the only hash algorithms that signatures may use"},
    {"s", "email", "for e-mail"},
    {"s", "*", "for everything"},
    {"s", "", "the services it is for"},
    {"t", "y", "a test: receivers treat the mail as unsigned"},
    {"t", "s", "strict: the signing identity may be no subdomain"},
    {"t", "y:s", "a test, and no subdomains"},
    {"n", "", "a note for people"},
    {"g", "", "obsolete since RFC 6376; ignored"},
});

constexpr auto kMtaStsTags = std::to_array<TagMeaning>({
    {"v", "", "there is an MTA-STS policy at https://mta-sts.<domain>/.well-known/mta-sts.txt"},
    {"id", "", "changes whenever the policy does, so that senders fetch it again"},
});

constexpr auto kTlsRptTags = std::to_array<TagMeaning>({
    {"v", "", "a TLS-RPT record"},
    {"rua", "", "where senders report daily how TLS went (mailto: or https:)"},
});

std::string_view MeaningOf(std::span<const TagMeaning> table, std::string_view name,
                           std::string_view value) {
  std::string_view any;
  bool known = false;
  for (const TagMeaning& tag : table) {
    if (tag.name != name) continue;
    known = true;
    if (EqualsIgnoreCase(tag.value, value)) return tag.meaning;
    if (tag.value.empty()) any = tag.meaning;
  }
  if (!any.empty()) return any;
  return known ? "not one of the values that the tag can have" : "not known: receivers ignore it";
}

std::string Shown(const std::string& name, const std::string& value) {
  if (value.size() <= kMaxShown) return Concat(name, "=", value);
  return Concat(name, "=", Truncate(value, kMaxShown - 3), "...");
}

// The tags with their meanings; `own` stands for the meaning of the tag `own_name`.
std::vector<Term> Terms(std::string_view text, std::span<const TagMeaning> table,
                        std::string_view own_name = "", const std::string& own = "") {
  const absl::StatusOr<TagList> tags = TagList::Parse(text);
  std::vector<Term> terms;
  if (!tags.ok()) return terms;
  for (const auto& [name, value] : tags->tags()) {
    const bool special = !own.empty() && name == own_name;
    terms.push_back(
        {Shown(name, value), special ? own : std::string(MeaningOf(table, name, value))});
  }
  return terms;
}

std::string Broken(std::string_view who, const absl::Status& status) {
  return Concat("It is broken, and ", who, " cannot use it: ", FromAbsl(status.message()), ".");
}

}  // namespace

std::string ExplainDmarc(std::string_view text) {
  std::vector<std::string> remarks;
  const absl::StatusOr<DmarcRecord> record = ParseDmarcRecord(text);
  if (!record.ok()) {
    remarks.push_back(Broken("receivers", record.status()));
  } else {
    for (const std::string& mistake : record->mistakes) {
      remarks.push_back(Concat("Mistake: ", mistake, "."));
    }
    if (record->policy == DmarcPolicy::kNone) {
      remarks.push_back("With p=none, mail that only claims to be the domain's is delivered.");
    }
    if (record->rua.empty()) {
      remarks.push_back("Without rua= nobody hears of what fails.");
    }
  }
  return LayOut(
      "DMARC (RFC 9989): what receivers should do with mail that claims to be this domain's and is "
      "neither let pass by SPF nor signed with DKIM in its name.",
      Terms(text, kDmarcTags), remarks);
}

std::string ExplainDkim(std::string_view text) {
  std::vector<std::string> remarks;
  const absl::StatusOr<DkimKey> key = ParseDkimKey(text);
  std::string of_key = "the public key";
  if (!key.ok()) {
    remarks.push_back(Broken("receivers", key.status()));
  } else if (key->revoked) {
    of_key = "empty: the key is revoked, signatures with it count for nothing";
  } else {
    const bool rsa = key->algorithm == DkimKey::Algorithm::kRsa;
    of_key = Concat("the public key: ", rsa ? "RSA" : "Ed25519", ", ", key->bits, " bits");
    const std::string weakness = key->weakness();
    if (!weakness.empty())
      remarks.push_back(Concat("Receivers need not trust it: ", weakness, "."));
    if (weakness.empty() && rsa && key->bits < 2048) {
      remarks.push_back("RSA keys should have 2048 bits (RFC 8301).");
    }
  }
  return LayOut("DKIM (RFC 6376): a public key with which receivers verify signatures of mail.",
                Terms(text, kDkimTags, "p", of_key), remarks);
}

std::string ExplainMtaSts(std::string_view text) {
  std::vector<std::string> remarks;
  const absl::StatusOr<MtaStsRecord> record = ParseMtaStsRecord(text);
  if (!record.ok()) remarks.push_back(Broken("senders", record.status()));
  return LayOut("MTA-STS (RFC 8461): senders shall use TLS, and with whom.",
                Terms(text, kMtaStsTags), remarks);
}

std::string ExplainTlsRpt(std::string_view text) {
  std::vector<std::string> remarks;
  const absl::StatusOr<TagList> tags = TagList::Parse(text);
  if (!tags.ok()) {
    remarks.push_back(Broken("senders", tags.status()));
  } else if (const std::string* rua = tags->Find("rua"); rua == nullptr) {
    remarks.push_back("It is broken, and senders cannot use it: there is no rua=.");
  } else {
    for (const std::string& mistake : ParseReportUris(*rua, true).mistakes) {
      remarks.push_back(Concat("Mistake: rua=: ", mistake, "."));
    }
  }
  return LayOut("TLS-RPT (RFC 8460): where senders report whether TLS worked.",
                Terms(text, kTlsRptTags), remarks);
}

std::string ExplainMtaStsPolicy(std::string_view text) {
  constexpr std::string_view kTitle =
      "An MTA-STS policy (RFC 8461): what senders shall demand of the MX hosts' TLS.";
  const absl::StatusOr<MtaStsPolicy> policy = ParseMtaStsPolicy(text);
  if (!policy.ok()) return LayOut(kTitle, {}, {Broken("senders", policy.status())});
  std::vector<Term> terms;
  switch (policy->mode) {
    case MtaStsMode::kNone:
      terms.push_back({"mode: none", "there is no policy (any more)"});
      break;
    case MtaStsMode::kTesting:
      terms.push_back({"mode: testing", "senders report failures and deliver all the same"});
      break;
    case MtaStsMode::kEnforce:
      terms.push_back({"mode: enforce", "senders do not deliver to hosts that fail"});
      break;
  }
  for (const std::string& mx : policy->mx) {
    terms.push_back({Concat("mx: ", mx), mx.starts_with("*.")
                                             ? "MX hosts one label below this are covered"
                                             : "this MX host is covered"});
  }
  terms.push_back(
      {Concat("max_age: ", absl::ToInt64Seconds(policy->max_age)),
       Concat("senders keep the policy for ", absl::ToInt64Hours(policy->max_age) / 24, " days")});
  return LayOut(kTitle, terms, {});
}

}  // namespace postwatch::cli

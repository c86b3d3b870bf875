#include "cli/explain/explain_spf.h"

#include <vector>

#include "cli/explain/record_terms.h"
#include "common/base/text.h"
#include "common/domain/spf_record.h"

namespace postwatch::cli {
namespace {

constexpr size_t kMaxLookups = 10;  // RFC 7208 section 4.6.4
constexpr std::string_view kTitle = "SPF (RFC 7208): which servers may send mail of this domain.";

std::string_view Verdict(SpfQualifier qualifier) {
  switch (qualifier) {
    case SpfQualifier::kPass:
      return "may send";
    case SpfQualifier::kFail:
      return "may not send: receivers may refuse the mail";
    case SpfQualifier::kSoftFail:
      return "probably may not send: receivers take the mail and distrust it";
    case SpfQualifier::kNeutral:
      return "nothing is said: as if there were no record";
  }
  return "";
}

// "of example.com" or "of the domain itself".
std::string Of(const SpfTerm& term) {
  return term.domain.empty() ? "of the domain itself" : Concat("of ", term.domain);
}

std::string Widened(const SpfTerm& term) {
  std::string text;
  if (term.v4_bits < 32) Append(text, ", and all that share their first ", term.v4_bits, " bits");
  if (term.v6_bits < 128) Append(text, ", with IPv6 the first ", term.v6_bits, " bits");
  return text;
}

std::string Who(const SpfTerm& term) {
  switch (term.mechanism) {
    case SpfMechanism::kAll:
      return "everyone else";
    case SpfMechanism::kInclude:
      return Concat("whoever the record of ", term.domain, " lets send");
    case SpfMechanism::kA:
      return Concat("the addresses ", Of(term), Widened(term));
    case SpfMechanism::kMx:
      return Concat("the MX hosts ", Of(term), Widened(term));
    case SpfMechanism::kPtr:
      return Concat("hosts whose PTR record names them inside ",
                    term.domain.empty() ? "the domain" : term.domain,
                    " (slow and unreliable: should not be used)");
    case SpfMechanism::kIp4:
    case SpfMechanism::kIp6: {
      const bool one =
          term.mechanism == SpfMechanism::kIp4 ? term.v4_bits == 32 : term.v6_bits == 128;
      const size_t colon = term.text.find(':');
      return Concat(one ? "the address " : "the network ", term.text.substr(colon + 1));
    }
    case SpfMechanism::kExists:
      return Concat("senders for whom the name ", term.domain, " exists");
  }
  return "";
}

std::vector<std::string> Remarks(const SpfRecord& record, size_t lookups) {
  std::vector<std::string> remarks;
  const size_t end = record.end();
  if (end + 1 < record.terms.size()) {
    remarks.push_back("What stands behind \"all\" is never looked at.");
  }
  if (end == record.terms.size()) {
    if (record.redirect.empty()) {
      remarks.push_back(
          "There is no \"all\" at the end: about everyone else nothing is said (neutral).");
    }
  } else if (record.terms[end].qualifier == SpfQualifier::kPass) {
    remarks.push_back("With +all anybody may send: the record protects nothing.");
  }
  remarks.push_back(
      Concat("The record itself needs ", lookups, " of at most ", kMaxLookups,
             " DNS lookups; those of included records come on top",
             lookups > kMaxLookups ? ". That is too many: receivers treat it as broken" : "", "."));
  return remarks;
}

}  // namespace

std::string ExplainSpf(std::string_view text) {
  const absl::StatusOr<SpfRecord> record = ParseSpfRecord(text);
  if (!record.ok()) {
    return LayOut(kTitle, {},
                  {Concat("It is broken, and receivers take it for none at all (permerror): ",
                          FromAbsl(record.status().message()), ".")});
  }
  std::vector<Term> terms;
  size_t lookups = record->redirect.empty() ? 0 : 1;
  for (const SpfTerm& term : record->terms) {
    if (term.needs_lookup()) ++lookups;
    terms.push_back({term.text, Concat(Who(term), ": ", Verdict(term.qualifier))});
  }
  if (!record->redirect.empty()) {
    terms.push_back({Concat("redirect=", record->redirect),
                     Concat("for everyone else the record of ", record->redirect, " decides")});
  }
  if (!record->exp.empty()) {
    terms.push_back(
        {Concat("exp=", record->exp), "the TXT record there tells refused senders why"});
  }
  return LayOut(kTitle, terms, Remarks(*record, lookups));
}

}  // namespace postwatch::cli

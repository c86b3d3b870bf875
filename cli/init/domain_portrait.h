// Domain portrait: what a first look tells of a domain, as far as a first configuration needs it.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "cli/check/report.h"

namespace postwatch::cli {

// The check kinds whose results make a portrait. None logs in or sends mail.
std::vector<std::string> PortraitKinds();

// Texts are as servers wrote them: bound what is shown, and never take them for YAML.
struct DomainPortrait {
  std::string domain;
  bool exists = true;
  bool takes_no_mail = false;               // says so by a null MX (RFC 7505)
  std::vector<std::string> mx_hosts;        // lower case; none when that is not known
  std::string mx_text;                      // "10 mx1.example.com, 20 mx2.example.com"
  std::string spf;                          // the record; empty without one that counts
  bool spf_works = false;                   // receivers can use it as it is
  std::string dmarc_policy;                 // "reject"; empty without a record
  std::vector<std::string> dkim_selectors;  // of the usual ones that have a usable key
  std::string mtasts;  // "enforce", "testing", "none", "broken"; empty: not seen
  std::string tlsrpt;
  bool unsigned_zone = false;
  bool dane = false;
  std::string registrar, expires;
  std::set<std::string, std::less<>> unasked;  // check kinds whose questions had no answer
  std::vector<std::string> problems;           // "dns.spf: ...": what fails or is weak already
  std::vector<std::string> unseen;             // "reg.rdap: ...": what could not be looked at
};

DomainPortrait MakePortrait(const Report& report);

// Why the DNS told nothing at all of the domain; empty when it told something.
std::string WhyBlind(const DomainPortrait& portrait);

}  // namespace postwatch::cli

#include "agent/probes/roundtrip/header_look.h"

#include "common/base/text.h"
#include "common/mail/mime.h"

namespace postwatch::agent {
namespace {

constexpr std::string_view kSubjectMark = "[mail-probe]";

bool IsReport(std::string_view headers) {
  return ContainsIgnoreCase(HeaderField(headers, "Content-Type"), "multipart/report") ||
         !HeaderField(headers, "X-Failed-Recipients").empty();
}

// Servers that send no multipart/report say at least who they are.
bool FromMailSystem(std::string_view headers) {
  const std::string from = HeaderField(headers, "From");
  return ContainsIgnoreCase(from, "mailer-daemon") || ContainsIgnoreCase(from, "postmaster") ||
         HeaderField(headers, "Return-Path") == "<>";
}

bool IsAutomatic(std::string_view headers) {
  const std::string automatic = HeaderField(headers, "Auto-Submitted");
  return !automatic.empty() && !EqualsIgnoreCase(automatic, "no");
}

bool IsOfList(std::string_view headers) {
  const std::string precedence = HeaderField(headers, "Precedence");
  return !HeaderField(headers, "List-Id").empty() || EqualsIgnoreCase(precedence, "bulk") ||
         EqualsIgnoreCase(precedence, "list") || EqualsIgnoreCase(precedence, "junk");
}

}  // namespace

HeaderLook LookAtHeader(std::string_view headers, const Secret& fleet_key) {
  HeaderLook look;
  const std::string automatic = HeaderField(headers, "Auto-Submitted");
  const bool answer = !automatic.empty() && !EqualsIgnoreCase(automatic, "auto-generated") &&
                      !EqualsIgnoreCase(automatic, "no");
  const std::optional<ProbeToken> own = FindToken(headers, fleet_key);
  if (own.has_value() && !IsReport(headers) && !answer) {
    look.letter = own;
    return look;
  }
  look.read_whole = own.has_value() || IsReport(headers) || FromMailSystem(headers) ||
                    FindAnsweredToken(headers, fleet_key).has_value() ||
                    ContainsIgnoreCase(HeaderField(headers, "Subject"), kSubjectMark);
  look.unverified = HasUnverifiedToken(headers, fleet_key);
  look.automatic = IsAutomatic(headers) || IsOfList(headers) || IsReport(headers);
  return look;
}

}  // namespace postwatch::agent

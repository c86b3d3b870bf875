// SPF macros: names in SPF records that depend on who sends (RFC 7208 section 7).
#pragma once

#include <string>
#include <string_view>

namespace postwatch {

// What macros stand for. Plain values; `ip` is an address literal.
struct SpfMacroValues {
  std::string sender;                 // local@domain: %{s}, %{l}, %{o}
  std::string domain;                 // whose record is evaluated: %{d}
  std::string ip;                     // %{i}, %{v}
  std::string helo;                   // %{h}
  std::string validated = "unknown";  // %{p}: a name of the address that leads back to it
};

// What is wrong with a domain-spec (section 7.1), "" when nothing is: a macro that is none, a
// character that is not visible ASCII, an end that is no domain.
std::string SpfDomainSpecMistake(std::string_view spec);
// The same for a macro-string, the value of a modifier nobody knows; it may be empty.
std::string SpfMacroStringMistake(std::string_view text);

// Whether what the text stands for depends on the sender, so that nobody can tell it beforehand:
// any macro but %{d}, %%, %_ and %-.
bool DependsOnSender(std::string_view spec);
// Whether %{p} is in it, which costs a lookup.
bool NamesValidated(std::string_view spec);

// The name a well-formed domain-spec stands for. A name over 253 bytes loses labels on the left
// (section 7.3).
std::string ExpandSpfMacros(std::string_view spec, const SpfMacroValues& values);

}  // namespace postwatch

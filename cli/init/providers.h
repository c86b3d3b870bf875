// Providers: who runs a domain's mail, guessed by the names of its servers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace postwatch::cli {

struct ProviderGuess {
  std::string name;   // fit for `provider:`; the domain itself when it runs its own servers
  std::string title;  // for people; empty when the name was only read off the servers' names
};

// By the MX hosts: a provider that many use, else what the hosts' names have in common, else the
// domain. Names in lower case, without a final dot.
ProviderGuess GuessProvider(std::string_view domain, const std::vector<std::string>& mx_hosts);

// What many people call whoever an SPF record lets send by including this name
// ("_spf.google.com"); empty when it is nobody known.
std::string_view SenderBehind(std::string_view included);

}  // namespace postwatch::cli

// Settings of `reg.rdap`.
#pragma once

#include <set>
#include <string>

#include "absl/time/time.h"
#include "common/model/check_spec.h"

namespace postwatch {

//   bootstrap: URL            which registry answers where; default the IANA's list
//   server: URL               asks this RDAP server and no list
//   warn: 30                  days before the end of the registration that are a finding
//   critical: 7               days that are a failure
//   expect_registrar: TEXT    its name, or its IANA number (else registrar_changed)
//   expect_nameservers: [host, ...]   in any order (else nameserver_changed)
//   require_lock: false       true: a registration that can be transferred away is a finding
//   insecure: refuse|allow    refuse (default): http:// URLs for this machine only
struct RegRdapSettings {
  std::string bootstrap;
  std::string server;
  absl::Duration warn, critical;
  std::string expect_registrar;
  std::set<std::string> expect_nameservers;  // canonical
  bool require_lock = false;
  bool allow_insecure = false;
};

RegRdapSettings ReadRegRdapSettings(const CheckSpec& spec, Mistakes& mistakes);

}  // namespace postwatch

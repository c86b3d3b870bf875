// PemCheck: what is wrong with certificate files, all of it at once and in words for people.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "common/pki/pem_files.h"

namespace postwatch {

struct PemFault {
  std::string_view key;  // of `tls:` in a configuration: "ca", "cert" or "key"
  std::string what;      // names the file
};

// Whether the three files can be read and are what they should be, the key is the certificate's,
// and the certificate was issued by the authority and is valid at `now`. An empty path is left out.
std::vector<PemFault> CheckPemFiles(const PemPaths& paths, absl::Time now);

// What is wrong with a file of authorities to trust ("" when nothing is).
std::string AuthorityFileFault(const std::string& path);

}  // namespace postwatch

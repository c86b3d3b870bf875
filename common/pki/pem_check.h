// PemCheck: what is wrong with certificate files, all of it at once and in words for people.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "common/pki/pem_files.h"

namespace postwatch {

struct PemFault {
  std::string_view key;  // of the configuration: "ca", "cert" or "key" of `tls:`, for example
  std::string what;      // names the file
};

// Whether the three files can be read and are what they should be, the key is the certificate's,
// and the certificate was issued by the authority and is valid at `now`. An empty path is left out.
std::vector<PemFault> CheckPemFiles(const PemPaths& paths, absl::Time now);

// What is wrong with a file of authorities to trust ("" when nothing is).
std::string AuthorityFileFault(const std::string& path);

// What is wrong with a file of revocations ("" when nothing is): one of the authorities in `ca`
// must have signed it. Nothing is said of a `ca` that cannot be read.
std::string RevocationsFault(const std::string& crl, const std::string& ca);

// Whether an authority can sign ("ca_cert", "ca_key"): the key is its certificate's, which has not
// ended at `now` and is among those in `trusted`. Empty paths are left out.
std::vector<PemFault> CheckAuthorityFiles(const std::string& certificate, const std::string& key,
                                          const std::string& trusted, absl::Time now);

}  // namespace postwatch

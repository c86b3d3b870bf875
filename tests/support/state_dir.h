// StateDir: a folder for one test, with the certificates of a small fleet in it.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "absl/time/clock.h"
#include "common/base/text.h"
#include "common/pki/ca.h"
#include "tests/support/test_folder.h"

namespace postwatch {

class StateDir {
 public:
  // ca.pem; collector.pem and .key for 127.0.0.1; agent.pem and .key of agent "a1" in region "eu".
  StateDir() {
    const absl::Time now = absl::Now();
    const IssuedCertificate authority = *MakeAuthority("test", now, absl::Hours(1));
    Write("ca.pem", authority.certificate);
    Issue(authority, {{PeerRole::kCollector, "", ""}, {}, {"127.0.0.1"}, absl::Minutes(30)},
          "collector");
    Issue(authority, {{PeerRole::kAgent, "eu", "a1"}, {}, {}, absl::Minutes(30)}, "agent");
  }
  std::string Path(std::string_view name) const { return Concat(folder_.path(), "/", name); }

  void Write(std::string_view name, std::string_view content) const {
    std::ofstream(Path(name), std::ios::binary | std::ios::trunc) << content;
  }
  std::string Read(std::string_view name) const {
    std::ifstream in(Path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  }

 private:
  void Issue(const IssuedCertificate& authority, const IdentityRequest& request,
             std::string_view name) const {
    const IssuedCertificate issued = *IssueIdentity(authority, request, absl::Now());
    Write(Concat(name, ".pem"), issued.certificate);
    Write(Concat(name, ".key"), issued.key.Reveal());
  }

  const TestFolder folder_;
};

}  // namespace postwatch

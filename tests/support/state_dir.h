// StateDir: a folder for one test, with the certificates of a small fleet in it.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "absl/time/clock.h"
#include "common/base/ids.h"
#include "common/base/text.h"
#include "common/pki/ca.h"

namespace postwatch {

class StateDir {
 public:
  // ca.pem; collector.pem and .key for 127.0.0.1; agent.pem and .key of agent "a1" in region "eu".
  StateDir() : path_(Concat(testing::TempDir(), "state-", RandomId())) {
    std::filesystem::create_directory(path_);
    const absl::Time now = absl::Now();
    const IssuedCertificate authority = *MakeAuthority("test", now, absl::Hours(1));
    Write("ca.pem", authority.certificate);
    Issue(authority, {{PeerRole::kCollector, "", ""}, {}, {"127.0.0.1"}, absl::Minutes(30)},
          "collector");
    Issue(authority, {{PeerRole::kAgent, "eu", "a1"}, {}, {}, absl::Minutes(30)}, "agent");
  }
  ~StateDir() { std::filesystem::remove_all(path_); }
  StateDir(const StateDir&) = delete;
  StateDir& operator=(const StateDir&) = delete;

  std::string Path(std::string_view name) const { return Concat(path_, "/", name); }

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

  const std::string path_;
};

}  // namespace postwatch

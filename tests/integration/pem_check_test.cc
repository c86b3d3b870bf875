// What --config.check says of certificate files.
#include "common/pki/pem_check.h"

#include <gtest/gtest.h>

#include <fstream>

#include "common/base/text.h"
#include "common/pki/revocation_list.h"
#include "tests/support/test_folder.h"

namespace postwatch {
namespace {

using Lines = std::vector<std::string>;

class PemCheck : public testing::Test {
 protected:
  PemCheck() {
    Keep("ca", authority_);
    Keep("own", Issue(authority_, absl::Hours(24)));
  }

  static IssuedCertificate Authority() {
    return *MakeAuthority("ca", absl::Now(), absl::Hours(1000));
  }
  static IssuedCertificate Issue(const IssuedCertificate& authority, absl::Duration lifetime) {
    const IdentityRequest request{.identity = {PeerRole::kAgent, "eu", "fra1"},
                                  .lifetime = lifetime};
    return *IssueIdentity(authority, request, absl::Now());
  }
  void Keep(const std::string& name, const IssuedCertificate& issued) {
    ASSERT_TRUE(WriteIssuedCertificate(issued, folder_ / (name + ".pem"), folder_ / (name + ".key"),
                                       Overwrite::kReplace)
                    .ok());
  }

  // "key: what", without the folder.
  Lines Faults(const std::string& ca, const std::string& cert, const std::string& key,
               absl::Time now = absl::Now()) {
    Lines lines;
    for (const PemFault& fault :
         CheckPemFiles({folder_ / ca, folder_ / cert, folder_ / key}, now)) {
      lines.push_back(folder_.Without(Concat(fault.key, ": ", fault.what)));
    }
    return lines;
  }

  const TestFolder folder_;
  const IssuedCertificate authority_ = Authority();
};

TEST_F(PemCheck, GoodFilesHaveNoFault) {
  EXPECT_EQ(Faults("ca.pem", "own.pem", "own.key"), Lines{});
  EXPECT_EQ(AuthorityFileFault(folder_ / "ca.pem"), "");
}

TEST_F(PemCheck, EveryFileThatIsNotThereIsNamed) {
  EXPECT_EQ(Faults("no-ca", "no-cert", "no-key"),
            (Lines{"ca: cannot open no-ca: No such file or directory",
                   "cert: cannot open no-cert: No such file or directory",
                   "key: cannot open no-key: No such file or directory"}));
  EXPECT_TRUE(CheckPemFiles({}, absl::Now()).empty());  // no path, told elsewhere
}

TEST_F(PemCheck, WhatIsNoPemIsNamed) {
  std::ofstream(folder_ / "text") << "hello\n";
  EXPECT_EQ(Faults("text", "own.key", "own.pem"),
            (Lines{"ca: no PEM certificate in text", "cert: no PEM certificate in own.key",
                   "key: no unencrypted PEM private key in own.pem"}));
  EXPECT_EQ(folder_.Without(AuthorityFileFault(folder_ / "text")), "no PEM certificate in text");
}

TEST_F(PemCheck, AForeignKeyAndAForeignAuthorityAreTold) {
  Keep("other", Authority());
  EXPECT_EQ(Faults("other.pem", "own.pem", "other.key"),
            (Lines{"cert: the certificate in own.pem was not issued by the authority in other.pem",
                   "key: the key in other.key does not belong to the certificate in own.pem"}));
}

TEST_F(PemCheck, RevocationsMustBeOfATrustedAuthority) {
  Keep("other", Authority());
  ASSERT_TRUE(WritePemFile(folder_ / "crl.pem", *RevocationList().Sign(authority_, absl::Now()),
                           Readers::kEverybody, Overwrite::kReplace)
                  .ok());
  const auto fault = [this](const std::string& crl, const std::string& ca) {
    return folder_.Without(RevocationsFault(folder_ / crl, folder_ / ca));
  };
  EXPECT_EQ(fault("crl.pem", "ca.pem"), "");
  EXPECT_EQ(fault("crl.pem", "other.pem"), "crl.pem: the CRL is not signed by a trusted authority");
  EXPECT_EQ(fault("ca.pem", "ca.pem"), "ca.pem: there is no X.509 CRL in PEM");
  EXPECT_EQ(fault("none", "ca.pem"), "cannot open none: No such file or directory");
  EXPECT_EQ(fault("crl.pem", "none"), "");  // told elsewhere
}

TEST_F(PemCheck, AnAuthorityMustBeAbleToSignForThoseWhoTrustIt) {
  Keep("other", Authority());
  const auto faults = [this](const std::string& certificate, const std::string& key,
                             const std::string& trusted, absl::Time now = absl::Now()) {
    Lines lines;
    for (const PemFault& fault :
         CheckAuthorityFiles(folder_ / certificate, folder_ / key, folder_ / trusted, now)) {
      lines.push_back(folder_.Without(Concat(fault.key, ": ", fault.what)));
    }
    return lines;
  };
  EXPECT_EQ(faults("ca.pem", "ca.key", "ca.pem"), Lines{});
  EXPECT_EQ(faults("other.pem", "other.key", "ca.pem"),
            Lines{"ca_cert: the certificate in other.pem is not in ca.pem (tls.ca): what it issues "
                  "would not be let in"});
  EXPECT_EQ(faults("ca.pem", "other.key", "ca.pem"),
            Lines{"ca_key: the key in other.key does not belong to the certificate in ca.pem"});
  EXPECT_EQ(faults("none", "ca.key", "ca.pem"),
            Lines{"ca_cert: cannot open none: No such file or directory"});
  EXPECT_EQ(faults("ca.pem", "ca.key", "ca.pem", absl::Now() + absl::Hours(1001)),
            Lines{"ca_cert: the certificate in ca.pem has expired"});
}

TEST_F(PemCheck, OneOfSeveralAuthoritiesIsEnough) {
  std::ofstream(folder_ / "both") << Authority().certificate << authority_.certificate;
  EXPECT_EQ(Faults("both", "own.pem", "own.key"), Lines{});
}

TEST_F(PemCheck, TimeIsLookedAt) {
  EXPECT_EQ(Faults("ca.pem", "own.pem", "own.key", absl::Now() + absl::Hours(25)),
            Lines{"cert: the certificate in own.pem has expired"});
  EXPECT_EQ(Faults("ca.pem", "own.pem", "own.key", absl::Now() - absl::Hours(1)).size(), 1u);
}

}  // namespace
}  // namespace postwatch

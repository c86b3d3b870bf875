#include "agent/probes/dns/dns_dnssec.h"

#include "common/dns/ds_digest.h"
#include "tests/support/probe_fixture.h"

namespace postwatch::agent {
namespace {

constexpr uint8_t kSha256 = 2;

DnskeyRecord Key(uint16_t flags, std::string octets) {
  DnskeyRecord key;
  key.flags = flags;
  key.algorithm = 13;
  key.key = std::move(octets);
  return key;
}

class DnsDnssecTest : public ProbeFixture {
 protected:
  DnsDnssecTest() {
    resolver_.Otherwise(NoDataReply());
    now_ = clock_.Now();
    Sign(absl::Hours(24 * 14));
  }

  ResourceRecord Rrsig(RrType covered, const DnskeyRecord& key, absl::Duration left) const {
    RrsigRecord rrsig;
    rrsig.type_covered = covered;
    rrsig.algorithm = 13;
    rrsig.key_tag = key.KeyTag();
    rrsig.signer = "alpha.test";
    rrsig.inception = now_ - absl::Hours(24 * 14);
    rrsig.expiration = now_ + left;
    return MakeRecord(RrType::kRrsig, rrsig);
  }

  void Answer(RrType type, DnsReply reply) {
    resolver_.Forget("alpha.test", type);
    resolver_.On("alpha.test", type, std::move(reply));
  }

  // What a validating resolver says of a good zone whose signatures last this long.
  void Sign(absl::Duration left) {
    Answer(RrType::kDs, RecordsReply({Ds(ksk_)}));
    Answer(RrType::kDnskey,
           RecordsReply({MakeRecord(RrType::kDnskey, ksk_), MakeRecord(RrType::kDnskey, zsk_),
                         Rrsig(RrType::kDnskey, ksk_, absl::Hours(24 * 30))}));
    DnsReply soa = SoaReply(9);
    soa.message.answers.push_back(Rrsig(RrType::kSoa, zsk_, absl::Hours(24 * 14)));
    soa.message.ad = true;
    Answer(RrType::kSoa, soa);
    DnsReply mx = MxReply({{10, "mx1.alpha.test"}});
    mx.message.answers.push_back(Rrsig(RrType::kMx, zsk_, left));
    mx.message.ad = true;
    Answer(RrType::kMx, mx);
  }

  static ResourceRecord Ds(const DnskeyRecord& key) {
    return MakeRecord(RrType::kDs, DsRecord{key.KeyTag(), key.algorithm, kSha256,
                                            *DsDigest("alpha.test", key, kSha256)});
  }

  // The resolver refuses these types and gives them unchecked.
  void Refuse(std::initializer_list<RrType> types) {
    for (const RrType type : types) {
      const DnsReply unchecked = resolver_.Answer({"alpha.test", type});
      resolver_.Forget("alpha.test", type);
      resolver_.OnCd("alpha.test", type, false, RcodeReply(Rcode::kServFail, 9, "no DNSKEY"));
      resolver_.OnCd("alpha.test", type, true, unchecked);
    }
  }

  Observation Dnssec() { return Run(Spec("dns.dnssec", Keys({}))); }

  const DnskeyRecord ksk_ = Key(257, "the key signing key"), zsk_ = Key(256, "the zone's key");
  absl::Time now_;
};

TEST_F(DnsDnssecTest, AGoodZonePasses) {
  const Observation seen = Dnssec();
  EXPECT_EQ(Summary(seen), "pass") << AllText(seen);
  EXPECT_EQ(FindingsText(seen), "") << AllText(seen);
  EXPECT_EQ(StepsText(seen), "dns keys signatures");
  EXPECT_EQ(seen.evidence.facts.at("dnssec"), "signed");
  EXPECT_EQ(seen.evidence.facts.at("resolver.validates"), "true");
  EXPECT_EQ(TouchedText(seen), "resolver:192.0.2.53:53 zone:alpha.test");
}

TEST_F(DnsDnssecTest, AnUnsignedZoneIsNoFault) {
  Answer(RrType::kDs, NoDataReply());
  const Observation seen = Dnssec();
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(FindingsText(seen), "");
  EXPECT_EQ(seen.evidence.facts.at("dnssec"), "unsigned");
}

TEST_F(DnsDnssecTest, WhatCannotBeLookedUpIsNotUnsigned) {
  Answer(RrType::kDs, RcodeReply(Rcode::kServFail));
  EXPECT_EQ(Summary(Dnssec()), "fail dns_servfail at dns");
  Answer(RrType::kDs, TimeoutReply());
  EXPECT_EQ(Summary(Dnssec()), "fail dns_timeout at dns");
}

TEST_F(DnsDnssecTest, SignaturesThatEndSoonAreTold) {
  Sign(absl::Hours(71));
  const Observation seen = Dnssec();
  EXPECT_EQ(Summary(seen), "pass");
  ASSERT_EQ(FindingsText(seen), "dns_rrsig_expiring");
  EXPECT_NE(seen.findings[0].detail.find("the signatures of MX records of alpha.test by key"),
            std::string::npos);
  EXPECT_NE(seen.findings[0].detail.find(", in 71h"), std::string::npos);
  Sign(absl::Hours(73));
  EXPECT_EQ(FindingsText(Dnssec()), "");
}

TEST_F(DnsDnssecTest, ExpiredSignaturesAreBogusAndSaysWhoAndWhen) {
  Sign(-absl::Hours(1));
  Refuse({RrType::kMx});
  const Observation seen = Dnssec();
  EXPECT_EQ(Summary(seen), "fail dns_dnssec_bogus at signatures");
  EXPECT_NE(seen.failure->detail.find("EDE 9 (no DNSKEY)"), std::string::npos);
  EXPECT_NE(seen.failure->detail.find("the signatures of MX records of alpha.test by key " +
                                      std::to_string(zsk_.KeyTag()) + " ended at "),
            std::string::npos)
      << seen.failure->detail;
}

TEST_F(DnsDnssecTest, ExpiredSignaturesFailWhereTheResolverDoesNotValidate) {
  Sign(-absl::Hours(1));
  for (const RrType type : {RrType::kSoa, RrType::kMx}) {
    DnsReply reply = resolver_.Answer({"alpha.test", type});
    reply.message.ad = false;
    Answer(type, reply);
  }
  const Observation seen = Dnssec();
  EXPECT_EQ(Summary(seen), "fail dns_dnssec_bogus at signatures");
  EXPECT_EQ(seen.evidence.facts.at("resolver.validates"), "false");
}

// The resolver has checked them: it is our clock that is ahead.
TEST_F(DnsDnssecTest, ExpiredSignaturesThatTheResolverTakesAreNoFailure) {
  Sign(-absl::Hours(1));
  const Observation seen = Dnssec();
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(FindingsText(seen), "dns_rrsig_expiring");
}

TEST_F(DnsDnssecTest, ADsThatPointsAtNoKeyBreaksTheZone) {
  const DnskeyRecord gone = Key(257, "a key that is gone");
  Answer(RrType::kDs, RecordsReply({Ds(gone)}));
  Observation seen = Dnssec();
  EXPECT_EQ(Summary(seen), "fail dns_ds_without_dnskey at signatures");
  EXPECT_EQ(seen.failure->detail, "no DS at the parent points at a key of alpha.test: DS " +
                                      std::to_string(gone.KeyTag()) +
                                      " (algorithm 13, digest 2); the zone has DNSKEY " +
                                      std::to_string(ksk_.KeyTag()) + " (algorithm 13), DNSKEY " +
                                      std::to_string(zsk_.KeyTag()) + " (algorithm 13)");
  Refuse({RrType::kSoa, RrType::kMx});
  seen = Dnssec();
  EXPECT_EQ(Summary(seen), "fail dns_dnssec_bogus at signatures");
  EXPECT_NE(seen.failure->detail.find("no DS at the parent points at a key"), std::string::npos);
}

TEST_F(DnsDnssecTest, AnotherDsBesideAGoodOneIsAFact) {
  Answer(RrType::kDs, RecordsReply({Ds(ksk_), Ds(Key(257, "one to come"))}));
  const Observation seen = Dnssec();
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(FindingsText(seen), "");
  EXPECT_EQ(seen.evidence.facts.count("ds.without_key"), 1u);
}

TEST_F(DnsDnssecTest, KeysThatNoTrustedKeySignsBreakTheZone) {
  Answer(RrType::kDnskey,
         RecordsReply({MakeRecord(RrType::kDnskey, ksk_), MakeRecord(RrType::kDnskey, zsk_),
                       Rrsig(RrType::kDnskey, zsk_, absl::Hours(24 * 30))}));
  const Observation seen = Dnssec();
  EXPECT_EQ(Summary(seen), "fail dns_dnssec_bogus at signatures");
  EXPECT_NE(seen.failure->detail.find("signed by none that a DS points at"), std::string::npos);
}

TEST_F(DnsDnssecTest, ARefusedSetByAnUnknownKeyNamesTheKey) {
  const DnskeyRecord other = Key(256, "not published");
  DnsReply mx = MxReply({{10, "mx1.alpha.test"}});
  mx.message.answers.push_back(Rrsig(RrType::kMx, other, absl::Hours(24 * 14)));
  Answer(RrType::kMx, mx);
  Refuse({RrType::kMx});
  const Observation seen = Dnssec();
  EXPECT_EQ(Summary(seen), "fail dns_dnssec_bogus at signatures");
  EXPECT_NE(seen.failure->detail.find("MX records of alpha.test are signed by key " +
                                      std::to_string(other.KeyTag()) + ", which is not published"),
            std::string::npos)
      << seen.failure->detail;
}

TEST_F(DnsDnssecTest, AResolverThatDropsSignaturesProvesNothing) {
  Answer(RrType::kDnskey, RecordsReply({MakeRecord(RrType::kDnskey, ksk_)}));
  Answer(RrType::kSoa, SoaReply(9));
  Answer(RrType::kMx, MxReply({{10, "mx1.alpha.test"}}));
  const Observation seen = Dnssec();
  EXPECT_EQ(Summary(seen), "pass") << AllText(seen);
  EXPECT_EQ(seen.evidence.facts.at("resolver.validates"), "false");
}

TEST_F(DnsDnssecTest, ADigestThatNobodyKnowsIsAsIfUnsigned) {
  Answer(RrType::kDs, RecordsReply({MakeRecord(RrType::kDs, DsRecord{1, 13, 200, "x"})}));
  const Observation seen = Dnssec();
  EXPECT_EQ(Summary(seen), "pass");
  EXPECT_EQ(seen.evidence.facts.at("dnssec"), "signed, by digests that are not known here");
}

}  // namespace
}  // namespace postwatch::agent

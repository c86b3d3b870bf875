#include "collector/correlate/signature.h"

#include <gtest/gtest.h>

#include "common/model/component.h"

namespace postwatch::collector {
namespace {

constexpr Plane kAllPlanes[] = {Plane::kControl, Plane::kNames, Plane::kMail, Plane::kLetters};

Kind KindAt(size_t i) { return static_cast<Kind>(i); }
Family FamilyAt(size_t i) { return static_cast<Family>(i); }

TEST(SignatureTest, EveryClassOfFailureHasAFamily) {
  for (const FailureClassEntry& entry : AllFailureClasses()) {
    if (entry.klass == FailureClass::kUnspecified) continue;
    EXPECT_NE(FamilyOf(entry.klass), Family::kNone) << entry.name;
  }
  EXPECT_EQ(FamilyOf(FailureClass::kTcpTimeout), Family::kSilent);
  EXPECT_EQ(FamilyOf(FailureClass::kTlsTimeout), Family::kSilent);
  EXPECT_EQ(FamilyOf(FailureClass::kTcpRefused), Family::kRefused);
  EXPECT_EQ(FamilyOf(FailureClass::kDnsServfail), Family::kLookupFailed);
  EXPECT_EQ(FamilyOf(FailureClass::kDnsTimeout), Family::kLookupSilent);
  EXPECT_EQ(FamilyOf(FailureClass::kDnsNxdomain), Family::kRecords);
  EXPECT_EQ(FamilyOf(FailureClass::kTlsCertExpired), Family::kCertificate);
  EXPECT_EQ(FamilyOf(FailureClass::kTlsNotOffered), Family::kTls);
  EXPECT_EQ(FamilyOf(FailureClass::kImapAuthFailed), Family::kLogin);
  EXPECT_EQ(FamilyOf(FailureClass::kImapAuthBackend), Family::kLoginTemp);
  EXPECT_EQ(FamilyOf(FailureClass::kSmtpMailboxFullTemp), Family::kMailbox);
  EXPECT_EQ(FamilyOf(FailureClass::kSmtpMailboxUnknownPerm), Family::kRecipient);
  EXPECT_EQ(FamilyOf(FailureClass::kSmtpBlocklistedPerm), Family::kReputation);
  EXPECT_EQ(FamilyOf(FailureClass::kSmtpGreylisted), Family::kGreylist);
  EXPECT_EQ(FamilyOf(FailureClass::kSmtpServerTemp), Family::kServer);
  EXPECT_EQ(FamilyOf(FailureClass::kDeliveryLost), Family::kDelivery);
  EXPECT_EQ(FamilyOf(FailureClass::kAgentNoNetwork), Family::kAgent);
}

TEST(SignatureTest, WhatHappensByChanceDoesNotNameItsCause) {
  for (const Family family : {Family::kSilent, Family::kRefused, Family::kReset, Family::kServer,
                              Family::kLookupSilent, Family::kLookupFailed, Family::kGreylist,
                              Family::kDelivery, Family::kTls, Family::kLoginTemp}) {
    EXPECT_FALSE(NamesItsCause(family)) << static_cast<int>(family);
  }
  for (const Family family : {Family::kCertificate, Family::kLogin, Family::kRecords,
                              Family::kMailbox, Family::kRecipient, Family::kReputation}) {
    EXPECT_TRUE(NamesItsCause(family)) << static_cast<int>(family);
    for (const Plane plane : kAllPlanes) EXPECT_LE(NoiseMix(plane, family), 0.01);
  }
}

TEST(SignatureTest, MixesAreShares) {
  for (const Plane plane : kAllPlanes) {
    for (size_t kind = 0; kind < kKinds; ++kind) {
      EXPECT_EQ(Expected(KindAt(kind), plane, Family::kNone), 0);
      double sum = 0;
      for (size_t f = 0; f < kFamilies; ++f) sum += Expected(KindAt(kind), plane, FamilyAt(f));
      if (sum == 0) continue;
      EXPECT_NEAR(sum, 1, 0.06) << kind << " " << static_cast<int>(plane);
    }
    double noise = 0;
    for (size_t f = 0; f < kFamilies; ++f) noise += NoiseMix(plane, FamilyAt(f));
    EXPECT_NEAR(noise, 1, 0.03) << static_cast<int>(plane);
  }
}

TEST(SignatureTest, EveryKindIsRealOrLocalAndHasAName) {
  EXPECT_EQ(KindOf(component::kAgent), Kind::kAgent);
  EXPECT_EQ(KindOf(component::kListed), Kind::kListed);
  EXPECT_EQ(KindOf(component::kDnsHoster), Kind::kDnsHoster);
  EXPECT_EQ(KindOf(component::kQueue), Kind::kQueue);
  EXPECT_EQ(KindOf(component::kPublished), Kind::kPublished);
  EXPECT_EQ(KindOf("fleet"), Kind::kOther);
  EXPECT_EQ(KindOf(""), Kind::kOther);
  for (const Kind kind : {Kind::kAgent, Kind::kIsp, Kind::kPath, Kind::kResolver, Kind::kAnchor}) {
    EXPECT_TRUE(IsLocal(kind));
    EXPECT_FALSE(IsReal(kind));
  }
  for (const Kind kind : {Kind::kListed, Kind::kMx, Kind::kProvider, Kind::kZone, Kind::kQueue}) {
    EXPECT_TRUE(IsReal(kind));
    EXPECT_FALSE(IsLocal(kind));
  }
  EXPECT_FALSE(IsReal(Kind::kOther));
  EXPECT_FALSE(IsLocal(Kind::kOther));
}

TEST(SignatureTest, AComponentCausesWhatItHasToDoWith) {
  EXPECT_TRUE(CanCause(Kind::kPath, Plane::kMail, Family::kSilent));
  EXPECT_FALSE(CanCause(Kind::kPath, Plane::kMail, Family::kCertificate));
  EXPECT_FALSE(CanCause(Kind::kPath, Plane::kMail, Family::kLogin));
  EXPECT_TRUE(CanCause(Kind::kCertificate, Plane::kMail, Family::kCertificate));
  EXPECT_FALSE(CanCause(Kind::kCertificate, Plane::kMail, Family::kRefused));
  EXPECT_FALSE(CanCause(Kind::kService, Plane::kMail, Family::kCertificate));
  EXPECT_TRUE(CanCause(Kind::kZone, Plane::kNames, Family::kRecords));
  EXPECT_FALSE(CanCause(Kind::kService, Plane::kNames, Family::kLookupFailed));
  EXPECT_TRUE(CanCause(Kind::kMailbox, Plane::kLetters, Family::kMailbox));
  EXPECT_TRUE(CanCause(Kind::kQueue, Plane::kLetters, Family::kDelivery));
  EXPECT_FALSE(CanCause(Kind::kQueue, Plane::kMail, Family::kDelivery));
  for (size_t f = 0; f < kFamilies; ++f) {
    EXPECT_FALSE(CanCause(Kind::kOther, Plane::kMail, FamilyAt(f)));
  }
}

TEST(SignatureTest, TheLargerTheRarer) {
  EXPECT_GT(LogPrior(Kind::kAgent), LogPrior(Kind::kPath));
  EXPECT_GT(LogPrior(Kind::kMx), LogPrior(Kind::kSite));
  EXPECT_GT(LogPrior(Kind::kSite), LogPrior(Kind::kProvider));
  EXPECT_GT(LogPrior(Kind::kProvider), LogPrior(Kind::kDataCentre));
}

}  // namespace
}  // namespace postwatch::collector

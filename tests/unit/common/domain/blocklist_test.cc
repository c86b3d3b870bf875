#include "common/domain/blocklist.h"

#include <gtest/gtest.h>

#include "tests/support/fake_resolver.h"
#include "tests/support/run_task.h"

namespace postwatch {
namespace {

using Kind = BlocklistAnswer::Kind;
using State = BlocklistHealth::State;

constexpr std::string_view kV6Listed =
    "2.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.bl.test";

class BlocklistTest : public ::testing::Test {
 protected:
  BlocklistTest() { resolver_.Otherwise(RcodeReply(Rcode::kNxDomain)); }

  Kind Asked(DnsReply reply) {
    resolver_.Forget("9.2.0.192.bl.test", RrType::kA);
    resolver_.On("9.2.0.192.bl.test", RrType::kA, std::move(reply));
    return RunTask(AskBlocklist(resolver_, "bl.test", "192.0.2.9")).kind;
  }
  BlocklistHealth Tested(DnsReply listed, DnsReply unlisted) {
    resolver_.Forget("2.0.0.127.bl.test", RrType::kA);
    resolver_.Forget("1.0.0.127.bl.test", RrType::kA);
    resolver_.On("2.0.0.127.bl.test", RrType::kA, std::move(listed));
    resolver_.On("1.0.0.127.bl.test", RrType::kA, std::move(unlisted));
    return RunTask(TestBlocklist(resolver_, "bl.test", BlocklistSubject::kIpv4));
  }

  FakeResolver resolver_;
};

TEST_F(BlocklistTest, AnAnswerIsAListingOnlyWhenItIsACode) {
  EXPECT_EQ(Asked(AddressReply({"127.0.0.2"})), Kind::kListed);
  EXPECT_EQ(Asked(RcodeReply(Rcode::kNxDomain)), Kind::kClean);
  EXPECT_EQ(Asked(NoDataReply()), Kind::kClean);
  for (const std::string ip : {"127.255.255.252", "127.255.255.254", "127.255.255.255"}) {
    EXPECT_EQ(Asked(AddressReply({ip})), Kind::kRefused) << ip;
  }
  EXPECT_EQ(Asked(AddressReply({"127.0.0.2", "127.255.255.254"})), Kind::kRefused);
  EXPECT_EQ(Asked(AddressReply({"127.0.0.1"})), Kind::kRefused);
  EXPECT_EQ(Asked(RcodeReply(Rcode::kRefused)), Kind::kRefused);
  EXPECT_EQ(Asked(AddressReply({"203.0.113.5"})), Kind::kForeign);
  EXPECT_EQ(Asked(RcodeReply(Rcode::kServFail)), Kind::kSilent);
  EXPECT_EQ(Asked(TimeoutReply()), Kind::kSilent);
}

TEST_F(BlocklistTest, AsksForAddressesOfBothFamiliesAndForNames) {
  RunTask(AskBlocklist(resolver_, "bl.test", "2001:db8::1"));
  RunTask(AskBlocklist(resolver_, "bl.test", "mail.alpha.test"));
  ASSERT_EQ(resolver_.asked().size(), 2u);
  EXPECT_EQ(resolver_.asked()[0].name,
            "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.bl.test");
  EXPECT_EQ(resolver_.asked()[1].name, "mail.alpha.test.bl.test");
}

TEST_F(BlocklistTest, GivesItsReason) {
  EXPECT_EQ(RunTask(AskBlocklistReason(resolver_, "bl.test", "192.0.2.9")), "");
  resolver_.On("9.2.0.192.bl.test", RrType::kTxt, TxtReply({std::string(500, 'x')}));
  EXPECT_EQ(RunTask(AskBlocklistReason(resolver_, "bl.test", "192.0.2.9")), std::string(200, 'x'));
}

TEST_F(BlocklistTest, IsJudgedByItsTestEntries) {
  const DnsReply listed = AddressReply({"127.0.0.2"});
  const DnsReply absent = RcodeReply(Rcode::kNxDomain);
  const BlocklistHealth works = Tested(listed, absent);
  EXPECT_EQ(works.state, State::kWorks);
  EXPECT_EQ(works.ttl, absl::Minutes(5));
  const BlocklistHealth dead = Tested(absent, absent);
  EXPECT_EQ(dead.state, State::kDead);
  EXPECT_EQ(dead.detail, "127.0.0.2 is not listed, as it must be: NXDOMAIN");
  const BlocklistHealth world = Tested(listed, listed);
  EXPECT_EQ(world.state, State::kListsWorld);
  EXPECT_EQ(world.detail, "127.0.0.1 is listed, as nothing may be that is fine: 127.0.0.2");
  const DnsReply parked = AddressReply({"203.0.113.5"});
  EXPECT_EQ(Tested(parked, parked).state, State::kListsWorld);
  EXPECT_EQ(Tested(parked, absent).state, State::kDead);
  const DnsReply refused = AddressReply({"127.255.255.254"});
  EXPECT_EQ(Tested(refused, refused).state, State::kRefused);
  EXPECT_EQ(Tested(listed, refused).detail, "127.255.255.254");
  EXPECT_EQ(Tested(RcodeReply(Rcode::kRefused), absent).state, State::kRefused);
  EXPECT_EQ(Tested(RcodeReply(Rcode::kServFail), absent).state, State::kSilent);
  EXPECT_EQ(Tested(listed, TimeoutReply()).state, State::kSilent);
}

TEST_F(BlocklistTest, ASilentListIsAskedOnce) {
  EXPECT_EQ(Tested(TimeoutReply(), TimeoutReply()).state, State::kSilent);
  EXPECT_EQ(resolver_.asked().size(), 1u);
}

TEST_F(BlocklistTest, HasTestEntriesOfEachSort) {
  resolver_.On(kV6Listed, RrType::kA, AddressReply({"127.0.0.2"}));
  resolver_.On("test.bl.test", RrType::kA, AddressReply({"127.0.1.2"}));
  EXPECT_EQ(RunTask(TestBlocklist(resolver_, "bl.test", BlocklistSubject::kIpv6)).state,
            State::kWorks);
  EXPECT_EQ(RunTask(TestBlocklist(resolver_, "bl.test", BlocklistSubject::kDomain)).state,
            State::kWorks);
  resolver_.On("invalid.bl.test", RrType::kA, AddressReply({"127.0.1.2"}));
  EXPECT_EQ(RunTask(TestBlocklist(resolver_, "bl.test", BlocklistSubject::kDomain)).state,
            State::kListsWorld);
}

TEST(BlocklistTable, ExplainsCodes) {
  const Blocklist zen = KnownBlocklist("ZEN.spamhaus.org.");
  EXPECT_EQ(BlocklistMeaning(zen, "127.0.0.2"), "SBL: a source of spam");
  EXPECT_EQ(BlocklistMeaning(zen, "127.0.0.6"), "XBL: a hijacked machine");
  EXPECT_EQ(BlocklistMeaning(zen, "127.0.0.11"),
            "PBL: a network whose machines should not send mail directly");
  EXPECT_EQ(BlocklistMeaning(zen, "127.0.0.99"), "a code that nobody explains");
  EXPECT_EQ(BlocklistMeaning(KnownBlocklist("bl.test"), "127.0.0.99"), "listed");
  EXPECT_TRUE(KnownBlocklist("dbl.spamhaus.org").of_domains);
}

TEST(BlocklistTable, EveryCodeIsOne) {
  const std::vector<Blocklist> lists = UsualBlocklists();
  EXPECT_EQ(lists.size(), 5u);
  for (const Blocklist& list : lists) {
    EXPECT_FALSE(list.codes.empty()) << list.zone;
    for (const BlocklistCode& code : list.codes)
      EXPECT_TRUE(IsBlocklistCode(code.codes)) << code.codes;
  }
  EXPECT_TRUE(IsBlocklistCode("127.0.0.4-7"));
  EXPECT_FALSE(IsBlocklistCode("127.0.0.4-3"));
  EXPECT_FALSE(IsBlocklistCode("127.0.0.4-256"));
  EXPECT_FALSE(IsBlocklistCode("128.0.0.4"));
  EXPECT_FALSE(IsBlocklistCode("127.0.0"));
}

}  // namespace
}  // namespace postwatch

#include "collector/correlate/catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postwatch::collector {
namespace {

using ::testing::ElementsAre;

TEST(CatalogTest, AComponentKeepsItsNumberAndIsKnownByKind) {
  Catalog catalog;
  const ComponentId imap = catalog.Component({"svc", "alpha/imap"});
  const ComponentId odd = catalog.Component({"moon", "full"});
  EXPECT_EQ(catalog.Component({"svc", "alpha/imap"}), imap);
  EXPECT_NE(odd, imap);
  EXPECT_EQ(catalog.Ref(imap).Text(), "svc:alpha/imap");
  EXPECT_EQ(catalog.KindOf(imap), Kind::kService);
  EXPECT_EQ(catalog.KindOf(odd), Kind::kOther);
  EXPECT_EQ(catalog.component_count(), 2u);
}

TEST(CatalogTest, ARouteIsASet) {
  Catalog catalog;
  const ComponentId a = catalog.Component({"agent", "eu"});
  const ComponentId b = catalog.Component({"site", "192.0.2.1"});
  const ComponentId c = catalog.Component({"provider", "alpha"});
  const RouteId route = catalog.Route({b, a, b});
  EXPECT_EQ(catalog.Route({a, b}), route);
  EXPECT_NE(catalog.Route({a, b, c}), route);
  EXPECT_THAT(catalog.Crossed(route), ElementsAre(a, b));
  EXPECT_THAT(catalog.Crossed(catalog.Route({c})), ElementsAre(c));
  EXPECT_THAT(catalog.Crossed(catalog.Route({})), ElementsAre());
  EXPECT_TRUE(catalog.Crosses(route, b));
  EXPECT_FALSE(catalog.Crosses(route, c));
}

TEST(CatalogTest, AnAgentThatMovedIsTheSameAgent) {
  Catalog catalog;
  const AgentId id = catalog.Agent({.agent = "a", .region = "eu", .network = "as1"});
  EXPECT_EQ(catalog.Agent({.agent = "a", .region = "us", .network = "as2"}), id);
  EXPECT_EQ(catalog.AgentOf(id).region, "us");
  EXPECT_EQ(catalog.AgentOf(id).network, "as2");
  EXPECT_EQ(catalog.agent_count(), 1u);
}

TEST(CatalogTest, AnAgentWithoutNetworkIsOneOfItsOwn) {
  Catalog catalog;
  EXPECT_EQ(catalog.AgentOf(catalog.Agent({.agent = "a"})).network, "a");
  EXPECT_EQ(catalog.AgentOf(catalog.Agent({.agent = "b"})).network, "b");
}

TEST(CatalogTest, TargetsAreNumberedToo) {
  Catalog catalog;
  const TargetId alpha = catalog.Target("alpha.test");
  EXPECT_NE(catalog.Target("beta.test"), alpha);
  EXPECT_EQ(catalog.Target("alpha.test"), alpha);
  EXPECT_EQ(catalog.TargetName(alpha), "alpha.test");
}

TEST(CatalogTest, FindingGivesNoNumber) {
  Catalog catalog;
  EXPECT_EQ(catalog.Find({"site", "192.0.2.1"}), kNoComponent);
  EXPECT_FALSE(catalog.HasAgent("a"));
  const ComponentId site = catalog.Component({"site", "192.0.2.1"});
  catalog.Agent({.agent = "a"});
  EXPECT_EQ(catalog.Find({"site", "192.0.2.1"}), site);
  EXPECT_TRUE(catalog.HasAgent("a"));
  EXPECT_EQ(catalog.component_count(), 1u);
}

TEST(CatalogTest, ManyAreToldApart) {
  Catalog catalog;
  for (ComponentId i = 0; i < 5000; ++i) {
    EXPECT_EQ(catalog.Component({"site", std::to_string(i)}), i);
    EXPECT_EQ(catalog.Route({i, i / 2}), i);
  }
  for (ComponentId i = 0; i < 5000; ++i) {
    EXPECT_EQ(catalog.Component({"site", std::to_string(i)}), i);
    EXPECT_EQ(catalog.Route({i / 2, i}), i);
  }
}

}  // namespace
}  // namespace postwatch::collector

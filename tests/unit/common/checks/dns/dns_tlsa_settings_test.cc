#include "common/checks/dns/dns_tlsa_settings.h"

#include <gtest/gtest.h>

#include "tests/support/yaml_settings.h"

namespace postwatch {
namespace {

using Lines = std::vector<std::string>;

TEST(DnsTlsaSettings, AreRead) {
  Mistakes mistakes;
  EXPECT_FALSE(ReadDnsTlsaSettings(YamlCheck("{}"), mistakes).allow_private);
  EXPECT_TRUE(ReadDnsTlsaSettings(YamlCheck("private: allow"), mistakes).allow_private);
  EXPECT_EQ(mistakes.lines(), Lines{});
  EXPECT_EQ(MistakesOf(ReadDnsTlsaSettings, "port: 25\n"),
            Lines{"c.yaml:1: c.port: is not a known key"});
}

}  // namespace
}  // namespace postwatch

#include "common/checks/dns/dns_tlsrpt_settings.h"

#include <gtest/gtest.h>

#include "tests/support/yaml_settings.h"

namespace postwatch {
namespace {

using Lines = std::vector<std::string>;

TEST(DnsTlsrptSettings, AreNoneBesideTheDomain) {
  EXPECT_EQ(MistakesOf(ReadDnsTlsrptSettings, "{}"), Lines{});
  EXPECT_EQ(MistakesOf(ReadDnsTlsrptSettings, "rua: x\n"),
            Lines{"c.yaml:1: c.rua: is not a known key"});
  CheckSpec check = YamlCheck("{}");
  check.target.clear();
  Mistakes mistakes;
  ReadDnsTlsrptSettings(check, mistakes);
  EXPECT_EQ(mistakes.lines(), Lines{"c: needs a target domain"});
}

}  // namespace
}  // namespace postwatch

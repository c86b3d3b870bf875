#include "cli/explain/explain_spf.h"

#include <gtest/gtest.h>

namespace postwatch::cli {
namespace {

TEST(ExplainSpf, EachTermInWords) {
  EXPECT_EQ(ExplainSpf("v=spf1 ip4:192.0.2.0/24 mx include:_spf.example.net ~all"),
            "SPF (RFC 7208): which servers may send mail of this domain.\n"
            "\n"
            "  ip4:192.0.2.0/24          the network 192.0.2.0/24: may send\n"
            "  mx                        the MX hosts of the domain itself: may send\n"
            "  include:_spf.example.net  whoever the record of _spf.example.net lets send: may "
            "send\n"
            "  ~all                      everyone else: probably may not send: receivers take the "
            "mail and\n"
            "                            distrust it\n"
            "\n"
            "The record itself needs 2 of at most 10 DNS lookups; those of included records come "
            "on top.\n");
}

TEST(ExplainSpf, SaysWhatIsWrong) {
  EXPECT_NE(ExplainSpf("v=spf1 +all").find("With +all anybody may send"), std::string::npos);
  EXPECT_NE(ExplainSpf("v=spf1 mx").find("There is no \"all\" at the end"), std::string::npos);
  EXPECT_EQ(ExplainSpf("v=spf1 redirect=example.net").find("There is no \"all\""),
            std::string::npos);
  EXPECT_NE(ExplainSpf("v=spf1 -all mx").find("behind \"all\" is never looked at"),
            std::string::npos);
  EXPECT_NE(ExplainSpf("v=spf1 nonsense:x").find("It is broken"), std::string::npos);
}

}  // namespace
}  // namespace postwatch::cli

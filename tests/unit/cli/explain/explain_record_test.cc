#include "cli/explain/explain_record.h"

#include <gtest/gtest.h>

namespace postwatch::cli {
namespace {

std::string Explain(std::string_view text) { return ExplainRecord(text).value_or("nothing"); }

TEST(ExplainRecord, Mx) {
  EXPECT_EQ(Explain("10 mx.example.com."),
            "MX (RFC 5321 section 5.1): a host that takes the domain's mail.\n"
            "\n"
            "  10               its preference: senders try the lowest number first, equal ones at "
            "random\n"
            "  mx.example.com.  the host\n"
            "\n"
            "The host must have address records of its own and be no alias (RFC 2181 section "
            "10.3).\n");
  EXPECT_TRUE(Explain("0 .").starts_with("MX (RFC 7505): the domain takes no mail at all"));
}

TEST(ExplainRecord, Tlsa) {
  const std::string text =
      Explain("3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef 0123456789ABCDEF");
  EXPECT_TRUE(text.starts_with("TLSA (RFC 6698, RFC 7672): ")) << text;
  EXPECT_NE(text.find("  3                    usage 3, DANE-EE: "), text.npos) << text;
  EXPECT_NE(text.find("  0123456789abcdef...  the data, 32 bytes\n"), text.npos) << text;
  EXPECT_EQ(text.find("Mistake"), text.npos) << text;
  EXPECT_NE(Explain("3 1 1 abcd").find("Mistake: the data has 4 hex digits, not 64"),
            std::string::npos);
  EXPECT_NE(Explain("9 1 0 abcd").find("  9     not known: "), std::string::npos)
      << Explain("9 1 0 abcd");
}

TEST(ExplainRecord, Caa) {
  const std::string text = Explain("128 issue \"letsencrypt.org; validationmethods=dns-01\"");
  EXPECT_TRUE(text.starts_with("CAA (RFC 8659): ")) << text;
  EXPECT_NE(text.find("  critical: "), text.npos) << text;
  EXPECT_NE(text.find("  issue "), text.npos) << text;
  EXPECT_NE(Explain("0 issue \";\"").find("nobody\n"), std::string::npos);
}

TEST(ExplainRecord, TxtWithItsQuotes) {
  EXPECT_EQ(Explain("\"v=spf1 mx \" \"-all\""), Explain("v=spf1 mx -all"));
}

TEST(ExplainRecord, EachSortIsKnown) {
  EXPECT_TRUE(Explain("v=spf1 -all").starts_with("SPF "));
  EXPECT_TRUE(Explain("v=DMARC1; p=none").starts_with("DMARC "));
  EXPECT_TRUE(Explain("v=DKIM1; p=").starts_with("DKIM "));
  EXPECT_TRUE(Explain("k=rsa; p=").starts_with("DKIM "));
  EXPECT_TRUE(Explain("v=STSv1; id=1").starts_with("MTA-STS "));
  EXPECT_TRUE(Explain("v=TLSRPTv1; rua=mailto:a@b.test").starts_with("TLS-RPT "));
  EXPECT_TRUE(Explain("version: STSv1\nmode: none\nmax_age: 86400\n").starts_with("An MTA-STS"));
}

TEST(ExplainRecord, OtherTextIsNone) {
  for (const char* text : {"", "hello", "10", "10 20", "google-site-verification=abc", "1 2 3",
                           "70000 mx.example.com", "0 frobnicate x"}) {
    EXPECT_EQ(Explain(text), "nothing") << text;
  }
}

TEST(RecordExamples, AreExplained) {
  EXPECT_NE(RecordExamples().find("postwatch explain 'v=spf1 mx -all'\n"), std::string::npos);
}

}  // namespace
}  // namespace postwatch::cli

#include "cli/explain/explain_tags.h"

#include <gtest/gtest.h>

namespace postwatch::cli {
namespace {

TEST(ExplainTags, Dmarc) {
  const std::string text =
      ExplainDmarc("v=DMARC1; p=reject; sp=none; adkim=s; x=1; rua=mailto:d@example.com");
  for (const char* part :
       {"  p=reject                  mail that fails: refuse it\n",
        "  sp=none                   the same for subdomains: do nothing\n",
        "  adkim=s                   DKIM: only the exact domain's signature counts (strict)\n",
        "  x=1                       not known: receivers ignore it\n",
        "  rua=mailto:d@example.com  where daily summaries are sent\n"}) {
    EXPECT_NE(text.find(part), text.npos) << text;
  }
  EXPECT_NE(ExplainDmarc("v=DMARC1; p=none").find("With p=none, mail"), std::string::npos);
  EXPECT_NE(ExplainDmarc("v=DMARC1; p=none").find("Without rua= nobody hears"), std::string::npos);
  EXPECT_NE(ExplainDmarc("v=DMARC1; p=maybe").find("not one of the values"), std::string::npos);
}

TEST(ExplainTags, Dkim) {
  EXPECT_NE(ExplainDkim("v=DKIM1; p=").find("the key is revoked"), std::string::npos);
  EXPECT_NE(ExplainDkim("v=DKIM1; p=!!!").find("It is broken"), std::string::npos);
  const std::string text =
      ExplainDkim("v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
  EXPECT_NE(text.find("the public key: Ed25519, 256 bits\n"), text.npos) << text;
}

TEST(ExplainTags, MtaStsAndTlsRpt) {
  EXPECT_NE(ExplainMtaSts("v=STSv1; id=20260101").find("changes whenever the policy does"),
            std::string::npos);
  EXPECT_NE(ExplainMtaSts("v=STSv1;").find("It is broken"), std::string::npos);
  EXPECT_NE(ExplainTlsRpt("v=TLSRPTv1;").find("there is no rua="), std::string::npos);
  EXPECT_NE(ExplainTlsRpt("v=TLSRPTv1; rua=ftp://x").find("Mistake: rua=: "), std::string::npos);
}

TEST(ExplainTags, APolicyFile) {
  const std::string text = ExplainMtaStsPolicy(
      "version: STSv1\nmode: enforce\nmx: mail.example.com\nmx: *.example.net\nmax_age: 604800\n");
  for (const char* part : {"  mode: enforce         senders do not deliver to hosts that fail\n",
                           "  mx: mail.example.com  this MX host is covered\n",
                           "  mx: *.example.net     MX hosts one label below this are covered\n",
                           "  max_age: 604800       senders keep the policy for 7 days\n"}) {
    EXPECT_NE(text.find(part), text.npos) << text;
  }
  EXPECT_NE(ExplainMtaStsPolicy("version: STSv1\n").find("It is broken"), std::string::npos);
}

}  // namespace
}  // namespace postwatch::cli

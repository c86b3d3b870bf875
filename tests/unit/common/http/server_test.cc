#include "common/http/server.h"

#include <gtest/gtest.h>

namespace postwatch {
namespace {

using Headers = std::map<std::string, std::string>;

TEST(IsCrossSite, BelievesFetchMetadata) {
  const auto from = [](const std::string& site) {
    return IsCrossSite({.headers = {{"sec-fetch-site", site}}});
  };
  EXPECT_FALSE(from("same-origin"));
  EXPECT_FALSE(from("none"));  // typed in by the user
  EXPECT_TRUE(from("cross-site"));
  EXPECT_TRUE(from("same-site"));
  EXPECT_TRUE(from(""));
}

TEST(IsCrossSite, ElseComparesOriginAndHost) {
  EXPECT_FALSE(IsCrossSite({}));  // no browser
  EXPECT_FALSE(IsCrossSite({.headers = {{"host", "pw.test:7480"}}}));
  const Headers own = {{"host", "pw.test:7480"}, {"origin", "http://PW.test:7480"}};
  EXPECT_FALSE(IsCrossSite({.headers = own}));
  for (const char* foreign : {"http://evil.test", "http://pw.test", "http://pw.test:7480.evil.test",
                              "https://evil.test/http://pw.test:7480", "null", ""}) {
    EXPECT_TRUE(IsCrossSite({.headers = {{"host", "pw.test:7480"}, {"origin", foreign}}}))
        << foreign;
  }
  EXPECT_TRUE(IsCrossSite({.headers = {{"origin", "http://pw.test"}}}));
}

TEST(Responses, SayWhatTheyHold) {
  const HttpResponse json = JsonResponse("[1]");
  EXPECT_EQ(json.status, 200);
  EXPECT_EQ(json.content_type, "application/json");
  EXPECT_EQ(json.body, "[1]");
  const HttpResponse error = ErrorResponse(404, "no \"x\"");
  EXPECT_EQ(error.status, 404);
  EXPECT_EQ(error.content_type, "application/json");
  EXPECT_EQ(error.body, R"({"error":"no \"x\""})");
}

}  // namespace
}  // namespace postwatch

#include "collector/alert/http_post.h"

#include <gtest/gtest.h>

namespace postwatch::collector {
namespace {

TEST(RedactUrl, ShowsSchemeAndHostOnly) {
  EXPECT_EQ(RedactUrl("https://hook.test:8443/services/T0/B0/token?key=s#f"),
            "https://hook.test:8443");
  EXPECT_EQ(RedactUrl("http://user:hunter2@hook.test/x"), "http://hook.test");
  EXPECT_EQ(RedactUrl("http://us@er:hunter2@hook.test"), "http://hook.test");
  EXPECT_EQ(RedactUrl("http://[2001:db8::1]:80/x"), "http://[2001:db8::1]:80");
  EXPECT_EQ(RedactUrl("https://hook.test?key=s"), "https://hook.test");
}

TEST(RedactUrl, HidesASecretThatIsInTheWrongPlace) {
  EXPECT_EQ(RedactUrl("http://user:hun/ter2@hook.test/x"), "http://hook.test");
  EXPECT_EQ(RedactUrl("hunter2"), "(not a URL)");
  EXPECT_EQ(RedactUrl(""), "(not a URL)");
}

TEST(UrlMistake, TakesWhatCanBePostedTo) {
  for (const char* good :
       {"https://hook.test/x?y#z", "http://hook.test:8080", "http://user:pw@hook.test/",
        "http://[2001:db8::1]:80/x", "http://192.0.2.1"}) {
    EXPECT_EQ(UrlMistake(good), "") << good;
  }
}

TEST(UrlMistake, SaysWhatIsWrongAndDoesNotRepeatTheUrl) {
  EXPECT_EQ(UrlMistake("ftp://hook.test/"), "must start with https:// or http://");
  EXPECT_EQ(UrlMistake("hook.test"), "must start with https:// or http://");
  EXPECT_EQ(UrlMistake("https://hook.test/a b"), "must not hold spaces or control characters");
  EXPECT_EQ(UrlMistake("https://hook.test/\n"), "must not hold spaces or control characters");
  for (const char* bad : {"https://", "https:///x", "https://?x", "http://:80", "http://user@",
                          "http://hook.test:http", "http://[::1"}) {
    EXPECT_EQ(UrlMistake(bad), "names no host, or a port that is none") << bad;
  }
  for (const char* bad : {"http://169.254.169.254/latest", "http://[fe80::1]:80/"}) {
    EXPECT_EQ(UrlMistake(bad), "is a link-local address, where no receiver lives") << bad;
  }
}

TEST(IsLinkLocal, KnowsBothFamiliesAndTheirMixture) {
  for (const char* yes : {"169.254.0.0", "169.254.169.254", "169.254.255.255", "fe80::1", "febf::1",
                          "FE80::1", "::ffff:169.254.169.254"}) {
    EXPECT_TRUE(IsLinkLocal(yes)) << yes;
  }
  for (const char* no : {"169.253.255.255", "169.255.0.0", "127.0.0.1", "10.169.254.1", "fec0::1",
                         "::1", "::ffff:10.0.0.1", "2001:db8::169.254.1.1", "", "169.254.test"}) {
    EXPECT_FALSE(IsLinkLocal(no)) << no;
  }
}

}  // namespace
}  // namespace postwatch::collector

#include "common/mail/imap_response.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/text.h"
#include "tests/unit/common/mail/mutations.h"

namespace postwatch {
namespace {

using Kind = ImapResponse::Kind;
using Progress = ImapResponseParser::Progress;
using testing::ElementsAre;

ImapResponse Parsed(std::string_view bytes) {
  ImapResponseParser parser;
  EXPECT_EQ(parser.Feed(bytes), bytes.size()) << bytes;
  EXPECT_EQ(parser.progress(), Progress::kDone) << parser.problem();
  return parser.Take();
}

std::string ProblemOf(std::string_view bytes) {
  ImapResponseParser parser;
  parser.Feed(bytes);
  EXPECT_EQ(parser.progress(), Progress::kBroken) << bytes;
  return parser.problem();
}

// A value as text, strings in angle brackets: "(UID 7 BODY[] <abc>)".
std::string Show(const ImapValue& value) {
  switch (value.kind) {
    case ImapValue::Kind::kAtom:
      return value.text;
    case ImapValue::Kind::kString:
      return Concat("<", value.text, ">");
    case ImapValue::Kind::kNil:
      return "NIL";
    case ImapValue::Kind::kList:
      break;
  }
  std::vector<std::string> items;
  for (const ImapValue& item : value.items) items.push_back(Show(item));
  return Concat("(", Join(items, " "), ")");
}

std::string ShowFetch(std::string_view bytes) {
  const ImapResponse response = Parsed(bytes);
  EXPECT_EQ(response.name, "FETCH");
  return Show(ImapValue{ImapValue::Kind::kList, "", response.items});
}

TEST(ImapResponse, Numbers) {
  const ImapResponse exists = Parsed("* 23 EXISTS\r\n");
  EXPECT_EQ(exists.name, "EXISTS");
  EXPECT_EQ(exists.number, 23u);
  EXPECT_THAT(Parsed("* SEARCH 2 84 882\r\n").numbers, ElementsAre(2, 84, 882));
  EXPECT_THAT(Parsed("* SEARCH\n").numbers, ElementsAre());
  EXPECT_THAT(Parsed("* SEARCH 1 x 99999999999 4294967295 -3 2\r\n").numbers,
              ElementsAre(1, 4294967295u, 2));
}

TEST(ImapResponse, Capabilities) {
  EXPECT_THAT(Parsed("* CAPABILITY imap4rev1  AUTH=plain IDLE\r\n").words,
              ElementsAre("IMAP4REV1", "AUTH=PLAIN", "IDLE"));
}

TEST(ImapResponse, StatusWithCode) {
  const ImapResponse no = Parsed("A12 no [authenticationfailed] Authentication failed.\r\n");
  EXPECT_EQ(no.kind, Kind::kTagged);
  EXPECT_EQ(no.tag, "A12");
  EXPECT_EQ(no.status.kind, ImapStatus::Kind::kNo);
  EXPECT_EQ(no.status.code, "AUTHENTICATIONFAILED");
  EXPECT_EQ(no.status.text, "Authentication failed.");
  const ImapResponse next = Parsed("* OK [UIDNEXT 4392] Predicted next UID\r\n");
  EXPECT_EQ(ImapCodeAtom(next.status), "UIDNEXT");
  EXPECT_EQ(ImapCodeArguments(next.status), "4392");
  EXPECT_EQ(Parsed("A1 BAD\r\n").status.kind, ImapStatus::Kind::kBad);
  EXPECT_EQ(Parsed("* OK [half a code\r\n").status.text, "[half a code");
}

TEST(ImapResponse, Continuation) {
  EXPECT_EQ(Parsed("+ idling\r\n").kind, Kind::kContinuation);
  EXPECT_EQ(Parsed("+\r\n").kind, Kind::kContinuation);
  EXPECT_EQ(Parsed("+ {5}\r\n").status.text, "{5}");
}

TEST(ImapResponse, LiteralsEverywhere) {
  EXPECT_EQ(ShowFetch("* 1 FETCH (UID 7 BODY[] {5}\r\na\r\nb) FLAGS ())\r\n"),
            "(UID 7 BODY[] <a\r\nb)> FLAGS ())");
  EXPECT_EQ(
      ShowFetch("* 1 FETCH ({3}\r\nUID {1}\r\n7 BODY[HEADER.FIELDS ({2}\r\nTO \"C)\")] NIL)\n"),
      "(<UID> <7> BODY[HEADER.FIELDS (TO C))] NIL)");
  EXPECT_EQ(ShowFetch("* 1 FETCH (X {0}\r\n{2+}\r\nab~{3}\r\n\1\2\3)\r\n"), "(X <> <ab> <\1\2\3>)");
  EXPECT_EQ(ShowFetch("* 1 FETCH (A \"q \\\"x\\\\\" B[a[b (c]<0> D (((NIL) nil)))\r\n"),
            "(A <q \"x\\> B[a[b (c]<0> D (((NIL) NIL)))");
}

TEST(ImapResponse, BracesInWordsAreNoLiteral) {
  EXPECT_EQ(Parsed("* OK wait for {5}\r\n").status.text, "wait for {5}");
  EXPECT_EQ(Parsed("A1 NO [LIMIT] up to {5}\r\n").status.text, "up to {5}");
  EXPECT_EQ(Parsed("* NO [BADCHARSET ({5}\r\nUTF-8)] not {9}\r\n").status.text, "not {9}");
  EXPECT_EQ(Parsed("* LIST () \"/\" a{x}\r\n").name, "LIST");
}

TEST(ImapResponse, Broken) {
  EXPECT_EQ(ProblemOf("\r\n"), "not an IMAP response: ''");
  EXPECT_EQ(ProblemOf("HTTP/1.1 400 Bad Request\r\n"),
            "not an IMAP response: 'HTTP/1.1 400 Bad Request'");
  EXPECT_EQ(ProblemOf("A1 MAYBE x\r\n"), "not an IMAP response: 'A1 MAYBE x'");
  EXPECT_EQ(ProblemOf("* \r\n"), "not an IMAP response: '* '");
  EXPECT_EQ(ProblemOf("* 1 FETCH (UID 7\r\n"), "not an IMAP response: '* 1 FETCH (UID 7'");
  EXPECT_EQ(ProblemOf("* 1 FETCH UID 7\r\n"), "not an IMAP response: '* 1 FETCH UID 7'");
  EXPECT_EQ(ProblemOf("* 1 FETCH (\"open)\r\n"), "not an IMAP response: '* 1 FETCH (\"open)'");
}

TEST(ImapResponse, Bounds) {
  EXPECT_EQ(ProblemOf("* 1 FETCH (BODY[] {1048577}\r\n"),
            "a literal over 1 MiB: '* 1 FETCH (BODY[] {1048577}'");
  EXPECT_EQ(ProblemOf("* 1 FETCH (BODY[] {99999999999999999999}\r\n").substr(0, 20),
            "a literal over 1 MiB");
  EXPECT_EQ(ProblemOf(std::string(70000, 'a')).substr(0, 18), "a line over 64 KiB");
  const std::string deep =
      Concat("* 1 FETCH (", std::string(30, '('), std::string(30, ')'), ")\r\n");
  EXPECT_EQ(ProblemOf(deep).substr(0, 20), "not an IMAP response");
  std::string many = "* 1 FETCH (";
  for (int i = 0; i < 11000; ++i) many += "() ";
  EXPECT_EQ(ProblemOf(Concat(many, ")\r\n")).substr(0, 20), "not an IMAP response");
  std::string big = "* 1 FETCH (";
  for (int i = 0; i < 3; ++i) Append(big, "{1000000}\r\n", std::string(1000000, 'x'));
  EXPECT_EQ(ProblemOf(big).substr(0, 21), "a response over 2 MiB");
  std::string literals = "* 1 FETCH (";
  for (int i = 0; i < 1001; ++i) literals += "{0}\r\n";
  EXPECT_EQ(ProblemOf(literals).substr(0, 21), "a response over 2 MiB");
}

TEST(ImapResponse, LiteralLeftSaysHowMuchIsDue) {
  ImapResponseParser parser;
  parser.Feed("* 1 FETCH (BODY[] {10}\r\n");
  EXPECT_EQ(parser.literal_left(), 10u);
  parser.Feed("abc");
  EXPECT_EQ(parser.literal_left(), 7u);
  parser.Feed("defghij");
  EXPECT_EQ(parser.literal_left(), 0u);
  EXPECT_EQ(parser.progress(), Progress::kMore);
  EXPECT_EQ(parser.Feed(")\r\n* next"), 3u);
  EXPECT_EQ(parser.progress(), Progress::kDone);
}

TEST(ImapResponse, SplitAnywhereIsTheSame) {
  const std::string bytes =
      "* 1 FETCH ({3}\r\nUID {1}\r\n7 BODY[HEADER.FIELDS ({2}\r\nTO)] {6}\r\na\r\nb{1} X "
      "\"y\")\r\n";
  const std::string whole = ShowFetch(bytes);
  for (size_t a = 0; a <= bytes.size(); ++a) {
    for (size_t b = a; b <= bytes.size(); ++b) {
      ImapResponseParser parser;
      parser.Feed(bytes.substr(0, a));
      parser.Feed(bytes.substr(a, b - a));
      parser.Feed(bytes.substr(b));
      ASSERT_EQ(parser.progress(), Progress::kDone) << a << " " << b;
      ASSERT_EQ(Show(ImapValue{ImapValue::Kind::kList, "", parser.Take().items}), whole);
    }
  }
}

TEST(ImapResponse, SurvivesMutations) {
  for (const std::string_view seed :
       {"* 1 FETCH (UID 7 BODY[HEADER.FIELDS (TO)] {5}\r\na\r\nb) FLAGS (\\Seen))\r\n",
        "* OK [UIDVALIDITY 12] fine\r\n", "* SEARCH 1 2 3\r\n", "A1 NO [LIMIT] no\r\n",
        "* NO [BADCHARSET ({5}\r\nUTF-8)] x\r\n", "* CAPABILITY A B C\r\n"}) {
    for (const std::string& bytes : Mutations(seed, 2000)) {
      ImapResponseParser parser;
      const size_t used = parser.Feed(bytes);
      ASSERT_LE(used, bytes.size());
      if (parser.progress() == Progress::kMore) {
        ASSERT_EQ(used, bytes.size());
      }
      ASSERT_LE(parser.literal_left(), kMaxImapLiteral);
      ASSERT_LE(parser.problem().size(), 200u);
    }
  }
}

}  // namespace
}  // namespace postwatch

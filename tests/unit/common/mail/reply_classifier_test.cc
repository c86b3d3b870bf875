#include "common/mail/reply_classifier.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iostream>
#include <set>
#include <sstream>

#include "absl/strings/str_replace.h"
#include "common/base/text.h"
#include "common/mail/reply_rules.h"
#include "common/model/failure_class.h"
#include "tests/unit/common/mail/mutations.h"

namespace postwatch {
namespace {

using Fields = std::vector<std::string>;

// The rows of tests/testdata/replies/<name>, comments left out.
std::vector<Fields> LoadRows(const std::string& name, size_t fields) {
  std::ifstream in(Concat(POSTWATCH_TESTDATA, "/replies/", name));
  EXPECT_TRUE(in.good()) << name;
  std::vector<Fields> rows;
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line[0] == '#') continue;
    Fields row;
    for (const std::string_view field : Split(line, '\t')) row.emplace_back(field);
    EXPECT_EQ(row.size(), fields) << line;
    if (row.size() == fields) rows.push_back(std::move(row));
  }
  return rows;
}

SmtpStage SmtpStageOf(const std::string& name) {
  static const std::map<std::string, SmtpStage> kStages = {
      {"connect", SmtpStage::kConnect},   {"ehlo", SmtpStage::kEhlo},
      {"starttls", SmtpStage::kStartTls}, {"auth", SmtpStage::kAuth},
      {"mail", SmtpStage::kMail},         {"rcpt", SmtpStage::kRcpt},
      {"data", SmtpStage::kData},         {"final", SmtpStage::kFinal}};
  return kStages.at(name);
}

ImapStage ImapStageOf(const std::string& name) {
  static const std::map<std::string, ImapStage> kStages = {
      {"greeting", ImapStage::kGreeting}, {"starttls", ImapStage::kStartTls},
      {"login", ImapStage::kLogin},       {"select", ImapStage::kSelect},
      {"fetch", ImapStage::kFetch},       {"idle", ImapStage::kIdle},
      {"expunge", ImapStage::kExpunge},   {"other", ImapStage::kOther}};
  return kStages.at(name);
}

SmtpReply ReplyOf(const std::string& raw) {
  SmtpReplyParser parser;
  parser.Feed(Concat(absl::StrReplaceAll(raw, {{"\\n", "\r\n"}}), "\r\n"));
  EXPECT_EQ(parser.progress(), SmtpReplyParser::Progress::kDone) << raw << parser.problem();
  return parser.reply();
}

TEST(ReplyClassifier, SmtpReplies) {
  const std::vector<Fields> rows = LoadRows("smtp.tsv", 4);
  EXPECT_GE(rows.size(), 200u);
  for (const Fields& row : rows) {
    const Classification got = ClassifySmtpReply(SmtpStageOf(row[0]), ReplyOf(row[1]));
    EXPECT_EQ(got.klass, row[2]) << row[0] << ": " << row[1];
    EXPECT_EQ(got.rule, row[3]) << row[0] << ": " << row[1];
  }
}

// How many of the texts in `name` get their class, in percent; the others are told.
double Accuracy(const std::string& name, size_t least) {
  const std::vector<Fields> rows = LoadRows(name, 3);
  EXPECT_GE(rows.size(), least);
  size_t right = 0;
  for (const Fields& row : rows) {
    const Classification got = ClassifySmtpReply(SmtpStageOf(row[0]), ReplyOf(row[1]));
    right += got.klass == row[2] ? 1 : 0;
    if (got.klass == row[2]) continue;
    std::cout << row[0] << " " << row[1] << "\n    is " << row[2] << ", not " << got.klass << " ("
              << got.rule << ")\n";
  }
  return rows.empty() ? 0 : 100.0 * static_cast<double>(right) / static_cast<double>(rows.size());
}

// Texts that no rule was written for; docs/classifier.md has the figures.
TEST(ReplyClassifier, HoldOutReplies) {
  EXPECT_GE(Accuracy("smtp-holdout.tsv", 150), 95);
  EXPECT_GE(Accuracy("smtp-holdout-2.tsv", 80), 95);
  EXPECT_GE(Accuracy("smtp-holdout-3.tsv", 60), 95);
}

TEST(ReplyClassifier, ImapStatuses) {
  const std::vector<Fields> rows = LoadRows("imap.tsv", 6);
  EXPECT_GE(rows.size(), 50u);
  for (const Fields& row : rows) {
    ImapStatus status;
    status.kind = row[1] == "ok"   ? ImapStatus::Kind::kOk
                  : row[1] == "no" ? ImapStatus::Kind::kNo
                                   : ImapStatus::Kind::kBad;
    status.code = row[2];
    status.text = row[3];
    const Classification got = ClassifyImapStatus(ImapStageOf(row[0]), status);
    EXPECT_EQ(got.klass, row[4]) << row[0] << ": " << row[2] << " " << row[3];
    EXPECT_EQ(got.rule, row[5]) << row[0] << ": " << row[2] << " " << row[3];
  }
}

TEST(ReplyClassifier, EveryProviderRuleHasAReply) {
  std::set<std::string> tried;
  for (const Fields& row : LoadRows("smtp.tsv", 4)) tried.insert(row[3]);
  for (const auto table : {ProviderRules(), TextRules()}) {
    for (const SmtpRule& rule : table) {
      if (rule.id == "text.auth-temporary" || rule.id == "text.auth-unavailable") continue;
      EXPECT_TRUE(tried.contains(std::string(rule.id))) << rule.id;
    }
  }
}

TEST(ReplyClassifier, ConfidenceFollowsTheTable) {
  const auto confidence = [](SmtpStage stage, const std::string& raw) {
    return ClassifySmtpReply(stage, ReplyOf(raw)).confidence;
  };
  EXPECT_EQ(confidence(SmtpStage::kRcpt, "454 4.7.1 Relay access denied"), 0.95);
  EXPECT_EQ(confidence(SmtpStage::kRcpt, "550 no such user"), 0.8);
  EXPECT_EQ(confidence(SmtpStage::kRcpt, "550 5.1.1 no"), 0.7);
  EXPECT_EQ(confidence(SmtpStage::kRcpt, "550 5.7.1 no"), 0.5);
  EXPECT_EQ(confidence(SmtpStage::kRcpt, "550 no"), 0.5);
  EXPECT_EQ(confidence(SmtpStage::kRcpt, "599 no"), 0.3);
}

TEST(ReplyClassifier, EveryClassExistsAndEveryIdIsUnique) {
  std::set<std::string_view> ids;
  for (const auto table : {ProviderRules(), TextRules(), EnhancedCodeRules(), BasicCodeRules()}) {
    for (const SmtpRule& rule : table) {
      EXPECT_TRUE(ids.insert(rule.id).second) << rule.id;
      EXPECT_TRUE(ParseFailureClass(rule.klass.temporary).has_value()) << rule.klass.temporary;
      EXPECT_TRUE(ParseFailureClass(rule.klass.permanent).has_value()) << rule.klass.permanent;
    }
  }
  for (const ImapRule& rule : ImapRules()) {
    EXPECT_TRUE(ids.insert(rule.id).second) << rule.id;
    EXPECT_TRUE(ParseFailureClass(rule.klass).has_value()) << rule.klass;
  }
}

TEST(ReplyClassifier, TellsWhatIsWorthARule) {
  const auto without = [](const std::string& raw) {
    return IsWithoutRule(ClassifySmtpReply(SmtpStage::kRcpt, ReplyOf(raw)).rule);
  };
  EXPECT_TRUE(without("550 go away"));
  EXPECT_TRUE(without("599 go away"));
  EXPECT_FALSE(without("550 5.1.1 go away"));
  EXPECT_FALSE(without("550 no such user"));
  EXPECT_TRUE(IsWithoutRule("imap.no"));
  EXPECT_FALSE(IsWithoutRule("imap.login"));
}

TEST(ReplyClassifier, TheShapeOfAReplyHasNothingThatVaries) {
  EXPECT_EQ(ReplyShape("Go away, <a@b.example>\n[192.0.2.1] see https://b.example/x id 4Xy1"),
            "go away, * * see * id *");
  EXPECT_EQ(ReplyShape(std::string(5000, 'x')), "");
  EXPECT_EQ(ReplyShape(""), "");
}

TEST(ReplyClassifier, PatternsAreLowerCase) {
  for (const auto table : {ProviderRules(), TextRules()}) {
    for (const SmtpRule& rule : table) EXPECT_EQ(AsciiLower(rule.text), rule.text) << rule.id;
  }
  for (const ImapRule& rule : ImapRules()) EXPECT_EQ(AsciiLower(rule.text), rule.text) << rule.id;
}

TEST(ReplyClassifier, AlwaysAnswers) {
  for (int code = 200; code < 600; ++code) {
    for (unsigned stage = 0; stage <= static_cast<unsigned>(SmtpStage::kFinal); ++stage) {
      const SmtpReply reply{code, "", "no"};
      const Classification got = ClassifySmtpReply(static_cast<SmtpStage>(stage), reply);
      ASSERT_TRUE(ParseFailureClass(got.klass).has_value()) << code;
      ASSERT_NE(got.rule, "protocol.no-rule") << code;
    }
  }
}

TEST(ReplyClassifier, SurvivesMutations) {
  for (const Fields& row : LoadRows("smtp.tsv", 4)) {
    const SmtpReply seed = ReplyOf(row[1]);
    for (const std::string& text : Mutations(seed.text, 5)) {
      const SmtpReply reply{seed.code, text.substr(0, 7), text};
      ASSERT_FALSE(ClassifySmtpReply(SmtpStage::kRcpt, reply).klass.empty());
    }
  }
}

}  // namespace
}  // namespace postwatch

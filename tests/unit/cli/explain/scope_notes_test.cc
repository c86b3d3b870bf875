#include "cli/explain/scope_notes.h"

#include <gtest/gtest.h>

namespace postwatch::cli {
namespace {

TEST(ScopeNotes, TheFirstIsSortedAndLaterOnesTellWhatIsNew) {
  ScopeNotes notes;
  EXPECT_EQ(notes.Shorten("opened: IMAP at alpha fails, seen from 2 of 3 regions (eu, us)"),
            "opened: IMAP at alpha fails, seen from 2 of 3 regions (eu, us)");
  EXPECT_EQ(notes.Shorten("ap well, eu failing, sa unknown, us failing"),
            "failing from eu, us; well from ap; unknown from sa");
  EXPECT_EQ(notes.Shorten("ap failing, eu failing, sa unknown, us well"),
            "ap failing (was well), us well (was failing)");
  EXPECT_EQ(notes.Shorten("sev2 (was sev3)"), "sev2 (was sev3)");
  EXPECT_EQ(notes.Shorten("af failing, ap failing, eu failing, us well"),
            "af failing, sa gone (was unknown)");
  EXPECT_EQ(notes.Shorten("af failing, ap failing, eu failing, us well"),
            "failing from af, ap, eu; well from us");
}

TEST(ScopeNotes, ASentenceIsNoScope) {
  ScopeNotes notes;
  for (const char* text : {"", "eu failing, and so on", "all well here", "resolved: x, eu well"}) {
    EXPECT_EQ(notes.Shorten(text), text);
  }
}

}  // namespace
}  // namespace postwatch::cli

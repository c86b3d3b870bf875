#include "common/config/key_table.h"

#include <gtest/gtest.h>

namespace postwatch {
namespace {

TEST(KeyTable, HasALineForEachKey) {
  KeyNotes notes;
  notes.Add("every", {.shape = KeyShape::kDuration, .fallback = "1m", .low = "1s", .high = "24h"});
  notes.Add("tls", {.shape = KeyShape::kTree});
  notes.Add("tls.ca", {.shape = KeyShape::kText, .required = true});
  notes.Add("secret", {.shape = KeyShape::kSecret});
  notes.Add("secret.file", {.shape = KeyShape::kText});
  notes.Add("free", {.shape = KeyShape::kTree});
  EXPECT_EQ(KeyTable("T", notes),
            "### T\n\n| key | takes | default |\n|---|---|---|\n"
            "| `every` | duration, 1s to 24h | `1m` |\n"
            "| `free` | a map |  |\n"
            "| `secret` | `{file: PATH}` or `{env: NAME}` |  |\n"
            "| `tls.ca` | text | must be given |\n\n");
}

TEST(KeyTable, SaysSoWhenThereIsNone) {
  EXPECT_EQ(KeyTable("T", {}), "### T\n\nNo keys of its own.\n\n");
}

}  // namespace
}  // namespace postwatch

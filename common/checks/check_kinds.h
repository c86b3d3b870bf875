// Check kinds: every kind of check there is, as collector, agents and command line know it.
#pragma once

#include <span>
#include <string_view>

#include "absl/time/time.h"
#include "common/model/check_spec.h"

namespace postwatch {

struct CheckKind {
  std::string_view name;     // "smtp.mx"
  std::string_view meaning;  // one clause, for --help and the README's table
  Leg leg;
  bool needs_mailbox;       // has `mailbox` among its settings
  absl::Duration interval;  // unless told otherwise
  absl::Duration timeout;
  // Adds every mistake in the settings of a check, each with its line and "<id of the
  // check>.<key>". Looks at no file and resolves no name.
  void (*validate)(const CheckSpec& spec, Mistakes& mistakes);
  // Has nothing to do without settings of its own, so that only who names it gets it.
  bool needs_settings = false;
  // Of a kind that needs a mailbox: the protocol by which that must be read; either when empty.
  std::string_view read_by = "";
};

// THE TABLE (check_kinds.cc), in the order in which a person reads it. The probe of each kind is in
// agent/probes/builtin_probes.cc.
std::span<const CheckKind> CheckKinds();

// Whether a check of this kind can use the mailbox (the tree under `mailbox:`): one that is read by
// POP3 has nothing for a check of IMAP.
bool FitsMailbox(const CheckKind& kind, const Settings& mailbox);

// Null for a kind there is not.
const CheckKind* FindCheckKind(std::string_view name);

}  // namespace postwatch

// Check memory: what a probe keeps in the agent's ledger for itself, across restarts.
#pragma once

#include <string>

#include "agent/probes/dns/mail_dns.h"

namespace postwatch::agent {

// What the check kept under this key; empty when there is nothing, or when it cannot be read.
std::string RecallNote(const RunContext& context, const std::string& key);

// In place of what was kept; empty: nothing. That it cannot be kept is noted in the run's
// transcript: it costs no more than the memory of a restart. Never a secret.
void KeepNote(const RunContext& context, const std::string& key, const std::string& text);

}  // namespace postwatch::agent

// Bounce: what a delivery status notification says about our letter (RFC 3464).
#pragma once

#include <string>
#include <string_view>

#include "agent/probes/failure_mapping.h"

namespace postwatch::agent {

enum class ReportKind {
  kFailed,   // the letter will not arrive
  kDelayed,  // the sender's server goes on trying
  kOther,    // relayed, delivered, an automatic reply: says nothing we need
};

struct DeliveryReport {
  ReportKind kind = ReportKind::kOther;
  // bounce or delay_notice, with the diagnostic classified in the detail and kept as the reply.
  Fault fault;
};

// Reads a whole message that is a report (ReceivedProbe::is_report). Anything may be missing.
DeliveryReport ReadDeliveryReport(std::string_view message);

}  // namespace postwatch::agent

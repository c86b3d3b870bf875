// Bounce: what a notice about the delivery of our letter means for the run that sent it.
#pragma once

#include <string>
#include <string_view>

#include "agent/probes/failure_mapping.h"

namespace postwatch::agent {

enum class ReportKind {
  kFailed,   // the letter will not arrive
  kDelayed,  // the sender's server goes on trying
  kOther,    // relayed, delivered, no such notice: says nothing we need
};

struct DeliveryReport {
  ReportKind kind = ReportKind::kOther;
  // bounce or delay_notice, with the diagnostic classified in the detail and kept as the reply.
  Fault fault;
  FailureClass cause = FailureClass::kUnspecified;  // what the diagnostic says
};

// Reads a whole message of kind kReport. Anything may be missing.
DeliveryReport ReadDeliveryReport(std::string_view message);

}  // namespace postwatch::agent

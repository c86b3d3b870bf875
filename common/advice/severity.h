// Severity: how bad a finding is, by its class.
#pragma once

#include <string_view>

#include "common/model/failure_class.h"

namespace postwatch {

// In order: information is worth knowing and asks for nothing.
enum class FindingSeverity { kInfo, kWarning, kCritical };
std::string_view FindingSeverityName(FindingSeverity severity);  // "info", "warning", "critical"

// Of what a check finds besides its own result; a warning unless the table says otherwise. A check
// that fails is critical whatever its class.
FindingSeverity SeverityOf(FailureClass klass);

}  // namespace postwatch

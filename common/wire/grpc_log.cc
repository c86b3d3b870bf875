#include "common/wire/grpc_log.h"

#include <grpc/support/log.h>

#include "common/base/log.h"
#include "common/base/text.h"

namespace postwatch {
namespace {

void Forward(gpr_log_func_args* args) {
  if (args->severity != GPR_LOG_SEVERITY_ERROR) return;
  std::string_view file = args->file;
  file = file.substr(file.rfind('/') + 1);
  Log(LogLevel::kWarn, "grpc", {{"text", args->message}, {"at", Concat(file, ":", args->line)}});
}

}  // namespace

void SendGrpcLogToOurs() {
  gpr_set_log_verbosity(GPR_LOG_SEVERITY_ERROR);
  gpr_set_log_function(Forward);
}

}  // namespace postwatch

// `postwatch config`: what another configuration would change, making it so, and its schema.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "cli/config/picture_reader.h"
#include "common/base/flags.h"

namespace postwatch::cli {

// Exit codes of `plan` and `apply`, as of Terraform's plan: what is the same is not what failed.
inline constexpr int kPlanSame = 0, kPlanMistakes = 1, kPlanChanges = 2;

int RunConfig(std::span<const std::string_view> arguments);

// `plan FILE` and `apply FILE`, their flags taken apart.
int RunConfigPlan(const Flags& flags);
int RunConfigApply(const Flags& flags);

// What the collector of --collector runs.
absl::StatusOr<ToldConfig> AskRunningConfig(const Flags& flags);

// What the collector's program makes of a file; its mistakes are on stderr by then, and the status
// is InvalidArgument. `check_files`: with --config.check. `called`: what people call the file.
absl::StatusOr<ToldConfig> DescribeFile(const std::string& path, bool check_files,
                                        const std::string& called);

}  // namespace postwatch::cli

// Resolver views: what several resolvers say of one domain, told once where they agree.
#pragma once

#include <vector>

#include "cli/check/report.h"

namespace postwatch::cli {

// `views` are the findings of one check kind by each resolver, each naming its one resolver.
// Findings that say the same become one that names all who say so; in everything else (outcome,
// class, what was seen) they stay apart. With one resolver no finding names it.
std::vector<Finding> MergeViews(std::vector<std::vector<Finding>> views);

}  // namespace postwatch::cli

#include <array>

#include "cli/ca/ca_command.h"
#include "cli/check/check_command.h"
#include "cli/check/watch_command.h"
#include "cli/classify_command.h"
#include "cli/command.h"
#include "cli/config/config_command.h"
#include "cli/explain/explain_command.h"
#include "cli/fleet/export_command.h"
#include "cli/fleet/replay_command.h"
#include "cli/fleet/show_commands.h"
#include "cli/fleet/topology_command.h"
#include "cli/init/init_command.h"

namespace postwatch::cli {
namespace {

constexpr auto kCommands = std::to_array<Command>({
    {"check", "DOMAIN [flags]", "check a domain's mail once, from here", RunCheck},
    {"watch", "DOMAIN [--for 10m] [flags]",
     "check it again and again, and fail if something gets worse", RunWatchCommand},
    {"incidents", "[flags]", "what a collector says is wrong", RunIncidents},
    {"explain", "[INCIDENT|CLASS|REPLY|RECORD]",
     "why a collector blames whom it blames; what a class, a reply, a record means", RunExplain},
    {"agents", "[forget NAME] [flags]", "which agents a collector has, and how they are",
     RunAgents},
    {"export", "--since TIME [flags]", "what agents reported to a collector, to replay it",
     RunExport},
    {"replay", "SCENARIO.jsonl|-", "what a collector would have said of recorded results",
     RunReplay},
    {"check-topology", "[SCENARIO.jsonl|-] [flags]",
     "which faults a fleet cannot tell apart, and what to add to it", RunCheckTopology},
    {"init", "DOMAIN [flags]", "a first configuration of a collector, from a look at the domain",
     RunInit},
    {"config", "plan|apply|schema ...", "what another configuration would change; makes it so",
     RunConfig},
    {"classify", "[FILE|-] [flags]", "what servers said in a mail log, a bounce or bare replies",
     RunClassify},
    {"ca", "init|issue|renew|token|revoke|rotate [flags]", "certificates for agents and collector",
     RunCa},
});

}  // namespace

std::span<const Command> Commands() { return kCommands; }

}  // namespace postwatch::cli

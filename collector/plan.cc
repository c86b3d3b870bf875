#include "collector/plan.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "collector/ingest/assignment.h"
#include "common/base/ids.h"
#include "common/base/text.h"
#include "common/checks/check_kinds.h"
#include "common/checks/mail/mailbox_settings.h"
#include "common/wire/convert.h"

namespace postwatch::collector {
namespace {

// The keys of a check's settings that are not its probe's.
constexpr std::array<std::string_view, 4> kSchedulersKeys = {"enabled", "interval", "timeout",
                                                             "fleet_gap"};

constexpr std::string_view kWitness = "witness";
constexpr std::string_view kMailbox = "mailbox";

// Neutral parties by default: three operators of public services that do not share a network.
constexpr std::array<std::string_view, 3> kDefaultAnchors = {"1.1.1.1:443", "8.8.8.8:443",
                                                             "9.9.9.9:443"};
constexpr std::string_view kDefaultZone = "iana.org";

// When and how a check of one kind runs; what is left of its settings belongs to the probe.
struct Recipe {
  const CheckKind* kind = nullptr;
  std::string name;  // the kind's, or that and a name of the check's own: "roundtrip.via-mx2"
  bool enabled = true;
  absl::Duration interval, timeout;
  std::optional<absl::Duration> fleet_gap;  // unless it follows from the interval
  Settings probe = Settings::Map();
  // Where each key of `probe` was written: "defaults.dns.mx", "targets[0].checks.dns.mx".
  std::map<std::string, std::string, std::less<>> written;
};

// Of the kinds a target may name, in their order.
using Recipes = std::vector<Recipe>;

// By default a fleet of more agents than these does what these would: providers count logins and
// letters, mail servers connections.
constexpr int kAgentsOfAnAccount = 6, kAgentsOfAServer = 20;

absl::Duration FleetGapOf(const Recipe& recipe) {
  return recipe.fleet_gap.value_or(DefaultFleetGap(*recipe.kind, recipe.interval));
}

// A check that sends letters.
bool SendsMail(const CheckKind& kind) { return kind.leg == Leg::kDelivery; }

// `settings` over `under`, key by key. Takes the keys that are the scheduler's.
Recipe Refine(const Settings& settings, const std::string& path, const Recipe& under,
              Mistakes& mistakes) {
  SettingsReader in(settings, path, mistakes);
  Recipe recipe = under;
  recipe.enabled = in.Bool("enabled", under.enabled);
  recipe.interval = in.Duration("interval", under.interval, absl::Seconds(1), absl::Hours(24));
  recipe.timeout =
      in.Duration("timeout", under.timeout, absl::Milliseconds(100), absl::Minutes(10));
  const bool silent = settings.origin().empty();
  if (settings.Find("fleet_gap") != nullptr) {
    recipe.fleet_gap =
        in.Duration("fleet_gap", absl::ZeroDuration(), absl::ZeroDuration(), absl::Hours(24));
  }
  recipe.probe = Settings::Map(silent ? under.probe.origin() : settings.origin());
  for (const auto& [key, value] : under.probe.entries()) recipe.probe.Set(key, value);
  for (const auto& [key, value] : settings.entries()) {
    if (std::ranges::find(kSchedulersKeys, key) != kSchedulersKeys.end()) continue;
    recipe.probe.Set(key, value);
    recipe.written[key] = path;
  }
  return recipe;
}

void RespectFloor(const CollectorConfig& config, const Settings& settings, const std::string& path,
                  const Recipe& recipe, Mistakes& mistakes) {
  if (recipe.interval >= config.round_trip_floor) return;
  SettingsReader(settings, path, mistakes)
      .Complain("interval",
                Concat("is below round_trip_floor (", absl::FormatDuration(config.round_trip_floor),
                       "): providers take frequent probe mail for abuse"));
}

void RefuseUnknownKind(const Settings& settings, const std::string& path, const Recipes& known,
                       Mistakes& mistakes) {
  std::vector<std::string_view> names;
  names.reserve(known.size());
  for (const Recipe& recipe : known) {
    if (recipe.name == recipe.kind->name) names.push_back(recipe.name);
  }
  mistakes.Add(settings.origin(), path, Concat("is no check kind; there are ", Join(names, ", ")));
}

// One more check of a kind that sends letters, for another way of theirs: "roundtrip.via-mx2".
// Their route is called by that name unless told otherwise.
std::optional<Recipe> OneMore(const std::string& name, const Recipes& under) {
  for (const Recipe& recipe : under) {
    const std::string start = Concat(recipe.kind->name, ".");
    const bool kinds_own = recipe.name == recipe.kind->name;
    if (!kinds_own || !SendsMail(*recipe.kind) || !name.starts_with(start)) continue;
    const std::string own = name.substr(start.size());
    if (!IsName(own)) return std::nullopt;
    Recipe more = recipe;
    more.name = name;
    more.enabled = true;
    more.probe.Set("route", Settings::Scalar(own));
    return more;
  }
  return std::nullopt;
}

// Every kind as `checks`, a map from kind to settings, has it. Kinds it does not name stay as in
// `under`.
Recipes ReadRecipes(const CollectorConfig& config, const Settings& checks, const std::string& path,
                    const Recipes& under, Mistakes& mistakes) {
  Recipes recipes = under;
  for (const auto& [name, settings] : checks.entries()) {
    const std::string here = Concat(path, ".", name);
    auto recipe = std::ranges::find(recipes, name, &Recipe::name);
    if (recipe == recipes.end()) {
      std::optional<Recipe> more = OneMore(name, under);
      if (!more.has_value()) {
        RefuseUnknownKind(settings, here, under, mistakes);
        continue;
      }
      recipe = recipes.insert(recipes.end(), *std::move(more));
    }
    if (recipe->kind->needs_mailbox && settings.Find(kMailbox) != nullptr) {
      SettingsReader(settings, here, mistakes)
          .Complain(kMailbox, "belongs to a target, beside its `checks`");
    }
    *recipe = Refine(settings, here, *recipe, mistakes);
    if (SendsMail(*recipe->kind)) RespectFloor(config, settings, here, *recipe, mistakes);
  }
  return recipes;
}

Recipes BuiltinRecipes(const CollectorConfig& config) {
  Recipes recipes;
  for (const CheckKind& kind : CheckKinds()) {
    if (kind.leg == Leg::kControl) continue;
    recipes.push_back({.kind = &kind,
                       .name = std::string(kind.name),
                       .interval = kind.interval,
                       .timeout = kind.timeout});
    if (SendsMail(kind)) {
      recipes.back().interval = std::max(kind.interval, config.round_trip_floor);
    }
  }
  return recipes;
}

// Looks at the probe's own settings. What is wrong with the mailbox is said of the mailbox, and
// what is written nowhere is said only of a check that will run.
void Validate(const Recipe& recipe, CheckSpec check, const std::string& mailbox_path,
              const std::string& path, Mistakes& mistakes) {
  check.id.clear();  // keys as they are, without a path
  Mistakes found;
  recipe.kind->validate(check, found);
  for (const auto& [origin, key, what] : found.all()) {
    const std::string first = key.substr(0, key.find_first_of(".["));
    const auto written = recipe.written.find(first);
    if (recipe.kind->needs_mailbox && first == kMailbox) {
      if (mailbox_path.empty()) continue;  // that there is none is told already
      mistakes.Add(origin, Concat(mailbox_path, key.substr(first.size())), what);
    } else if (written != recipe.written.end()) {
      mistakes.Add(origin, Concat(written->second, ".", key), what);
    } else if (recipe.enabled && !first.empty()) {
      mistakes.Add(origin, Concat(path, ".", recipe.name, ".", key), what);
    }
  }
}

// The part of the settings that is for every target, before any target is looked at.
void ValidateDefaults(const Recipes& defaults, Mistakes& mistakes) {
  for (const Recipe& recipe : defaults) {
    Recipe alone = recipe;
    alone.enabled = false;
    Validate(alone, {.timeout = recipe.timeout, .settings = recipe.probe}, "", "defaults",
             mistakes);
  }
}

// What is wrong with none of its settings may still be more than the way to the agents takes.
void RefuseUnsendable(const CheckSpec& check, const std::string& origin, const std::string& path,
                      Mistakes& mistakes) {
  const absl::Status taken = FromProto(ToProto(check)).status();
  if (taken.ok()) return;
  mistakes.Add(origin, path, Concat("would be refused by agents: ", FromAbsl(taken.message())));
}

// "targets[0]" of each target that has a mistake already.
std::set<std::string, std::less<>> RefusedTargets(const Mistakes& mistakes) {
  std::set<std::string, std::less<>> refused;
  for (const auto& [origin, key, what] : mistakes.all()) {
    const size_t end = key.find(']');
    if (key.starts_with("targets[") && end != key.npos) refused.insert(key.substr(0, end + 1));
  }
  return refused;
}

// `refused`: the target has a mistake already, which check after check would only repeat.
std::vector<CheckSpec> PlanTarget(const CollectorConfig& config, const TargetConfig& target,
                                  const std::string& path, const Recipes& defaults, bool refused,
                                  Mistakes& mistakes) {
  const std::string checks_path = Concat(path, ".checks");
  const bool has_mailbox = target.mailbox.kind() == Settings::Kind::kMap;
  const std::string mailbox_path = has_mailbox ? Concat(path, ".", kMailbox) : "";
  if (has_mailbox) ReadMailboxTree(target.mailbox, mailbox_path, mistakes);
  std::vector<CheckSpec> checks;
  for (Recipe& recipe : ReadRecipes(config, target.checks, checks_path, defaults, mistakes)) {
    const CheckKind& kind = *recipe.kind;
    const bool fits = has_mailbox && FitsMailbox(kind, target.mailbox);
    const bool lacks_mailbox = kind.needs_mailbox && !fits;
    const Settings* named = target.checks.Find(recipe.name);
    if (recipe.enabled && lacks_mailbox && named != nullptr) {
      mistakes.Add(named->origin(), Concat(checks_path, ".", recipe.name),
                   has_mailbox ? Concat("needs a mailbox that is read by ", kind.read_by)
                               : "needs a mailbox, and the target has none");
    }
    // Named without what it needs, it is planned, so that its own reader says what is missing.
    const bool lacks_settings =
        kind.needs_settings && named == nullptr && recipe.probe.entries().empty();
    recipe.enabled = recipe.enabled && !lacks_mailbox && !lacks_settings;
    if (kind.needs_mailbox && fits) {
      recipe.probe.Set(std::string(kMailbox), target.mailbox);
    }
    CheckSpec check{.id = Concat(target.domain, "/", recipe.name),
                    .kind = std::string(kind.name),
                    .target = target.domain,
                    .provider = target.provider,
                    .leg = kind.leg,
                    .interval = recipe.interval,
                    .timeout = recipe.timeout,
                    .settings = recipe.probe,
                    .fleet_gap = FleetGapOf(recipe)};
    Validate(recipe, check, fits ? mailbox_path : "", checks_path, mistakes);
    if (!recipe.enabled) continue;
    if (!refused) {
      RefuseUnsendable(check, target.origin, Concat(checks_path, ".", recipe.name), mistakes);
    }
    checks.push_back(std::move(check));
  }
  return checks;
}

CheckSpec PlanWitness(const CollectorConfig& config, Mistakes& mistakes) {
  const CheckKind& kind = *FindCheckKind(kWitness);
  const Recipe builtin{.kind = &kind, .interval = kind.interval, .timeout = kind.timeout};
  const std::string path(kWitness);
  Recipe recipe = Refine(config.witness, path, builtin, mistakes);
  if (!recipe.enabled) {
    SettingsReader(config.witness, path, mistakes)
        .Complain("enabled",
                  "must not be false: without a witness, an agent's own fault looks "
                  "like an outage");
  }
  if (recipe.probe.Find("anchors") == nullptr) {
    std::vector<Settings> anchors;
    for (const std::string_view anchor : kDefaultAnchors) {
      anchors.push_back(Settings::Scalar(std::string(anchor), "default"));
    }
    recipe.probe.Set("anchors", Settings::List(std::move(anchors), "default"));
  }
  // Without a name to ask for, a resolver that is dead would be blamed on the domains it is asked
  // about.
  if (recipe.probe.Find("zone") == nullptr) {
    recipe.probe.Set("zone", Settings::Scalar(std::string(kDefaultZone), "default"));
  }
  CheckSpec check{.id = path,
                  .kind = path,
                  .leg = kind.leg,
                  .interval = recipe.interval,
                  .timeout = recipe.timeout,
                  .settings = std::move(recipe.probe)};
  kind.validate(check, mistakes);
  RefuseUnsendable(check, config.witness.origin(), path, mistakes);
  return check;
}

}  // namespace

absl::Duration DefaultFleetGap(const CheckKind& kind, absl::Duration interval) {
  if (kind.needs_mailbox) return interval / kAgentsOfAnAccount;
  if (kind.leg == Leg::kInbound) return interval / kAgentsOfAServer;
  return absl::ZeroDuration();
}

FleetPlan MakePlan(const CollectorConfig& config, Mistakes& mistakes) {
  FleetPlan plan{.revision = config.revision};
  const std::set<std::string, std::less<>> refused = RefusedTargets(mistakes);
  const Recipes defaults =
      ReadRecipes(config, config.defaults, "defaults", BuiltinRecipes(config), mistakes);
  ValidateDefaults(defaults, mistakes);
  plan.checks.push_back(PlanWitness(config, mistakes));
  for (size_t i = 0; i < config.targets.size(); ++i) {
    const std::string path = Concat("targets[", i, "]");
    std::vector<CheckSpec> checks =
        PlanTarget(config, config.targets[i], path, defaults, refused.contains(path), mistakes);
    std::ranges::move(checks, std::back_inserter(plan.checks));
  }
  if (plan.checks.size() > kMaxAssignedChecks) {
    mistakes.Add("", "targets",
                 Concat("make ", plan.checks.size(), " checks, but agents take ",
                        kMaxAssignedChecks, " at most: watch fewer"));
  }
  return plan;
}

}  // namespace postwatch::collector

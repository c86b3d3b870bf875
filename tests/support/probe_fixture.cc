#include "tests/support/probe_fixture.h"

#include "absl/strings/escaping.h"
#include "common/base/text.h"

namespace postwatch::agent {

Settings Text(std::string text) { return Settings::Scalar(std::move(text)); }

Settings Texts(std::vector<std::string> texts) {
  std::vector<Settings> items;
  for (std::string& text : texts) items.push_back(Text(std::move(text)));
  return Settings::List(std::move(items));
}

Settings Keys(std::initializer_list<std::pair<std::string, Settings>> entries) {
  Settings map = Settings::Map();
  for (const auto& [key, value] : entries) map.Set(key, value);
  return map;
}

Settings MailboxKeys(std::initializer_list<std::pair<std::string, Settings>> entries) {
  Settings map = Keys({{"address", Text("probe@alpha.test")},
                       {"password", Keys({{"env", Text("mailbox")}})},
                       {"submission", Keys({{"host", Text("mail.alpha.test")}})},
                       {"receive", Keys({{"host", Text("mail.alpha.test")}})}});
  for (const auto& [key, value] : entries) map.Set(key, value);
  return map;
}

std::string Summary(const Observation& observation) {
  if (observation.outcome == Outcome::kNotTested) {
    return Concat("not_tested: ", observation.not_tested_reason);
  }
  if (!observation.failure.has_value()) return std::string(OutcomeName(observation.outcome));
  return Concat("fail ", FailureClassName(observation.failure->klass), " at ",
                observation.failure->step);
}

std::string TouchedText(const Observation& observation) {
  std::vector<std::string> texts;
  for (const ComponentRef& component : observation.touched) texts.push_back(component.Text());
  return Join(texts, " ");
}

std::string StepsText(const Observation& observation) {
  std::vector<std::string> names;
  for (const Step& step : observation.steps) names.push_back(step.name);
  return Join(names, " ");
}

std::string FindingsText(const Observation& observation) {
  std::vector<std::string> names;
  for (const Failure& finding : observation.findings) {
    names.emplace_back(FailureClassName(finding.klass));
  }
  return Join(names, " ");
}

std::string AllText(const Observation& observation) {
  std::string all = Concat(observation.not_tested_reason, "\n", TouchedText(observation), "\n",
                           StepsText(observation), "\n");
  std::vector<Failure> failures = observation.findings;
  if (observation.failure.has_value()) failures.push_back(*observation.failure);
  for (const Failure& failure : failures) {
    Append(all, failure.step, "\n", failure.detail, "\n");
    if (!failure.reply.has_value()) continue;
    Append(all, failure.reply->text, "\n", failure.reply->enhanced, "\n", failure.reply->rule,
           "\n");
  }
  for (const std::string& line : observation.evidence.transcript) Append(all, line, "\n");
  for (const auto& [key, value] : observation.evidence.facts) Append(all, key, "=", value, "\n");
  return all;
}

void ExpectNoSecret(const Observation& observation, std::string_view secret) {
  const std::string all = AllText(observation);
  EXPECT_EQ(all.find(secret), all.npos) << all;
  for (size_t offset = 0; offset < 3; ++offset) {
    const std::string padded = std::string(offset, 'x') + std::string(secret);
    const std::string encoded = absl::Base64Escape(padded);
    const size_t first = offset == 0 ? 0 : offset + 1;
    const std::string inner = encoded.substr(first, 8 * padded.size() / 6 - first);
    EXPECT_EQ(all.find(inner), all.npos) << all;
  }
}

ProbeFixture::ProbeFixture() {
  secrets_["mailbox"] = std::string(kPassword);
  secrets_["fleet"] = "the fleet's key for tests";
}

ProbeDeps ProbeFixture::Deps() {
  const auto resolve = [this](const SecretReference& reference) -> absl::StatusOr<Secret> {
    const auto it = secrets_.find(reference.env);
    if (it == secrets_.end()) return absl::NotFoundError(Concat("no secret ", reference.env));
    return Secret(it->second);
  };
  return {*dialer_, resolver_,  resolvers_,          clock_, nullptr, ledger_,
          lag_,     operators_, "agent.example.net", "a1",   resolve, SecretReference{"", "fleet"}};
}

CheckSpec ProbeFixture::Spec(std::string kind, Settings settings) {
  CheckSpec spec;
  spec.id = Concat("alpha.test/", kind);
  spec.kind = std::move(kind);
  spec.target = "alpha.test";
  spec.provider = "alpha";
  spec.settings = std::move(settings);
  return spec;
}

}  // namespace postwatch::agent

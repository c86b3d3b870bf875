#include <array>
#include <cstdio>

#include "absl/time/clock.h"
#include "cli/ca/authority_folder.h"
#include "cli/ca/ca_verbs.h"
#include "cli/ca/collector_address.h"
#include "cli/command.h"
#include "cli/printable.h"
#include "common/base/ids.h"
#include "common/base/text.h"
#include "common/pki/authorities.h"
#include "common/pki/join_token.h"
#include "common/pki/pem_files.h"

namespace postwatch::cli {
namespace {

constexpr absl::Duration kTokenLifetime = absl::Hours(1);

constexpr std::array kTokenFlags = {
    kDirFlag, FlagSpec{"expires", "DURATION", "how long it can be used, 1s to 168h (default 1h)"},
    FlagSpec{"collector", "HOST[:PORT]", "where the agent finds the collector, for the command"},
    FlagSpec{"bare", "", "print the token alone"}, kHelpFlag};
constexpr std::array kRevokeFlags = {kDirFlag, kHelpFlag};

absl::StatusOr<absl::Duration> ExpiresFlag(const Flags& flags) {
  absl::Duration expires = kTokenLifetime;
  if (flags.Has("expires") && !absl::ParseDuration(flags.Get("expires"), &expires)) {
    return absl::InvalidArgumentError("--expires is a duration such as 30m or 2h");
  }
  return expires;
}

int Token(const Flags& flags) {
  const std::vector<std::string>& words = flags.words();
  if (words.size() != 3 || words[0] != "agent") {
    return Complain("ca", "token takes `agent REGION NAME`", kUsage);
  }
  const absl::StatusOr<absl::Duration> expires = ExpiresFlag(flags);
  if (!expires.ok()) return ComplainOfCa(expires.status());
  if (flags.Has("collector") && !IsCollectorAddress(flags.Get("collector"))) {
    return Complain("ca",
                    Concat("--collector '", Printable(flags.Get("collector")),
                           "' is not HOST or HOST:PORT, such as pw.example.net or "
                           "[2001:db8::1]:7443"),
                    kUsage);
  }
  const AuthorityFolder folder(flags);
  const absl::StatusOr<IssuedCertificate> authority = folder.Load();
  if (!authority.ok()) return ComplainOfCa(authority.status());
  const absl::StatusOr<absl::Time> made = folder.EnrolAt(words[2], absl::Now());
  if (!made.ok()) return ComplainOfCa(made.status());
  const absl::StatusOr<std::string> token =
      MakeJoinToken(*authority, {PeerRole::kAgent, words[1], words[2]}, *made, *expires);
  if (!token.ok()) return ComplainOfCa(token.status());
  if (flags.Has("bare")) {
    std::printf("%s\n", token->c_str());
    return kOk;
  }
  std::string command =
      Concat("postwatch-agent join ", flags.Get("collector", "COLLECTOR"), " --token ", *token);
  for (const std::string& hash : AuthorityHashes(authority->certificate)) {
    Append(command, " --ca-hash ", hash);
  }
  std::printf("%s\n", command.c_str());
  std::fprintf(stderr, "for one use on the machine of agent %s, until %s; treat it as a password\n",
               words[2].c_str(), ShortTime(*made + *expires).c_str());
  return kOk;
}

int Revoke(const Flags& flags) {
  const std::vector<std::string>& words = flags.words();
  if (words.size() != 2 || words[0] != "agent") {
    return Complain("ca", "revoke takes `agent NAME`", kUsage);
  }
  const std::string& name = words[1];
  if (!IsName(name)) {
    return Complain("ca", Concat("no agent can be called '", name, "'"), kUsage);
  }
  const AuthorityFolder folder(flags);
  const absl::StatusOr<IssuedCertificate> authority = folder.Load();
  if (!authority.ok()) return ComplainOfCa(authority.status());
  absl::StatusOr<RevocationList> list = folder.Revocations();
  if (!list.ok()) return ComplainOfCa(list.status());
  const absl::Time now = absl::Now();
  list->RevokeAgent(name, now);
  // By its number too, where it is known, for whoever else reads the list.
  const absl::StatusOr<std::string> here = ReadPemFile(folder.path() / name / "cert.pem");
  const auto known = here.ok() ? ParseIdentityCertificate(*here) : here.status();
  if (known.ok() && known->identity.name == name) list->Revoke(known->serial, now);
  const absl::Status status = folder.WriteRevocations(*list, *authority, now);
  if (!status.ok()) return ComplainOfCa(status);
  std::printf(
      "revoked agent %s: every certificate and token it was given until now, and what they were\n"
      "renewed to. Copy %s to where the collector's tls.crl is: it cuts the agent off within 10 "
      "s.\n"
      "Nobody here keeps a list of who has joined: look at `postwatch agents` that it shows %s as\n"
      "SILENT then; if it does not, the agent has another name.\n"
      "A certificate or token made for it from now on is good.\n",
      name.c_str(), (folder / "crl.pem").c_str(), name.c_str());
  return kOk;
}

constexpr auto kVerbs = std::to_array<CaVerb>({
    {"token", "postwatch ca token agent REGION NAME [flags]", kTokenFlags, Token},
    {"revoke", "postwatch ca revoke agent NAME [flags]", kRevokeFlags, Revoke},
});

}  // namespace

std::span<const CaVerb> TrustVerbs() { return kVerbs; }

}  // namespace postwatch::cli

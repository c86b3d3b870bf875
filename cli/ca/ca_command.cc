#include "cli/ca/ca_command.h"

#include <cstdio>
#include <string>
#include <vector>

#include "cli/ca/authority_folder.h"
#include "cli/ca/ca_verbs.h"
#include "cli/command.h"
#include "common/base/text.h"

namespace postwatch::cli {
namespace {

std::vector<CaVerb> Verbs() {
  std::vector<CaVerb> verbs;
  for (const auto& table : {AuthorityVerbs(), CertificateVerbs(), TrustVerbs()}) {
    verbs.insert(verbs.end(), table.begin(), table.end());
  }
  return verbs;
}

std::string Usage(std::span<const CaVerb> verbs) {
  std::string out;
  for (const CaVerb& verb : verbs) {
    for (const std::string_view line : Split(verb.usage, '\n')) {
      Append(out, out.empty() ? "usage: " : "       ", line, "\n");
    }
  }
  return out;
}

int RunVerb(const CaVerb& verb, std::span<const std::string_view> arguments) {
  const absl::StatusOr<Flags> flags = Flags::Parse(arguments, verb.flags);
  if (!flags.ok()) return ComplainOfCa(flags.status());
  if (!flags->Has("help")) return verb.run(*flags);
  std::printf("%s\n%s", Usage({&verb, 1}).c_str(), FlagHelp(verb.flags).c_str());
  return kOk;
}

}  // namespace

int RunCa(std::span<const std::string_view> arguments) {
  const std::string_view name = arguments.empty() ? std::string_view() : arguments[0];
  const std::vector<CaVerb> verbs = Verbs();
  for (const CaVerb& verb : verbs) {
    if (verb.name == name) return RunVerb(verb, arguments.subspan(1));
  }
  const bool help = name == "--help";
  std::fprintf(help ? stdout : stderr, "%s`postwatch ca VERB --help` tells the flags.\n",
               Usage(verbs).c_str());
  return help ? kOk : kUsage;
}

}  // namespace postwatch::cli

#include "agent/join.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>

#include "absl/time/clock.h"
#include "agent/certificate_answer.h"
#include "agent/uplink/enrolment_client.h"
#include "common/base/flags.h"
#include "common/base/ids.h"
#include "common/base/secret.h"
#include "common/base/text.h"
#include "common/pki/authorities.h"
#include "common/pki/ca.h"
#include "common/pki/certificate_request.h"
#include "common/pki/join_token.h"
#include "common/pki/pem_files.h"

namespace postwatch::agent {
namespace {

namespace fs = std::filesystem;

constexpr int kExitFailed = 1;
constexpr int kExitUsage = 64;  // EX_USAGE
constexpr std::string_view kDefaultPort = "7443";
constexpr size_t kMaxFallbacks = 8;  // as in the configuration
constexpr char kServiceUser[] = "postwatch-agent";
constexpr absl::Duration kCallTimeout = absl::Seconds(20);
// While too many try from where this machine is, such as a dozen that are made at once.
constexpr absl::Duration kPatience = absl::Minutes(3);
constexpr absl::Duration kTryEvery = absl::Seconds(6);
constexpr std::string_view kHostCharacters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]";

constexpr std::array kFlags = {
    FlagSpec{"token", "TOKEN",
             "of `postwatch ca token`; other users can see it in the list of processes"},
    FlagSpec{"token-file", "FILE", "where the token is instead"},
    FlagSpec{"ca-hash", "sha256:HASH", "by which the authority is known; may be repeated"},
    FlagSpec{"dir", "DIR",
             "where agent.yaml and agent/{ca,cert,key}.pem go (default /etc/postwatch)"},
    FlagSpec{"state-dir", "DIR",
             "where the agent keeps its state (default /var/lib/postwatch-agent)"},
    FlagSpec{"fallback", "HOST[:PORT]",
             "another collector of the same store, which may act instead; may be repeated"},
    FlagSpec{"server-name", "NAME",
             "the name in the collector's certificate, if it is another than dialled"},
    FlagSpec{"network", "NETWORK", "who carries the agent's traffic: an ASN or a name"},
    FlagSpec{"user", "USER",
             "whose the identity is to be (as root: postwatch-agent, where there is such a user)"},
    FlagSpec{"force", "", "replace the identity and the configuration that are there"},
    FlagSpec{"help", "", "this text"},
};

struct Wanted {
  std::vector<std::string> addresses;  // the first of the collector, behind it its fallbacks
  std::string server_name;
  std::string network;
  std::string token;
  std::vector<std::string> hashes;
  PeerIdentity identity;  // as the token says
  fs::path configuration, identity_folder;
  std::string state_dir;
  std::string user;
  bool force = false;

  PemPaths files() const {
    return {identity_folder / "ca.pem", identity_folder / "cert.pem", identity_folder / "key.pem"};
  }
};

int Fail(const absl::Status& status, int code) {
  std::fprintf(stderr, "postwatch-agent join: %s\n",
               std::string(FromAbsl(status.message())).c_str());
  return code;
}

absl::Status Usage(std::string_view what) { return absl::InvalidArgumentError(ToAbsl(what)); }

bool IsPlain(std::string_view text) {
  return text.find_first_not_of(kHostCharacters) == text.npos && text.size() <= 253;
}

// "HOST", "HOST:PORT", "[IPV6]" or "[IPV6]:PORT", with the port.
absl::StatusOr<std::string> ReadAddress(const std::string& text) {
  const size_t bracket = text.rfind(']');
  const size_t colon = text.rfind(':');
  const bool has_port = colon != text.npos && (bracket == text.npos || colon > bracket);
  const std::string_view host = std::string_view(text).substr(0, has_port ? colon : text.npos);
  const bool bare_ipv6 = bracket == text.npos && host.find(':') != host.npos;
  const std::optional<int64_t> port =
      ParseInteger(has_port ? std::string_view(text).substr(colon + 1) : kDefaultPort);
  if (host.empty() || !IsPlain(text) || bare_ipv6 || !port || *port < 1 || *port > 65535) {
    return Usage(Concat("'", text,
                        "' is not HOST or HOST:PORT, such as pw.example.net or "
                        "[2001:db8::1]:7443"));
  }
  return Concat(host, ":", *port);
}

// Both are written into a configuration, in quotes.
absl::Status CheckPlaces(const Flags& flags, const std::string& state_dir) {
  for (const auto& [flag, path] :
       {std::pair("state-dir", state_dir), std::pair("dir", flags.Get("dir"))}) {
    if (path.find_first_of("\"\\$\n\r\t") != path.npos) {
      return Usage(Concat("--", flag, ": a path with quotes, backslashes, $ or line ends"));
    }
  }
  std::error_code none;
  if (fs::exists(state_dir, none) && !fs::is_directory(state_dir, none)) {
    return Usage(Concat("--state-dir: ", state_dir, " is not a folder"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadToken(const Flags& flags) {
  if (flags.Has("token") == flags.Has("token-file")) {
    return Usage("give the token by --token or by --token-file");
  }
  if (flags.Has("token")) return std::string(Trim(flags.Get("token")));
  const absl::StatusOr<Secret> read = ResolveSecret({flags.Get("token-file"), ""});
  if (!read.ok()) return read.status();
  return std::string(Trim(read->Reveal()));
}

absl::StatusOr<Wanted> ReadWanted(const Flags& flags) {
  Wanted wanted;
  if (flags.words().size() != 1) return Usage("name the collector, and nothing else");
  std::vector<std::string> addresses = flags.All("fallback");
  if (addresses.size() > kMaxFallbacks) {
    return Usage(Concat("--fallback can be given ", kMaxFallbacks, " times at most"));
  }
  addresses.insert(addresses.begin(), flags.words()[0]);
  for (const std::string& text : addresses) {
    absl::StatusOr<std::string> address = ReadAddress(text);
    if (!address.ok()) return address.status();
    wanted.addresses.push_back(*std::move(address));
  }
  wanted.hashes = flags.All("ca-hash");
  if (wanted.hashes.empty()) {
    return Usage("--ca-hash is missing: without it, anybody could pose as the collector");
  }
  for (const std::string& hash : wanted.hashes) {
    if (!IsAuthorityHash(hash)) {
      return Usage(Concat("'", hash, "' is not sha256: and 64 hex digits"));
    }
  }
  absl::StatusOr<std::string> token = ReadToken(flags);
  if (!token.ok()) return token.status();
  const absl::StatusOr<JoinToken> read = ReadJoinToken(*token);
  if (!read.ok()) return read.status();
  wanted.token = *std::move(token);
  wanted.identity = read->identity;
  wanted.server_name = flags.Get("server-name");
  wanted.network = flags.Get("network");
  wanted.state_dir = fs::absolute(flags.Get("state-dir", "/var/lib/postwatch-agent")).string();
  for (const auto& [flag, text] :
       {std::pair("server-name", wanted.server_name), std::pair("network", wanted.network)}) {
    if (!IsPlain(text)) {
      return Usage(Concat("--", flag, ": '", text, "' has characters that do not belong there"));
    }
  }
  if (absl::Status places = CheckPlaces(flags, wanted.state_dir); !places.ok()) return places;
  const fs::path dir = fs::absolute(flags.Get("dir", "/etc/postwatch"));
  wanted.configuration = dir / "agent.yaml";
  wanted.identity_folder = dir / "agent";
  wanted.user = flags.Get("user", ::geteuid() == 0 ? kServiceUser : "");
  wanted.force = flags.Has("force");
  const bool must_exist = flags.Has("user");
  if (!wanted.user.empty() && ::getpwnam(wanted.user.c_str()) == nullptr) {
    if (must_exist) return Usage(Concat("there is no user '", wanted.user, "'"));
    wanted.user.clear();
  }
  return wanted;
}

absl::Status CheckFree(const Wanted& wanted) {
  if (wanted.force) return absl::OkStatus();
  for (const fs::path& file :
       {fs::path(wanted.files().key), fs::path(wanted.files().certificate), wanted.configuration}) {
    std::error_code ignored;
    if (!fs::exists(fs::symlink_status(file, ignored))) continue;
    return absl::AlreadyExistsError(Concat(
        file.string(), " is there: this machine has joined before; --force replaces what it has"));
  }
  return absl::OkStatus();
}

// Only what we have just made: the folder may be the user's already, who could put a link to
// something else in its place.
absl::Status Give(const fs::path& path, const std::string& user) {
  if (user.empty()) return absl::OkStatus();
  const passwd* entry = ::getpwnam(user.c_str());
  const int file = ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  struct stat is {};
  const bool ours = file >= 0 && ::fstat(file, &is) == 0 && is.st_uid == ::geteuid() &&
                    (S_ISDIR(is.st_mode) || is.st_nlink == 1);
  const bool given = ours && entry != nullptr && ::fchown(file, entry->pw_uid, entry->pw_gid) == 0;
  if (file >= 0) ::close(file);
  if (given) return absl::OkStatus();
  return absl::UnavailableError(
      Concat("cannot give ", path.string(), " to ", user, "; run this as root, or without --user"));
}

absl::Status MakeFolder(const Wanted& wanted) {
  std::error_code error;
  const bool made = fs::create_directories(wanted.identity_folder, error);
  if (error) {
    return absl::UnavailableError(Concat("cannot make ", wanted.identity_folder.string(), ": ",
                                         error.message(), "; run this as root, or with --dir"));
  }
  if (!made) return absl::OkStatus();
  fs::permissions(wanted.identity_folder, fs::perms::owner_all, error);
  return Give(wanted.identity_folder, wanted.user);
}

std::string Configuration(const Wanted& wanted) {
  const PemPaths files = wanted.files();
  std::string text =
      "# Made by `postwatch-agent join`; docs/examples/agent.yaml explains every key.\n";
  Append(text, "agent:\n  name: \"", wanted.identity.name, "\"\n  region: \"",
         wanted.identity.region, "\"\n");
  if (!wanted.network.empty()) Append(text, "  network: \"", wanted.network, "\"\n");
  Append(text, "collector:\n  address: \"", wanted.addresses[0], "\"\n");
  for (size_t i = 1; i < wanted.addresses.size(); ++i) {
    Append(text, i == 1 ? "  fallbacks:\n" : "", "    - \"", wanted.addresses[i], "\"\n");
  }
  if (!wanted.server_name.empty()) Append(text, "  server_name: \"", wanted.server_name, "\"\n");
  Append(text, "tls: # renewed by the agent itself\n  ca: \"", files.ca, "\"\n  cert: \"",
         files.certificate, "\"\n  key: \"", files.key, "\"\n");
  Append(text, "state_dir: \"", wanted.state_dir, "\"\n");
  text += "# Round trips use the fleet key that the collector gives, if it has one.\n";
  return text;
}

absl::Status WriteIdentity(const Wanted& wanted, const EnrolmentAnswer& answer,
                           const fs::path& new_key) {
  const PemPaths files = wanted.files();
  absl::Status status =
      WritePemFile(files.ca, answer.authorities, Readers::kEverybody, Overwrite::kReplace);
  if (status.ok()) {
    status = WritePemFile(files.certificate, answer.certificate, Readers::kEverybody,
                          Overwrite::kReplace);
  }
  if (!status.ok()) return status;
  std::error_code error;
  fs::rename(new_key, files.key, error);
  if (error)
    return absl::UnavailableError(Concat("cannot name ", files.key, ": ", error.message()));
  for (const std::string& file : {files.ca, files.certificate, files.key}) {
    status = Give(file, wanted.user);
    if (!status.ok()) return status;
  }
  // Last: a service that waits for it finds everything else in its place.
  return WritePemFile(wanted.configuration, Configuration(wanted), Readers::kEverybody,
                      Overwrite::kReplace);
}

// Calls again when the collector asks for patience.
template <class Call>
auto Patiently(const Call& call) {
  const absl::Time end = absl::Now() + kPatience;
  for (;;) {
    auto answer = call();
    if (!absl::IsResourceExhausted(answer.status()) || absl::Now() >= end) return answer;
    std::fprintf(stderr, "postwatch-agent join: %s; trying again\n",
                 std::string(FromAbsl(answer.status().message())).c_str());
    absl::SleepFor(kTryEvery * (1 + RandomUnit()));
  }
}

// The token is shown only to a collector that the hash vouches for, and only when there is a key.
absl::StatusOr<EnrolmentAnswer> Ask(const Wanted& wanted, const std::string& address,
                                    const std::string& request) {
  const absl::StatusOr<std::string> claimed =
      Patiently([&] { return AskForAuthorities(address, kCallTimeout); });
  if (!claimed.ok()) return claimed.status();
  const absl::StatusOr<std::string> known = KnownByHash(*claimed, wanted.hashes);
  if (!known.ok()) {
    return absl::Status(known.status().code(),
                        Concat("whoever answers at ", address, " is not the collector you mean: ",
                               FromAbsl(known.status().message()), ". The token was not shown"));
  }
  const JoinCall call{address, wanted.server_name, *known, wanted.token, request};
  return Patiently([&] { return JoinByToken(call, kCallTimeout); });
}

// The first collector that can be reached, and no other.
absl::StatusOr<EnrolmentAnswer> AskOne(const Wanted& wanted, const Secret& key) {
  const absl::StatusOr<std::string> request = MakeCertificateRequest(key);
  if (!request.ok()) return request.status();
  absl::StatusOr<EnrolmentAnswer> answer = absl::UnavailableError("nobody was asked");
  for (const std::string& address : wanted.addresses) {
    answer = Ask(wanted, address, *request);
    const absl::Status status = answer.status();
    if (!absl::IsUnavailable(status) && !absl::IsDeadlineExceeded(status)) break;
  }
  if (!answer.ok()) return answer;
  absl::Status good = CheckAnswer(*answer, key, wanted.identity, absl::Now());
  if (!good.ok()) return good;
  return answer;
}

absl::Status Join(const Wanted& wanted) {
  absl::Status status = CheckFree(wanted);
  if (status.ok()) status = MakeFolder(wanted);
  if (!status.ok()) return status;
  const absl::StatusOr<Secret> key = MakeKey();
  if (!key.ok()) return key.status();
  const fs::path new_key = wanted.identity_folder / "key.pem.new";
  status = WritePemFile(new_key, key->Reveal(), Readers::kNobody, Overwrite::kReplace);
  if (!status.ok()) return status;
  const absl::StatusOr<EnrolmentAnswer> answer = AskOne(wanted, *key);
  status = answer.ok() ? WriteIdentity(wanted, *answer, new_key) : answer.status();
  std::error_code ignored;
  fs::remove(new_key, ignored);
  if (!status.ok()) return status;
  const absl::Time end = ParseIdentityCertificate(answer->certificate)->not_after;
  std::printf(
      "joined as agent %s of region %s; the certificate ends %s and is renewed in time.\n"
      "wrote %s and %s\n",
      wanted.identity.name.c_str(), wanted.identity.region.c_str(),
      absl::FormatTime("%Y-%m-%d %H:%M UTC", end, absl::UTCTimeZone()).c_str(),
      wanted.configuration.c_str(), (wanted.identity_folder / "{ca,cert,key}.pem").c_str());
  return absl::OkStatus();
}

}  // namespace

int RunJoin(std::span<const std::string_view> arguments) {
  const absl::StatusOr<Flags> flags = Flags::Parse(arguments, kFlags);
  if (!flags.ok()) return Fail(flags.status(), kExitUsage);
  if (flags->Has("help")) {
    std::printf(
        "usage: postwatch-agent join COLLECTOR[:PORT] --token TOKEN --ca-hash HASH [FLAGS]\n\n%s",
        FlagHelp(kFlags).c_str());
    return 0;
  }
  const absl::StatusOr<Wanted> wanted = ReadWanted(*flags);
  if (!wanted.ok()) {
    return Fail(wanted.status(),
                absl::IsInvalidArgument(wanted.status()) ? kExitUsage : kExitFailed);
  }
  const absl::Status joined = Join(*wanted);
  return joined.ok() ? 0 : Fail(joined, kExitFailed);
}

}  // namespace postwatch::agent

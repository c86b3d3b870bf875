// GrpcTls: TLS for gRPC as we speak it: version 1.3 and nothing older.
//
// gRPC 1.51 has no setting for the least version. Whatever links this file offers no cipher suite
// of TLS 1.2 that anybody could use, on either side, in all of gRPC: only 1.3 can be agreed on.
// What the environment says about it (GRPC_SSL_CIPHER_SUITES) is overridden.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace grpc {
class ChannelCredentials;
class ServerCredentials;
}  // namespace grpc

namespace postwatch {

// PEM texts.
struct TlsTexts {
  std::string ca;  // all certificates in it are trusted
  std::string certificate;
  std::string key;
};

// Whether peers without a certificate get in at all. One that is given must be good either way.
enum class ClientCertificate { kRequired, kIfGiven };

// A server's TLS that may be given other texts: connections that come a second later use them,
// those that are open stay. Whoever gives texts has looked at them (LoadPemBundle): gRPC ends the
// process over some that are no good.
//
// gRPC takes changes from files alone, so these are three in memory. They stay for the life of the
// process: gRPC looks at them for as long as it likes.
class ChangingServerTls {
 public:
  // ResourceExhausted when there is no descriptor left, FailedPrecondition without /proc.
  static absl::StatusOr<ChangingServerTls> Make(const TlsTexts& texts);

  // After an error the texts are the old ones.
  absl::Status Change(const TlsTexts& texts);
  std::shared_ptr<grpc::ServerCredentials> Credentials(ClientCertificate client) const;

 private:
  ChangingServerTls() = default;

  int ca_ = -1, certificate_ = -1, key_ = -1;
};

// The same of texts that stay as they are.
std::shared_ptr<grpc::ServerCredentials> FixedServerTls(const TlsTexts& texts,
                                                        ClientCertificate client);

// Verifies the server's chain and name; shows `texts.certificate` unless it is empty.
std::shared_ptr<grpc::ChannelCredentials> ClientTls(const TlsTexts& texts);

// Believes any server, and shows nothing: for asking who it says it is, and for nothing else.
std::shared_ptr<grpc::ChannelCredentials> UnverifiedTls();

}  // namespace postwatch

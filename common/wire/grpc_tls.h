// GrpcTls: TLS for gRPC as we speak it: version 1.3 and nothing older.
//
// gRPC 1.51 has no setting for the least version. Whatever links this file offers no cipher suite
// of TLS 1.2 that anybody could use, on either side, in all of gRPC: only 1.3 can be agreed on.
// What the environment says about it (GRPC_SSL_CIPHER_SUITES) is overridden.
#pragma once

#include <memory>
#include <string>

namespace grpc {
class ChannelCredentials;
class ServerCredentials;
}  // namespace grpc

namespace postwatch {

// PEM files.
struct TlsFiles {
  std::string ca;  // all certificates in it are trusted
  std::string certificate;
  std::string key;
};

// PEM texts.
struct TlsTexts {
  std::string ca;
  std::string certificate;
  std::string key;
};

// Whether peers without a certificate get in at all. One that is given must be good either way.
enum class ClientCertificate { kRequired, kIfGiven };

// Looks at the files every second and uses what is in them for new connections; those that are open
// stay. While key and certificate do not fit, no new connection succeeds.
std::shared_ptr<grpc::ServerCredentials> WatchingServerTls(const TlsFiles& files,
                                                           ClientCertificate client);
// The same of texts that stay as they are.
std::shared_ptr<grpc::ServerCredentials> FixedServerTls(const TlsTexts& texts,
                                                        ClientCertificate client);

// Verifies the server's chain and name; shows `texts.certificate` unless it is empty.
std::shared_ptr<grpc::ChannelCredentials> ClientTls(const TlsTexts& texts);

// Believes any server, and shows nothing: for asking who it says it is, and for nothing else.
std::shared_ptr<grpc::ChannelCredentials> UnverifiedTls();

}  // namespace postwatch

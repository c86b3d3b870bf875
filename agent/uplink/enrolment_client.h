// EnrolmentClient: asks a collector for certificates (enrollment.proto).
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "agent/uplink/grpc_stream.h"

namespace postwatch::agent {

struct EnrolmentAnswer {
  std::string authorities;  // PEM
  std::string certificate;  // PEM
};

// The authorities that whoever answers at `address` claims to be under: nobody has verified them.
// Blocks, at most `timeout`. Errors are those of the proto; Unavailable says what may be wrong.
absl::StatusOr<std::string> AskForAuthorities(const std::string& address, absl::Duration timeout);

struct JoinCall {
  std::string address;
  std::string server_name;  // that its certificate must cover; "": the host of `address`
  std::string authorities;  // PEM: only a collector under one of these is shown the token
  std::string token;
  std::string certificate_request;  // DER
};

// Blocks, at most `timeout`.
absl::StatusOr<EnrolmentAnswer> JoinByToken(const JoinCall& call, absl::Duration timeout);

// Asks for another certificate with the one that is in the target's files now. `done` comes once,
// on `executor`, within half a minute; FailedPrecondition when the files cannot be read.
void RenewByCertificate(const GrpcTarget& target, const std::string& certificate_request,
                        boost::asio::any_io_executor executor,
                        std::function<void(absl::StatusOr<EnrolmentAnswer>)> done);

}  // namespace postwatch::agent

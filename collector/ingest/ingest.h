// Ingest: the collector's side of the uplink: agents connect, say who they are, and report.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "collector/model/fleet.h"
#include "collector/model/sighting.h"
#include "common/base/clock.h"
#include "common/base/secret.h"
#include "common/model/check_spec.h"
#include "common/pki/pem_files.h"

namespace grpc {
class Server;
class ServerCredentials;
class Service;
}  // namespace grpc

namespace postwatch {
class ChangingServerTls;
}  // namespace postwatch

namespace postwatch::collector {

// What a heartbeat says.
struct HeartbeatFacts {
  absl::Time received;          // our clock
  absl::Duration clock_offset;  // the agent's wall clock minus ours
  uint64_t spooled = 0;         // waiting on its disk
  uint64_t dropped = 0;         // lost by its bounded spool
  absl::Duration loop_lag;      // worst since the last heartbeat
  uint64_t assignment_version = 0;
  std::vector<std::string> problems;
};

// What agents do. Called on gRPC's threads, several at once; must neither block nor call Ingest.
class IngestEvents {
 public:
  virtual ~IngestEvents() = default;

  // Said who it is, and its certificate agrees. Again without AgentGone in between when it came
  // back before its old stream was seen to break.
  virtual void AgentConnected(const AgentRecord& agent) = 0;
  virtual void AgentHeard(const std::string& agent, const HeartbeatFacts& facts) = 0;
  virtual void AgentGone(const std::string& agent) = 0;

  // Asks for Store::Watermark, behind all batches received so far. `done` may be called on any
  // thread, also at once.
  virtual void FindWatermark(const std::string& agent, const std::string& spool_id,
                             std::function<void(absl::StatusOr<uint64_t>)> done) = 0;

  // In order of their sequence numbers; possibly some that are stored already. `done` may be called
  // on any thread, also at once; OK means committed: the agent will forget them; ResourceExhausted
  // that they were taken note of and are not stored for want of room: the agent keeps them and goes
  // on; anything else ends the stream. There is at most one batch of a stream between this call and
  // its `done`.
  virtual void BatchReceived(std::vector<Sighting> sightings,
                             std::function<void(absl::Status)> done) = 0;
  // As BatchReceived, behind a batch of the same stream that was not stored: these must not be
  // stored either, since an acknowledgement would cover both.
  virtual void BatchBehind(std::vector<Sighting> sightings,
                           std::function<void(absl::Status)> done) = 0;
};

struct IngestOptions {
  std::string version;             // of the program, for the Welcome
  size_t max_streams = 1000;       // also those that have not said Hello yet
  double rate_per_stream = 20000;  // observations a second; a faster agent is read slower
  absl::Duration hello_timeout = absl::Seconds(10);
  // What grpc.health.v1 says; called on any thread, until Drain.
  std::function<bool()> ready = [] { return true; };
};

// Lets agents join by tokens, and renew their certificates.
struct EnrolmentOptions {
  // PEM files of the authority that signs: its certificate first in `ca_cert`, behind it those
  // whose tokens are still taken; read for each certificate.
  std::string ca_cert, ca_key;
  absl::Duration lifetime = absl::Hours(720);  // of what is issued
  // Store::SpendToken; `done` comes once, on any thread, possibly at once.
  std::function<void(const std::string& id, absl::Time expires,
                     std::function<void(absl::StatusOr<bool>)> done)>
      spend_token;
};

// Everything in files, which are looked at again and again: what is new in them is taken up without
// a stream being dropped.
struct IngestTls {
  PemPaths own;
  std::string crl;                            // revocations; "" for none
  std::optional<EnrolmentOptions> enrolment;  // without: every connection needs a certificate
  SecretReference fleet_key;  // given to agents that have none; neither file nor variable: none
};

// Since the start, except `streams`.
struct IngestCounters {
  uint64_t streams = 0;   // open now
  uint64_t connects = 0;  // Hellos accepted
  uint64_t batches = 0;
  uint64_t observations = 0;                      // received, with duplicates and refused ones
  uint64_t committed = 0;                         // handed on and acknowledged as stored
  uint64_t throttled = 0;                         // times a stream was made to wait for its rate
  std::map<std::string, uint64_t> rejected;       // observations refused, by reason (intake.h)
  std::map<std::string, uint64_t> streams_ended;  // streams ended by us, by gRPC status code name
};

struct RunRequest {
  std::string id;
  std::vector<std::string> check_ids;  // at most 64
};

class HealthService;
class RevocationFile;
class UplinkHub;

// All methods may be called from any thread.
class Ingest {
 public:
  // `events` and `clock` must outlive Stop.
  Ingest(IngestEvents& events, const Clock& clock, IngestOptions options);
  ~Ingest();  // Stop without grace

  // Listens on `address` ("host:port", port 0 for any) for mutual TLS: only peers with a
  // certificate of an authority in `own.ca` get as far as a Hello. Once. Unavailable when the port
  // cannot be taken; the errors of LoadPemBundle and RevocationFile for files that are no good now.
  absl::Status Start(const std::string& address, const IngestTls& tls);
  // The same with certificates that stay as they are.
  absl::Status Start(const std::string& address, const PemBundle& pem);

  // Takes up certificates that are new and good; looks at the revocations again, if the last look
  // was five seconds ago, and ends the streams whose certificates were revoked or have ended. A
  // list that is no good is logged and changes nothing. Reads files; from one thread, often.
  void Refresh();
  // 0 before Start.
  int port() const { return port_; }

  // What every agent is to run, from now on; sent to all who are connected if it differs from what
  // they were sent. Answers its version. `revision` is that of the configuration; sightings have
  // it. InvalidArgument as MakeAssignment (assignment.h).
  absl::StatusOr<uint64_t> SetAssignment(std::vector<CheckSpec> checks, std::string revision = "");

  // False when the agent is not connected, or has too many requests waiting to be sent.
  bool RequestRun(const std::string& agent, const RunRequest& request);

  // Tells all agents to leave and come back after `reconnect_after`, and lets nobody in any more;
  // whoever asks for our health hears that we do not serve.
  void Drain(absl::Duration reconnect_after);

  // Ends all streams, those that are still there after `grace` without goodbye. No event comes
  // afterwards; a `done` may still be called. Blocks.
  void Stop(absl::Duration grace);

  IngestCounters counters() const;

 private:
  std::shared_ptr<UplinkHub> hub_;
  absl::Status Listen(const std::string& address,
                      std::shared_ptr<grpc::ServerCredentials> credentials);
  absl::Status ReadRevocations();
  void TakeUpCertificates();

  const Clock& clock_;
  PemPaths own_;
  PemBundle shown_;                              // to new connections
  std::unique_ptr<ChangingServerTls> tls_;       // null when they stay as they are
  std::unique_ptr<RevocationFile> revocations_;  // null without a list
  absl::Duration looked_;
  std::unique_ptr<grpc::Service> service_;
  std::unique_ptr<HealthService> health_;
  std::unique_ptr<grpc::Service> enrolment_;  // null without enrolment
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
};

}  // namespace postwatch::collector

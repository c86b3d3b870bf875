// CertificateRenewal: keeps the agent's certificate from ending.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "agent/uplink/enrolment_client.h"
#include "common/net/event_clock.h"
#include "common/pki/identity.h"
#include "common/pki/pem_files.h"

namespace postwatch::agent {

struct RenewalActions {
  // RenewByCertificate, answering on the event loop.
  std::function<void(const std::string& certificate_request,
                     std::function<void(absl::StatusOr<EnrolmentAnswer>)> done)>
      ask;
  // Connects anew: the certificate that the connection was made with is about to end, and there is
  // a newer one.
  std::function<void()> reconnect;
};

// Looks at the files every minute (more often if the certificate lives for less than an hour).
// After two thirds of the certificate's life it asks for another one for the same key, and replaces
// certificate and authorities, each file at once: whatever happens in between, key and certificate
// fit. It does not where the folder cannot be written: somebody else cares for the files then.
// Whoever changed them, the connection takes them up when it is made anew, at the latest shortly
// before its own certificate ends.
//
// Everything happens on the event loop of `executor`.
class CertificateRenewal {
 public:
  // `clock` outlives the event loop's last run.
  CertificateRenewal(boost::asio::any_io_executor executor, EventClock& clock, PemPaths files,
                     PeerIdentity own, RenewalActions actions);
  // No action is called afterwards.
  ~CertificateRenewal();

  void Start();

  // When the certificate in the file ends, as of the last look.
  std::optional<absl::Time> ends() const;

  // What people must know: the certificate is about to end and cannot be renewed. "" else.
  std::string problem() const;

 private:
  class Core;
  boost::asio::any_io_executor executor_;
  std::shared_ptr<Core> core_;
};

}  // namespace postwatch::agent

// CertificateAnswer: whether what a collector issued is what the agent asked for, and when to ask
// for the next.
#pragma once

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "agent/uplink/enrolment_client.h"
#include "common/base/secret.h"
#include "common/pki/identity.h"

namespace postwatch::agent {

// FailedPrecondition, and what is wrong, unless the certificate is for this key and this agent, was
// issued by one of the authorities that came with it, and is valid at `now`.
absl::Status CheckAnswer(const EnrolmentAnswer& answer, const Secret& key, const PeerIdentity& own,
                         absl::Time now);

// When to renew: after two thirds of its life.
absl::Time RenewAt(const IdentityCertificate& certificate);

// When a connection that was made with it should be replaced by one with its successor: after
// eleven twelfths of its life. The collector ends the stream at the end.
absl::Time ReconnectAt(const IdentityCertificate& certificate);

// When people must be told that it is not renewed: after five sixths of its life.
absl::Time WorryAt(const IdentityCertificate& certificate);

}  // namespace postwatch::agent

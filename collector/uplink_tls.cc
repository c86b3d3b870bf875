#include "collector/uplink_tls.h"

#include <utility>

namespace postwatch::collector {

IngestTls UplinkTls(const CollectorConfig& config,
                    std::function<absl::Status(std::function<void(Store&)>)> on_store) {
  IngestTls tls{.own = {config.tls_ca, config.tls_cert, config.tls_key},
                .crl = config.tls_crl,
                .enrolment = {},
                .fleet_key = config.fleet_key};
  if (!config.enrolment) return tls;
  const auto spend = [on_store = std::move(on_store)](
                         const std::string& id, absl::Time expires,
                         const std::function<void(absl::StatusOr<bool>)>& done) {
    const absl::Status accepted =
        on_store([=](Store& store) { done(store.SpendToken(id, expires)); });
    if (!accepted.ok()) done(accepted);
  };
  tls.enrolment = EnrolmentOptions{config.enrolment->ca_cert, config.enrolment->ca_key,
                                   config.enrolment->lifetime, spend};
  return tls;
}

}  // namespace postwatch::collector

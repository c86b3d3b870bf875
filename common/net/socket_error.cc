#include "common/net/socket_error.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <string>

#include "common/base/text.h"
#include "common/net/net_error.h"

namespace postwatch {
namespace {

namespace asio = boost::asio;

bool IsVersionMismatch(unsigned long code) {
  if (ERR_GET_LIB(code) != ERR_LIB_SSL) return false;
  const int reason = ERR_GET_REASON(code);
  return reason == SSL_R_UNSUPPORTED_PROTOCOL || reason == SSL_R_TLSV1_ALERT_PROTOCOL_VERSION ||
         reason == SSL_R_VERSION_TOO_LOW || reason == SSL_R_NO_PROTOCOLS_AVAILABLE;
}

NetError SystemError(const boost::system::error_code& error) {
  switch (error.value()) {
    case ECONNREFUSED:
      return NetError::kRefused;
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
    case EHOSTDOWN:
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
    case EACCES:
    case EPERM:  // a firewall on this machine
      return NetError::kUnreachable;
    case ETIMEDOUT:
      return NetError::kTimeout;
    case ECONNRESET:
    case ECONNABORTED:
    case EPIPE:
      return NetError::kReset;
    case ECANCELED:
      return NetError::kCancelled;
    default:
      return NetError::kOther;
  }
}

absl::Status TlsStatus(const boost::system::error_code& error, std::string_view doing) {
  const auto code = static_cast<unsigned long>(static_cast<unsigned int>(error.value()));
  const char* reason = ERR_reason_error_string(code);
  const NetError kind = IsVersionMismatch(code) ? NetError::kTlsVersion : NetError::kTlsHandshake;
  return NetStatus(kind,
                   Concat(doing, ": ", reason != nullptr ? std::string(reason) : error.message()));
}

}  // namespace

absl::Status SocketStatus(const boost::system::error_code& error, std::string_view doing) {
  if (error == asio::error::eof || error == asio::ssl::error::stream_truncated) {
    return NetStatus(NetError::kClosed, Concat(doing, ": the peer closed the connection"));
  }
  if (error.category() == asio::error::get_ssl_category()) return TlsStatus(error, doing);
  if (error.category() != boost::system::system_category()) {
    return NetStatus(NetError::kOther, Concat(doing, ": ", error.message()));
  }
  return NetStatus(SystemError(error), Concat(doing, ": ", error.message()));
}

}  // namespace postwatch

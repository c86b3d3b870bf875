// HttpAnswer: reads the answer to one HTTP/1.1 request (RFC 9112), strictly and within bounds.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace postwatch {

struct HttpAnswer {
  int status = 0;  // 200 to 599; interim answers (1xx) are passed over
  // Names in lower case; the values of a repeated one are joined with ", " (RFC 9110 section 5.3).
  std::map<std::string, std::string> headers;
  std::string body;  // as sent, decoded from chunks, nothing else undone

  // "" when there is no such header. `name` in lower case.
  std::string_view Header(std::string_view name) const;
};

struct HttpLimits {
  size_t header_bytes = 16 * 1024;  // status line, headers and trailers together
  size_t body_bytes = 64 * 1024;
};

// Told line by line, or by count, what the peer sent; does no reading of its own. After an error,
// or once it wants nothing, only Take may be called. Errors are kTooLong (net_error.h) for an
// answer over its limits and InvalidArgument ("http protocol: ...") for one that is none.
class HttpAnswerParser {
 public:
  enum class Wants {
    kLine,   // a line of at most count() bytes
    kBytes,  // exactly count() bytes
    kRest,   // what comes until the peer closes, at most count() bytes at a time
    kNothing,
  };

  // `head`: the answer to a HEAD, which has no body whatever its headers say.
  explicit HttpAnswerParser(HttpLimits limits, bool head = false) : limits_(limits), head_(head) {}

  Wants wants() const;
  size_t count() const;

  absl::Status TakeLine(std::string_view line);
  absl::Status TakeBytes(std::string_view bytes);
  // The peer closed; only while kRest is wanted.
  void TakeEnd() { state_ = State::kDone; }

  HttpAnswer Take();

 private:
  enum class State {
    kStatus,
    kHeaders,
    kBody,
    kRest,
    kChunkSize,
    kChunk,
    kChunkEnd,
    kTrailers,
    kDone
  };

  absl::Status TakeStatusLine(std::string_view line);
  absl::Status TakeHeaderLine(std::string_view line);
  absl::Status TakeChunkSize(std::string_view line);
  absl::Status BeginBody();
  absl::Status BeginCounted(std::string_view length);
  absl::Status TooLongBody() const;

  HttpLimits limits_;
  bool head_;
  State state_ = State::kStatus;
  size_t header_bytes_ = 0;
  size_t due_ = 0;  // bytes of the body or of the chunk still to come
  int interim_ = 0;
  HttpAnswer answer_;
};

}  // namespace postwatch

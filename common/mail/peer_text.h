// Peer text: what a server said, made safe to keep and show, and free of our credentials.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace postwatch {

// What is kept of one reply.
inline constexpr size_t kMaxPeerText = 2048;

// Printable UTF-8 of at most `max_bytes`: line feeds are kept, tabs become spaces, other control
// characters and bytes that are no UTF-8 become '?'.
std::string PeerText(std::string_view bytes, size_t max_bytes = kMaxPeerText);

// Takes a credential, in every form in which we send it, out of texts a server may have echoed it
// in: the password itself, quoted, its base64, and base64 of the SASL PLAIN message. Wiped when it
// goes.
class CredentialScrubber {
 public:
  CredentialScrubber(std::string_view username, std::string_view password);
  ~CredentialScrubber();
  CredentialScrubber(const CredentialScrubber&) = delete;
  CredentialScrubber& operator=(const CredentialScrubber&) = delete;

  // `text` with "***" in place of each occurrence, also of one cut off by the end of a text that
  // was cut to kMaxPeerText.
  std::string Scrub(std::string text) const;

  // The same of a server's answer (its text, and its response code where the protocol has words for
  // one) and of what is wrong with it.
  template <class Answer>
  absl::StatusOr<Answer> ScrubAnswer(absl::StatusOr<Answer> answer) const {
    if (!answer.ok()) return ScrubStatus(answer.status());
    if constexpr (std::is_same_v<decltype(Answer::code), std::string>) {
      answer->code = Scrub(std::move(answer->code));
    }
    answer->text = Scrub(std::move(answer->text));
    return answer;
  }

  // One more form in which a credential went to the server.
  void AddForm(std::string form);

 private:
  // An error of the connection says nothing that a server wrote, and stays one.
  absl::Status ScrubStatus(const absl::Status& status) const;
  void Add(std::string form);
  void SortForms();

  std::vector<std::string> forms_;  // longest first, none empty
};

// Base64 of "\0username\0password" (RFC 4616).
std::string SaslPlain(std::string_view username, std::string_view password);

// Base64 with padding, for bytes of any kind.
std::string Base64(std::string_view bytes);

}  // namespace postwatch

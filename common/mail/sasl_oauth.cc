#include "common/mail/sasl_oauth.h"

#include <optional>
#include <utility>

#include "common/base/text.h"

namespace postwatch {
namespace {

constexpr std::string_view kSeparator = "\x01";

class BearerExchange : public SaslExchange {
 public:
  // `head` comes before "auth=Bearer ..."; `after_error` answers an error message.
  BearerExchange(std::string_view mechanism, const std::string& username, Secret token,
                 std::string head, std::string_view after_error)
      : SaslExchange(mechanism, username, token.Reveal()),
        token_(std::move(token)),
        head_(std::move(head)),
        after_error_(after_error) {}

 private:
  std::optional<std::string> First() override {
    return Concat(head_, "auth=Bearer ", token_.Reveal(), kSeparator, kSeparator);
  }

  std::optional<std::string> Next(std::string_view) override {
    if (std::exchange(answered_, true)) return std::nullopt;
    return std::string(after_error_);
  }

  const Secret token_;
  const std::string head_;
  const std::string_view after_error_;
  bool answered_ = false;
};

}  // namespace

std::unique_ptr<SaslExchange> MakeOauthBearerExchange(std::string username, Secret token,
                                                      std::string host, uint16_t port) {
  std::string head = Concat("n,a=", EscapedSaslName(username), ",", kSeparator, "host=", host,
                            kSeparator, "port=", port, kSeparator);
  return std::make_unique<BearerExchange>("OAUTHBEARER", username, std::move(token),
                                          std::move(head), kSeparator);
}

std::unique_ptr<SaslExchange> MakeXoauth2Exchange(std::string username, Secret token) {
  std::string head = Concat("user=", username, kSeparator);
  return std::make_unique<BearerExchange>("XOAUTH2", username, std::move(token), std::move(head),
                                          "");
}

}  // namespace postwatch

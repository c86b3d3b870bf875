#include "cli/explain/reply_codes.h"

#include <array>
#include <utility>

namespace postwatch::cli {
namespace {

constexpr auto kBasic = std::to_array<std::pair<int, std::string_view>>({
    {211, "help or system status"},
    {214, "help"},
    {220, "ready: the greeting, or go ahead with TLS"},
    {221, "goodbye"},
    {235, "logged in"},
    {250, "done"},
    {251, "accepted, and will be forwarded to another address"},
    {252, "accepted without saying whether the address exists"},
    {334, "go on with the login"},
    {354, "go on with the message"},
    {421, "the service closes this connection: shutdown, overload or policy; try again later"},
    {422, "the mailbox is full for now"},
    {431, "out of disk space or memory"},
    {432, "a new password is needed before this login works"},
    {450, "the mailbox cannot be used now: busy, greylisted or blocked for a time"},
    {451, "an error of the server's own; the command was not carried out"},
    {452, "too little storage, or too many recipients at once"},
    {454, "a temporary failure of TLS or of the login"},
    {455, "the server cannot deal with the parameters now"},
    {500, "the server does not know this command, or the line is too long"},
    {501, "something in the parameters is not as it must be"},
    {502, "the command exists, this server does not have it"},
    {503, "the command comes at the wrong moment"},
    {504, "the server does not have this parameter"},
    {521, "this host takes no mail at all"},
    {523, "the mailbox or the message is over its limit"},
    {530, "a login, or TLS before it, is demanded first"},
    {534, "this way to log in is too weak for the account"},
    {535, "user name or password are refused"},
    {538, "this way to log in needs TLS first"},
    {541, "refused for its content or its sender"},
    {550, "the mailbox cannot be used: it does not exist, or policy forbids it"},
    {551, "the user is not here"},
    {552, "more storage than allowed: message too large, or mailbox full"},
    {553, "the address is not allowed or not written as it must be"},
    {554, "the transaction failed, or no service for this client"},
    {555, "the server does not know these parameters of MAIL or RCPT"},
    {556, "the recipient's domain takes no mail"},
});

constexpr auto kEnhanced = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"1.0", "something about an address"},
    {"1.1", "the recipient's mailbox does not exist"},
    {"1.2", "the recipient's domain does not exist or takes no mail"},
    {"1.3", "the recipient's address is not written as it must be"},
    {"1.4", "the recipient's address fits more than one mailbox"},
    {"1.5", "the recipient's address is fine"},
    {"1.6", "the mailbox has moved and left no address"},
    {"1.7", "the sender's address is not written as it must be"},
    {"1.8", "the sender's domain does not exist"},
    {"1.9", "handed over to a server that cannot report delivery"},
    {"1.10", "the recipient's domain takes no mail (null MX)"},
    {"2.0", "something about the mailbox"},
    {"2.1", "the mailbox is switched off"},
    {"2.2", "the mailbox is full"},
    {"2.3", "the message is larger than the mailbox may take"},
    {"2.4", "a mailing list could not be expanded"},
    {"3.0", "something about the receiving system"},
    {"3.1", "the system's disk is full"},
    {"3.2", "the system takes no mail now"},
    {"3.3", "the system lacks a feature that the message needs"},
    {"3.4", "the message is larger than the system takes"},
    {"3.5", "the system is not set up as it must be"},
    {"4.0", "something about the network or routing"},
    {"4.1", "the next host does not answer"},
    {"4.2", "a bad or broken connection"},
    {"4.3", "a directory or DNS server failed"},
    {"4.4", "no route to the next host could be found"},
    {"4.5", "too much mail at once"},
    {"4.6", "a mail loop"},
    {"4.7", "tried for too long and given up"},
    {"5.0", "something about the protocol"},
    {"5.1", "a command that is not allowed"},
    {"5.2", "a command that is not written as it must be"},
    {"5.3", "too many recipients"},
    {"5.4", "parameters that the server does not take"},
    {"5.5", "the wrong version of the protocol"},
    {"6.0", "something about the content"},
    {"6.1", "content of a kind that is not supported"},
    {"6.6", "the body could not be fetched"},
    {"6.7", "internationalised addresses are needed and not supported"},
    {"7.0", "a matter of security or policy"},
    {"7.1", "not allowed: policy refuses this sender, client or message"},
    {"7.2", "this mailing list may not be written to"},
    {"7.3", "conversion is needed and not possible safely"},
    {"7.4", "a security feature that the server lacks"},
    {"7.5", "a cryptographic failure"},
    {"7.7", "the message was damaged on its way"},
    {"7.8", "the login was refused: user name or password"},
    {"7.9", "this way to log in is too weak"},
    {"7.10", "encryption is needed"},
    {"7.11", "encryption is needed for this way to log in"},
    {"7.12", "a password change is needed"},
    {"7.13", "the account is switched off"},
    {"7.14", "the two sides do not trust each other"},
    {"7.17", "the mailbox has changed its owner"},
    {"7.20", "no valid DKIM signature"},
    {"7.21", "no DKIM signature that this server accepts"},
    {"7.22", "no valid DKIM signature of the author's domain"},
    {"7.23", "SPF says that this client may not send for the domain"},
    {"7.24", "SPF could not be evaluated"},
    {"7.25", "the client's address has no matching PTR record"},
    {"7.26", "more than one check of authentication failed (such as DMARC)"},
    {"7.27", "the sender's domain takes no mail (null MX)"},
    {"7.28", "too much mail of this kind (a flood)"},
    {"7.30", "the sender demands TLS to the end, and it is not possible (REQUIRETLS)"},
});

constexpr auto kSubjects = std::to_array<std::string_view>(
    {"", "something about an address", "something about the mailbox",
     "something about the receiving system", "something about the network or routing",
     "something about the protocol", "something about the content",
     "a matter of security or policy"});

}  // namespace

std::string_view BasicCodeMeaning(int code) {
  for (const auto& [known, meaning] : kBasic) {
    if (known == code) return meaning;
  }
  if (code >= 500) return "refused for good";
  if (code >= 400) return "refused for now";
  return code >= 300 ? "go on" : "accepted";
}

std::string_view EnhancedCodeMeaning(std::string_view enhanced) {
  const size_t dot = enhanced.find('.');
  if (dot == enhanced.npos) return "";
  const std::string_view rest = enhanced.substr(dot + 1);
  for (const auto& [known, meaning] : kEnhanced) {
    if (known == rest) return meaning;
  }
  const size_t subject = rest.empty() ? 0 : static_cast<size_t>(rest[0] - '0');
  const bool one_digit = rest.size() > 1 && rest[1] == '.';
  return one_digit && subject < kSubjects.size() ? kSubjects[subject] : "";
}

}  // namespace postwatch::cli

// ExplainRecord: what a DNS record about mail says, term by term, without asking the DNS.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace postwatch::cli {

// `text` is the data of a record as one writes it, with or without the quotes of TXT: SPF, DKIM,
// DMARC, MTA-STS, TLS-RPT, MX ("10 mx.example.com"), TLSA ("3 1 1 0123..."), CAA ("0 issue
// \"example.net\""), or an MTA-STS policy file. Says what is wrong with it too. Nothing when it is
// none of these.
std::optional<std::string> ExplainRecord(std::string_view text);

// "v=spf1 ..., v=DMARC1; ..., 10 mx.example.com", for --help.
std::string RecordExamples();

}  // namespace postwatch::cli

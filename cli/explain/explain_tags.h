// ExplainTags: records of the form "name=value; name=value" in words: DKIM, DMARC, MTA-STS,
// TLS-RPT.
#pragma once

#include <string>
#include <string_view>

namespace postwatch::cli {

std::string ExplainDmarc(std::string_view text);
std::string ExplainDkim(std::string_view text);
std::string ExplainMtaSts(std::string_view text);
std::string ExplainTlsRpt(std::string_view text);

// A policy file, "version: STSv1" and so on.
std::string ExplainMtaStsPolicy(std::string_view text);

}  // namespace postwatch::cli

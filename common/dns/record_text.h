// Record text: RDATA as zone files have it, in one form, so that texts can be compared.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/dns/message.h"

namespace postwatch {

// "10 mx1.alpha.test", "192.0.2.1", "0 issue \"ca.test\"", "3 1 1 ab12"; TXT strings are joined and
// quoted, with '"', '\' and what does not print escaped. Names are canonical, without the final
// dot. Types that are not read come as "\# 2 abcd" (RFC 3597).
std::string RecordText(const ResourceRecord& record);

// The same form of RDATA as a person wrote it: names with or without the final dot and in any case,
// TXT with or without quotes and in several strings, white space anywhere, IPv6 in any spelling.
// Of A, AAAA, MX, NS, TXT, CNAME, CAA, TLSA, SRV and PTR; nothing when it is no RDATA of the type.
std::optional<std::string> NormalRecordText(RrType type, std::string_view text);

// "MX" or "mx" of the types NormalRecordText knows.
std::optional<RrType> ParseRrType(std::string_view name);

}  // namespace postwatch

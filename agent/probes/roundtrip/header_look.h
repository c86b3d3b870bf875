// HeaderLook: what a few header fields tell about whose a message is.
#pragma once

#include <optional>
#include <string_view>

#include "agent/probes/roundtrip/probe_inbox.h"

namespace postwatch::agent {

// The fields that LookAtHeader wants.
inline constexpr std::string_view kLookedAtFields =
    "MESSAGE-ID X-PROBE-TOKEN SUBJECT FROM RETURN-PATH CONTENT-TYPE AUTO-SUBMITTED PRECEDENCE "
    "LIST-ID X-FAILED-RECIPIENTS IN-REPLY-TO REFERENCES";

struct HeaderLook {
  std::optional<ProbeToken> letter;  // it is our letter with this token
  bool read_whole = false;           // only its body can tell
  bool unverified = false;           // bears a token that is not ours
  bool automatic = false;            // written by a machine, or for a list, and not ours
};

HeaderLook LookAtHeader(std::string_view headers, const Secret& fleet_key);

}  // namespace postwatch::agent

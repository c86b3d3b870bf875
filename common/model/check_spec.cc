#include "common/model/check_spec.h"

#include <array>
#include <utility>

namespace postwatch {
namespace {

constexpr std::array<std::pair<Leg, std::string_view>, 7> kLegs = {{
    {Leg::kControl, "control"},
    {Leg::kDns, "dns"},
    {Leg::kInbound, "inbound"},
    {Leg::kSubmission, "submission"},
    {Leg::kAccess, "access"},
    {Leg::kDelivery, "delivery"},
    {Leg::kRegistration, "registration"},
}};

}  // namespace

std::string_view LegName(Leg leg) {
  for (const auto& [value, name] : kLegs) {
    if (value == leg) return name;
  }
  return "control";
}

std::optional<Leg> ParseLeg(std::string_view name) {
  for (const auto& [value, text] : kLegs) {
    if (text == name) return value;
  }
  return std::nullopt;
}

}  // namespace postwatch

#include "collector/model/alert.h"

namespace postwatch::collector {

std::string_view AlertEventName(AlertEvent event) {
  switch (event) {
    case AlertEvent::kOpened:
      return "opened";
    case AlertEvent::kChanged:
      return "changed";
    case AlertEvent::kReminder:
      return "reminder";
    case AlertEvent::kResolved:
      return "resolved";
  }
  return "changed";
}

}  // namespace postwatch::collector

#include "collector/model/board.h"

namespace postwatch::collector {

std::string_view CellStateName(CellState state) {
  switch (state) {
    case CellState::kUnknown:
      return "unknown";
    case CellState::kHealthy:
      return "healthy";
    case CellState::kFailing:
      return "failing";
    case CellState::kMasked:
      return "masked";
  }
  return "unknown";
}

}  // namespace postwatch::collector

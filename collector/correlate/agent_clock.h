// Agent clock: how far an agent's clock is from the collector's, told by the least delay of its
// reports.
#pragma once

namespace postwatch::collector {

// All times are seconds.
class AgentClock {
 public:
  // A run ended at `ended` by the agent's clock and was heard of at `received`. Returns what to add
  // to the agent's times. Follows a drifting clock and one that was set; a backlog that comes in
  // after the agent was cut off does not count as the clock being set.
  double Correct(double ended, double received);

 private:
  double period_start_ = 0, least_ = 0, previous_ = 0;  // of this period and the one before
  bool started_ = false;
  // Runs that all came much later than the clock so far would have it.
  double odd_since_ = 0, odd_least_ = 0;
  int odd_runs_ = 0;
};

}  // namespace postwatch::collector

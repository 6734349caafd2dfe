#include "gateway/exchange/commit_queue.h"

namespace tallygate {

void CommitQueue::add(CommitTicket& ticket) {
  if (degraded()) {
    ticket.state = CommitTicket::State::released;
    return;
  }
  ticket.state = CommitTicket::State::waiting;
  waiting_.push_back(&ticket);
}

void CommitQueue::settle(std::uint64_t committed, SteadyTime now) {
  if (committed > last_committed_) {
    last_committed_ = committed;
    strikes_ = 0;
  }
  while (!waiting_.empty() && waiting_.front()->number <= committed) {
    pop(CommitTicket::State::committed);
  }
  while (!waiting_.empty() && now - waiting_.front()->since >= kPatience) {
    ++strikes_;
    pop(CommitTicket::State::released);
  }
}

void CommitQueue::pop(CommitTicket::State state) {
  CommitTicket* ticket = waiting_.front();
  waiting_.pop_front();
  ticket->state = state;
  ticket->parking->wake();
}

}  // namespace tallygate

#pragma once
// One answer over time: which bytes come next, how long to wait, how the connection ends. All
// faults are applied here, so that they can be tested without a socket. Pure.

#include <cstdint>
#include <string>
#include <string_view>

#include "bench/model_simulator/ask.h"
#include "bench/model_simulator/events.h"
#include "bench/model_simulator/faults.h"
#include "bench/model_simulator/profile.h"

namespace tallygate::simulator {

enum class After : std::uint8_t {
  go_on,    // call again once what was appended is (mostly) sent
  wait,     // call again after `pause`
  hang,     // never call again, keep the connection
  keep,     // answer complete, next request
  close,    // answer complete, close properly
  cut,      // close at once (FIN), the answer is not complete
  reset,    // close with RST
  discard,  // answer complete, read and drop what the client still sends
};

struct Step {
  After after = After::go_on;
  Duration pause{};
};

/// What the connection knows about the request.
struct Occasion {
  std::uint64_t number = 0;      ///< of the request in this process, from 1
  std::uint64_t connection = 0;  ///< number of the connection, from 1
  bool keep_alive = true;        ///< what the client asked for
  bool http10 = false;           ///< the client cannot take chunks
};

class Reply {
 public:
  /// `profile` must outlive the reply.
  Reply(const Profile& profile, Ask ask, Faults faults, const Occasion& occasion);

  /// Replaces the answer by a JSON body of the simulator's own, e.g. for /simulator/stats.
  void answer_with(unsigned status, std::string json);

  /// Appends the next bytes to `out`. At most one event, or the whole of an answer that is no
  /// stream, per call.
  Step next(std::string& out);

  bool is_stream() const { return stream_; }
  const Faults& faults() const { return faults_; }

 private:
  enum class Phase : std::uint8_t { start, head, body, events };
  enum class Framing : std::uint8_t { length, chunked, until_close };

  Step start();
  Step head(std::string& out);
  Step body(std::string& out);
  Step event(std::string& out);
  Step end(std::string& out) const;
  Step pause_before_next() const;
  bool break_stream(std::string& out, Step& step);
  void append_head(std::string& out, std::string_view content_type, std::size_t bytes) const;
  void append_bad_fields(std::string& out, std::size_t bytes) const;
  void append_framed(std::string& out, std::string_view bytes) const;
  std::string decorate(std::string event, unsigned index) const;
  std::string error_tail() const;

  const Profile& profile_;
  Ask ask_;
  Faults faults_;
  Occasion occasion_;
  std::string id_;
  std::string own_json_;
  Outline shape_;
  unsigned total_ = 0;
  unsigned index_ = 0;
  unsigned status_ = 200;
  Phase phase_ = Phase::start;
  Framing framing_ = Framing::length;
  bool stream_ = false;
  bool keep_ = true;
};

}  // namespace tallygate::simulator

// model_simulator: a stand-in for model servers, for tests, benches and the quickstart.

#include <fmt/format.h>
#include <openssl/ssl.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <memory>
#include <thread>
#include <vector>

#include "bench/model_simulator/board.h"
#include "bench/model_simulator/faults.h"
#include "bench/model_simulator/profile.h"
#include "bench/model_simulator/server.h"

namespace {

using namespace tallygate;
using namespace tallygate::simulator;

struct Flags {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
  unsigned threads = 1;
  std::string tls_certificate, tls_key;
  std::string fault;
  std::uint64_t fail_first = 0;
  std::string first_token_delay = "0ms", pace = "0ms";
  Profile profile;
};

int stop_event = -1;

void on_signal(int) {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(stop_event, &one, sizeof one);
}

void add_flags(CLI::App& app, Flags& flags) {
  Profile& profile = flags.profile;
  app.add_option("--address", flags.address, "IPv4 address to listen on")->capture_default_str();
  app.add_option("--port", flags.port, "0: any free port, told on stdout")->capture_default_str();
  app.add_option("--threads", flags.threads, "event loops")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  app.add_option("--name", profile.name, "sent as x-simulator-name; also part of answer ids")
      ->capture_default_str();
  app.add_option("--seed", profile.seed, "of answer ids")->capture_default_str();
  app.add_option("--tokens", profile.tokens, "output tokens of an answer")
      ->check(CLI::Range(0, 1000000))
      ->capture_default_str();
  app.add_option("--prompt-tokens", profile.prompt_tokens, "input tokens reported as usage")
      ->capture_default_str();
  app.add_option("--token-text", profile.token_text, "text of every token (default: stock words)");
  app.add_option("--first-token-delay", flags.first_token_delay,
                 "wait before the first token (20ms, 1s, 100us)")
      ->capture_default_str();
  app.add_option("--pace", flags.pace, "wait between tokens")->capture_default_str();
  app.add_option("--answer-bytes", profile.answer_bytes, "exact body size of a whole chat answer");
  app.add_option("--events", profile.events,
                 "exact number of chunks of a chat stream, [DONE] apart");
  app.add_option("--event-bytes", profile.event_bytes, "exact size of each chat chunk's event");
  app.add_flag("--write-each", profile.write_each, "one send per event even at full speed");
  app.add_option("--tls-cert", flags.tls_certificate, "PEM file: serve HTTPS")
      ->check(CLI::ExistingFile);
  app.add_option("--tls-key", flags.tls_key, "PEM file")->check(CLI::ExistingFile);
  app.add_option("--fault", flags.fault, "faults of every request, see below");
  app.add_option("--fail-first", flags.fail_first,
                 "only the first N requests fail (with --fault, else status:503)");
}

Result<Faults> process_faults(Flags& flags) {
  for (const auto& [text, into] :
       {std::pair{&flags.first_token_delay, &flags.profile.first_token_delay},
        std::pair{&flags.pace, &flags.profile.pace}}) {
    const Result<Faults> parsed = parse_faults("delay:" + *text);
    if (!parsed) return parsed.error();
    *into = parsed->delay;
  }
  if (flags.fault.empty() && flags.fail_first != 0) flags.fault = "status:503";
  return parse_faults(flags.fault);
}

using TlsContext = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;

Result<TlsContext> make_tls(const Flags& flags) {
  TlsContext context(nullptr, &SSL_CTX_free);
  if (flags.tls_certificate.empty()) return context;
  context.reset(SSL_CTX_new(TLS_server_method()));
  const std::string& key = flags.tls_key.empty() ? flags.tls_certificate : flags.tls_key;
  if (!context ||
      SSL_CTX_use_certificate_chain_file(context.get(), flags.tls_certificate.c_str()) != 1 ||
      SSL_CTX_use_PrivateKey_file(context.get(), key.c_str(), SSL_FILETYPE_PEM) != 1) {
    return make_error(Errc::config_invalid,
                      fmt::format("--tls-cert {} and --tls-key {} are no certificate with its key",
                                  flags.tls_certificate, key));
  }
  return context;
}

void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

Result<void> serve(Flags& flags) {
  Result<Faults> faults = process_faults(flags);
  if (!faults) return faults.error();
  Result<TlsContext> tls = make_tls(flags);
  if (!tls) return tls.error();
  flags.profile.created = std::chrono::duration_cast<std::chrono::seconds>(
                              std::chrono::system_clock::now().time_since_epoch())
                              .count();
  Board board(std::move(*faults), flags.fail_first);
  std::vector<std::unique_ptr<Server>> servers;
  for (unsigned i = 0; i < flags.threads; ++i) {
    const Result<int> listener = open_listener(flags.address, flags.port);
    if (!listener) return listener.error();
    const Result<std::uint16_t> port = port_of(*listener);
    if (!port) return port.error();
    flags.port = *port;
    servers.push_back(
        std::make_unique<Server>(flags.profile, board, *listener, stop_event, tls->get()));
  }
  fmt::print("listening on {}:{}\n", flags.address, flags.port);
  std::fflush(stdout);
  std::vector<std::jthread> threads;
  for (std::size_t i = 1; i < servers.size(); ++i) {
    threads.emplace_back([server = servers[i].get()] { server->run(); });
  }
  servers[0]->run();
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  Flags flags;
  CLI::App app{
      "Answers like OpenAI and Anthropic model servers, streaming and not, and fails on demand.\n"
      "Try: model_simulator --port 9001 &\n"
      "     curl localhost:9001/v1/chat/completions -d "
      "'{\"model\":\"m\",\"stream\":true,\"messages\":[]}'"};
  app.footer(
      "Faults: header `x-sim-fault: KIND[:ARG][,...]`, or model `sim-fault-KIND[-ARG][+...]`,\n"
      "or --fault for all, or POST /simulator/fault with the same text (empty: none).\n" +
      describe_faults() +
      "GET /simulator/last: the last request; GET /simulator/stats: counts; POST "
      "/simulator/reset.");
  add_flags(app, flags);
  CLI11_PARSE(app, argc, argv);
  stop_event = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGTERM, on_signal);
  std::signal(SIGINT, on_signal);
  raise_descriptor_limit();
  const Result<void> done = serve(flags);
  if (done) return 0;
  fmt::print(stderr, "model_simulator: {}\n", done.error().message);
  return 1;
}

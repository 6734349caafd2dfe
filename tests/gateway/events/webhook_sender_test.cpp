#include "gateway/events/webhook_sender.h"

#include <gtest/gtest.h>
#include <openssl/x509v3.h>

#include <boost/asio/executor_work_guard.hpp>
#include <thread>

#include "tests/support/http_text.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/tls_peer.h"

namespace tallygate {
namespace {

using std::chrono::milliseconds;
using testing::Message;
using testing::Peer;

constexpr WallTime kNow{std::chrono::seconds{1'795'248'190}};
constexpr std::string_view kOk = "HTTP/1.1 204 No Content\r\n\r\n";

std::string answer(std::string_view status, std::string_view fields = {}) {
  return "HTTP/1.1 " + std::string(status) + "\r\n" + std::string(fields) +
         "Content-Length: 0\r\n\r\n";
}

class WebhookSenderTest : public ::testing::Test {
 protected:
  ~WebhookSenderTest() override { finish(); }

  void start(WebhookLimits limits = {}, http::TlsContext tls = nullptr) {
    limits.first_wait = limits.longest_wait = milliseconds(1);
    WebhookSurroundings surroundings;
    surroundings.now = [this] { return Moment{SteadyTime{} + age_.load(), kNow}; };
    surroundings.dice = [] { return 0.0; };
    surroundings.secret = [](const Webhook& webhook) -> Result<std::string> {
      if (webhook.secret_ref == "env:HOOK") return std::string("secret");
      return make_error(Errc::config_invalid, "the variable is not set");
    };
    sender_ = std::make_unique<WebhookSender>(io_, surroundings, std::move(tls), limits);
    thread_ = std::thread([this] { io_.run(); });
  }
  /// Returns once everything that was queued has ended.
  void finish() {
    guard_.reset();
    if (thread_.joinable()) thread_.join();
  }
  std::string url(std::string_view path = "/hook") const {
    return "http://127.0.0.1:" + std::to_string(listener_.port()) + std::string(path);
  }
  void send(const std::string& id, const std::string& to, const std::string& secret = "env:HOOK",
            bool allow_private = true) {
    sender_->send({id, "alert.fired", kNow, R"({"value":1})", to, secret, allow_private});
  }
  /// What one try sent.
  Message receive(std::string_view reply) {
    Peer peer = listener_.accept();
    Message message = testing::read_message(peer);
    peer.send(reply);
    return message;
  }
  static std::string id_of(const Message& message) {
    return message.body.substr(7, message.body.find('"', 7) - 7);
  }
  void expect_counts(std::uint64_t delivered, std::uint64_t dropped, std::uint64_t failed_tries) {
    EXPECT_EQ(sender_->delivered(), delivered);
    EXPECT_EQ(sender_->dropped(), dropped);
    EXPECT_EQ(sender_->failed_tries(), failed_tries);
  }

  testing::Listener listener_;
  std::atomic<milliseconds> age_{milliseconds(0)};
  asio::io_context io_{1};
  asio::executor_work_guard<Executor> guard_{io_.get_executor()};
  std::unique_ptr<WebhookSender> sender_;
  std::thread thread_;
};

TEST_F(WebhookSenderTest, PostsASignedMessage) {
  start();
  send("e1", url("/hook?token=1"));
  const Message message = receive(kOk);
  EXPECT_EQ(message.first_line(), "POST /hook?token=1 HTTP/1.1");
  EXPECT_EQ(message.field("content-type"), "application/json");
  EXPECT_EQ(message.field("host"), "127.0.0.1:" + std::to_string(listener_.port()));
  EXPECT_EQ(message.body, R"({"id":"e1","type":"alert.fired",)"
                          R"("created":"2026-11-21T08:03:10.000000Z","data":{"value":1}})");
  EXPECT_EQ(message.field("x-tallygate-signature"), sign_webhook("secret", kNow, message.body));
  finish();
  expect_counts(1, 0, 0);
}

TEST_F(WebhookSenderTest, TriesAgainUntilItIsTaken) {
  start();
  send("e1", url());
  EXPECT_EQ(id_of(receive(answer("500 Internal Server Error"))), "e1");
  listener_.accept().reset();
  EXPECT_EQ(id_of(receive("nonsense\r\n\r\n")), "e1");
  EXPECT_EQ(id_of(receive(kOk)), "e1");
  finish();
  expect_counts(1, 0, 3);
}

TEST_F(WebhookSenderTest, FollowsNoRedirect) {
  WebhookLimits limits;
  limits.tries = 1;
  start(limits);
  send("e1", url());
  receive(answer("302 Found", "Location: " + url("/elsewhere") + "\r\n"));
  finish();
  EXPECT_FALSE(listener_.has_connection());
  expect_counts(0, 1, 1);
}

TEST_F(WebhookSenderTest, GivesUpAfterItsTries) {
  WebhookLimits limits;
  limits.tries = 3;
  start(limits);
  send("e1", url());
  send("e2", url());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(id_of(receive(answer("503 No"))), "e1");
  EXPECT_EQ(id_of(receive(kOk)), "e2");
  finish();
  expect_counts(1, 1, 3);
}

TEST_F(WebhookSenderTest, GivesUpWhenTheMessageIsOld) {
  WebhookLimits limits;
  limits.tries = 1000;
  start(limits);
  send("e1", url());
  receive(answer("500 No"));
  Peer peer = listener_.accept();
  testing::read_message(peer);
  age_ = milliseconds(std::chrono::hours(1));
  peer.send(answer("500 No"));
  finish();
  expect_counts(0, 1, 2);
}

TEST_F(WebhookSenderTest, SendsOneAtATimePerUrl) {
  start();
  testing::Listener other;
  send("e1", url());
  send("e2", url());
  send("x1", "http://127.0.0.1:" + std::to_string(other.port()) + "/");
  Peer first = listener_.accept();
  EXPECT_EQ(id_of(testing::read_message(first)), "e1");
  // Another URL does not wait for this one.
  Peer elsewhere = other.accept();
  EXPECT_EQ(id_of(testing::read_message(elsewhere)), "x1");
  elsewhere.send(kOk);
  EXPECT_FALSE(listener_.has_connection());
  first.send(kOk);
  EXPECT_EQ(id_of(receive(kOk)), "e2");
  finish();
  expect_counts(3, 0, 0);
}

TEST_F(WebhookSenderTest, HoldsABoundedNumber) {
  WebhookLimits limits;
  limits.queue = 2;
  start(limits);
  for (const char* id : {"e1", "e2", "e3"}) send(id, url());
  EXPECT_EQ(id_of(receive(kOk)), "e1");
  EXPECT_EQ(id_of(receive(kOk)), "e2");
  finish();
  expect_counts(2, 1, 0);
}

TEST_F(WebhookSenderTest, DropsWhatItCannotOrMustNotSend) {
  WebhookLimits limits;
  limits.tries = 2;
  start(limits);
  send("unsigned", url(), "env:MISSING");
  send("metadata", "http://169.254.169.254/latest");
  send("mapped", "http://[::ffff:169.254.169.254]/latest");
  send("private", url(), "env:HOOK", false);
  send("loopback by name", "http://localhost:" + std::to_string(listener_.port()) + "/", "env:HOOK",
       false);
  send("untrusted", "https://127.0.0.1:" + std::to_string(listener_.port()) + "/");
  const auto hang_up = [this] { listener_.accept().reset(); };
  hang_up();
  hang_up();
  finish();
  EXPECT_FALSE(listener_.has_connection());
  expect_counts(0, 6, 12);
}

TEST_F(WebhookSenderTest, WaitsNoLongerThanItsTimeout) {
  WebhookLimits limits;
  limits.tries = 1;
  limits.timeout = milliseconds(20);
  start(limits);
  send("e1", url());
  Peer silent = listener_.accept();
  finish();
  expect_counts(0, 1, 1);
}

TEST_F(WebhookSenderTest, DropsWhatWaitsWhenItStops) {
  start();
  send("e1", url());
  send("e2", url());
  Peer peer = listener_.accept();
  testing::read_message(peer);
  asio::post(io_, [this] { sender_->stop(); });
  peer.send(answer("500 No"));
  finish();
  EXPECT_EQ(sender_->delivered() + sender_->dropped(), 2u);
  EXPECT_EQ(sender_->delivered(), 0u);
}

/// A certificate of its own making for 127.0.0.1, in `file` too.
std::shared_ptr<SSL_CTX> make_named_context(const std::string& file) {
  const std::shared_ptr<EVP_PKEY> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const std::shared_ptr<X509> certificate(X509_new(), X509_free);
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_set_pubkey(certificate.get(), key.get());
  const std::shared_ptr<X509_EXTENSION> name(
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "IP:127.0.0.1"),
      X509_EXTENSION_free);
  X509_add_ext(certificate.get(), name.get(), -1);
  X509_sign(certificate.get(), key.get(), EVP_sha256());
  const std::shared_ptr<BIO> out(BIO_new_file(file.c_str(), "w"), BIO_free);
  PEM_write_bio_X509(out.get(), certificate.get());
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  SSL_CTX_use_certificate(context.get(), certificate.get());
  SSL_CTX_use_PrivateKey(context.get(), key.get());
  return context;
}

TEST_F(WebhookSenderTest, SpeaksTlsWithThoseWhoProveTheirName) {
  const testing::TemporaryDirectory folder;
  const std::string file = folder.path() + "/ca.pem";
  const auto named = make_named_context(file);
  WebhookLimits limits;
  limits.tries = 2;
  start(limits, *http::make_client_context(file, true));
  send("e1", "https://127.0.0.1:" + std::to_string(listener_.port()) + "/hook");
  // A stranger's certificate is refused in the handshake, before anything is sent.
  EXPECT_THROW(testing::TlsPeer(testing::make_test_context(), listener_.accept()),
               std::runtime_error);
  testing::TlsPeer peer(named, listener_.accept());
  EXPECT_TRUE(peer.read_until("\r\n\r\n").starts_with("POST /hook HTTP/1.1\r\n"));
  peer.send(kOk);
  finish();
  expect_counts(1, 0, 1);
}

}  // namespace
}  // namespace tallygate

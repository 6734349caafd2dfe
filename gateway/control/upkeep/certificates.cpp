#include "gateway/control/upkeep/certificates.h"

#include <openssl/sha.h>

#include "config/load.h"

namespace tallygate {
namespace {

/// Of both files; empty when one cannot be read, which make_server_context will say better.
std::string digest_of(const config::Tls& files) {
  const auto certificate = config::read_text(files.certificate);
  const auto key = config::read_text(files.key);
  if (!certificate || !key) return {};
  const std::string both = std::to_string(certificate->size()) + ":" + *certificate + *key;
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(both.data()), both.size(),
         reinterpret_cast<unsigned char*>(digest.data()));
  return digest;
}

}  // namespace

Result<Certificates::Loaded> Certificates::load(const std::optional<config::Tls>& files,
                                                const Loaded& before) {
  if (!files) return Loaded{};
  Loaded loaded{files, digest_of(*files), nullptr, {}};
  const bool is_known = before.files == files && before.bytes == loaded.bytes &&
                        !loaded.bytes.empty() && before.context != nullptr;
  if (is_known) return before;
  auto context = http::make_server_context(*files);
  if (context.has_error()) return context.error();
  loaded.context = *context;
  loaded.expiry = http::expiry_of(*loaded.context);
  return loaded;
}

Result<bool> Certificates::follow(const config::Listeners& listeners) {
  const std::lock_guard one_at_a_time(following_);
  auto data = load(listeners.data.tls, data_);
  if (data.has_error()) return data.error();
  auto admin = load(listeners.admin.tls, admin_);
  if (admin.has_error()) return admin.error();
  const bool changed = data->context != data_.context || admin->context != admin_.context;
  const std::lock_guard lock(mutex_);
  data_ = std::move(*data);
  admin_ = std::move(*admin);
  return changed;
}

http::TlsContext Certificates::data() const {
  const std::lock_guard lock(mutex_);
  return data_.context;
}

http::TlsContext Certificates::admin() const {
  const std::lock_guard lock(mutex_);
  return admin_.context;
}

std::optional<WallTime> Certificates::data_expiry() const {
  const std::lock_guard lock(mutex_);
  return data_.expiry;
}

std::optional<WallTime> Certificates::admin_expiry() const {
  const std::lock_guard lock(mutex_);
  return admin_.expiry;
}

}  // namespace tallygate

#include "gateway/access/key_hash.h"

#include "gateway/access/pepper_setting.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>

#include "base/assert.h"
#include "store/files.h"

namespace tallygate::access {
namespace {

constexpr std::string_view kBase64Url =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::string_view kHex = "0123456789abcdef";
constexpr std::size_t kPepperDigits = 2 * kSecretBytes;

std::string base64url(std::span<const std::uint8_t> bytes) {
  std::string text;
  std::uint32_t bits = 0;
  int count = 0;
  for (const std::uint8_t byte : bytes) {
    bits = (bits << 8 | byte) & 0xFFFF;
    for (count += 8; count >= 6; count -= 6) text += kBase64Url[bits >> (count - 6) & 0x3F];
  }
  if (count > 0) text += kBase64Url[bits << (6 - count) & 0x3F];
  return text;
}

std::string hex(std::span<const std::uint8_t> bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes) {
    text += kHex[byte >> 4];
    text += kHex[byte & 0xF];
  }
  return text;
}

class File {
 public:
  File(const std::string& path, int flags) : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

Error unavailable(const std::string& file, const std::string& why) {
  return make_error(Errc::storage_unavailable, "The pepper of client keys, " + file + ": " + why);
}

Result<Pepper> write_new(const std::string& path, int fd, const RandomBytes& random) {
  Pepper pepper;
  random(pepper);
  const std::string text = hex(pepper) + "\n";
  const bool written =
      ::pwrite(fd, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()) &&
      ::fsync(fd) == 0;
  if (!written) return unavailable(path, std::strerror(errno));
  const auto synced = store::sync_directory(std::filesystem::path(path).parent_path().string());
  if (synced.has_error()) return synced.error();
  return pepper;
}

std::optional<Pepper> read_digits(std::string_view text) {
  if (text.size() != kPepperDigits) return std::nullopt;
  Pepper pepper{};
  for (std::size_t i = 0; i < kPepperDigits; ++i) {
    const std::size_t digit = kHex.find(text[i]);
    if (digit == std::string_view::npos) return std::nullopt;
    pepper[i / 2] = static_cast<std::uint8_t>(std::size_t{pepper[i / 2]} << 4 | digit);
  }
  return pepper;
}

Result<Pepper> parse_file(const std::string& path, std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (const auto pepper = read_digits(text)) return *pepper;
  return make_error(Errc::storage_corrupt,
                    "The pepper of client keys, " + path +
                        ", is not 64 hexadecimal digits. Put the right one back from a backup; "
                        "without it all client keys must be made anew (remove the file for that).");
}

}  // namespace

std::string make_token(const RandomBytes& random) {
  std::array<std::uint8_t, kSecretBytes> bytes;
  random(bytes);
  std::string token(kTokenPrefix);
  token += base64url(bytes);
  TG_ASSERT(is_token_form(token));
  return token;
}

Result<Pepper> load_pepper(const std::string& path, const RandomBytes& random) {
  const File file(path, O_RDWR | O_CREAT);
  if (file.fd() < 0) return unavailable(path, std::strerror(errno));
  struct stat status {};
  if (::fstat(file.fd(), &status) != 0) return unavailable(path, std::strerror(errno));
  if ((status.st_mode & 077) != 0) {
    return unavailable(path, "others may read it. Allow only its owner: chmod 600 " + path);
  }
  // Empty: this start made it, or one that ended before it wrote, so no key depends on it.
  if (status.st_size == 0) return write_new(path, file.fd(), random);
  std::array<char, kPepperDigits + 2> text;
  const ssize_t bytes = ::pread(file.fd(), text.data(), text.size(), 0);
  if (bytes < 0) return unavailable(path, std::strerror(errno));
  return parse_file(path, {text.data(), static_cast<std::size_t>(bytes)});
}

Result<Pepper> parse_pepper(std::string_view text) {
  if (const auto pepper = read_digits(text)) return *pepper;
  return make_error(Errc::config_invalid,
                    "secrets.pepper must be 64 hexadecimal digits in lower case; make one with: "
                    "openssl rand -hex 32");
}

KeyHasher::KeyHasher(const Pepper& pepper) : pepper_(pepper) {
  constexpr std::size_t kIdBytes = 4;
  const registry::KeyHash id = hash("tallygate: the id of a pepper");
  pepper_id_ = hex(std::span(id).first(kIdBytes));
}

registry::KeyHash KeyHasher::hash(std::string_view token) const {
  static const EVP_MD* const sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  registry::KeyHash hash{};
  unsigned size = 0;
  const auto* made =
      HMAC(sha256, pepper_.data(), static_cast<int>(pepper_.size()),
           reinterpret_cast<const unsigned char*>(token.data()), token.size(), hash.data(), &size);
  TG_ASSERT(made != nullptr && size == hash.size());
  return hash;
}

registry::KeySecret KeyHasher::secret_of(std::string_view token) const {
  constexpr std::size_t kShown = 4;
  return {hash(token), pepper_id_, std::string(token.substr(token.size() - kShown))};
}

}  // namespace tallygate::access

#include "store/catalog/catalog_codec.h"

#include "store/bytes.h"

namespace tallygate::store {
namespace {

constexpr std::uint8_t kValueVersion = 1;

template <class T>
void put(std::string& out, T value) {
  const std::size_t at = out.size();
  out.resize(at + sizeof(T));
  put_little(out.data() + at, value);
}

void put(std::string& out, WallTime time) { put(out, micros_since_epoch(time)); }

void put(std::string& out, std::string_view text) {
  put(out, static_cast<std::uint32_t>(text.size()));
  out.append(text);
}

void put(std::string& out, const std::vector<std::string>& texts) {
  put(out, static_cast<std::uint32_t>(texts.size()));
  for (const std::string& text : texts) put(out, std::string_view(text));
}

/// Takes values off the front; once something does not fit, everything is empty and ok() false.
class Source {
 public:
  explicit Source(std::string_view bytes) : rest_(bytes) {
    ok_ = number<std::uint8_t>() == kValueVersion && ok_;
  }

  template <class T>
  T number() {
    if (!has(sizeof(T))) return T{};
    const char* at = rest_.data();
    rest_.remove_prefix(sizeof(T));
    return take_little<T>(at);
  }
  WallTime time() { return WallTime{std::chrono::microseconds{number<std::int64_t>()}}; }
  std::string text() {
    const auto bytes = number<std::uint32_t>();
    if (!has(bytes)) return {};
    std::string text(rest_.substr(0, bytes));
    rest_.remove_prefix(bytes);
    return text;
  }
  std::vector<std::string> texts() {
    std::vector<std::string> texts;
    for (auto left = number<std::uint32_t>(); left > 0 && ok_; --left) texts.push_back(text());
    return texts;
  }
  /// Everything fitted and nothing is left.
  bool is_done() const { return ok_ && rest_.empty(); }

 private:
  bool has(std::size_t bytes) {
    ok_ = ok_ && bytes <= rest_.size();
    return ok_;
  }

  std::string_view rest_;
  bool ok_ = true;
};

template <class T>
Result<T> checked(T value, const Source& source, const char* what, std::size_t bytes) {
  if (source.is_done()) return value;
  return make_error(Errc::storage_corrupt, std::string("catalog: ") + what + " of " +
                                               std::to_string(bytes) +
                                               " bytes is broken; restore it from a backup");
}

}  // namespace

std::string encode_document(const StoredDocument& document) {
  std::string out;
  put(out, kValueVersion);
  put(out, document.revision);
  put(out, document.created);
  put(out, document.updated);
  put(out, document.index_keys);
  put(out, document.unique_keys);
  put(out, std::string_view(document.body));
  return out;
}

Result<StoredDocument> decode_document(std::string_view bytes) {
  Source source(bytes);
  StoredDocument document;
  document.revision = source.number<std::uint64_t>();
  document.created = source.time();
  document.updated = source.time();
  document.index_keys = source.texts();
  document.unique_keys = source.texts();
  document.body = source.text();
  return checked(std::move(document), source, "a document", bytes.size());
}

std::string encode_audit_entry(const AuditEntry& entry) {
  std::string out;
  put(out, kValueVersion);
  put(out, entry.at);
  for (const std::string* text :
       {&entry.actor, &entry.action, &entry.kind, &entry.id, &entry.before, &entry.after}) {
    put(out, std::string_view(*text));
  }
  return out;
}

Result<AuditEntry> decode_audit_entry(std::string_view bytes) {
  Source source(bytes);
  AuditEntry entry;
  entry.at = source.time();
  for (std::string* text :
       {&entry.actor, &entry.action, &entry.kind, &entry.id, &entry.before, &entry.after}) {
    *text = source.text();
  }
  return checked(std::move(entry), source, "an audit entry", bytes.size());
}

std::string encode_answer(const RememberedAnswer& answer) {
  std::string out;
  put(out, kValueVersion);
  put(out, answer.at);
  put(out, static_cast<std::uint32_t>(answer.status));
  put(out, std::string_view(answer.request_hash));
  put(out, std::string_view(answer.body));
  return out;
}

Result<RememberedAnswer> decode_answer(std::string_view bytes) {
  Source source(bytes);
  RememberedAnswer answer;
  answer.at = source.time();
  answer.status = source.number<std::uint32_t>();
  answer.request_hash = source.text();
  answer.body = source.text();
  return checked(std::move(answer), source, "a remembered answer", bytes.size());
}

}  // namespace tallygate::store

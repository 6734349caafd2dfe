#include "gateway/exchange/attempt/mask_key.h"

#include <algorithm>

namespace tallygate {

std::size_t mask_key(std::string_view key, std::string& text, std::size_t begin) {
  if (key.size() < kLeastMaskedKeyBytes) return 0;
  for (std::size_t at = begin; (at = text.find(key, at)) != std::string::npos; at += key.size()) {
    text.replace(at, key.size(), key.size(), '*');
  }
  std::string_view rest(text);
  rest.remove_prefix(std::min(begin, rest.size()));
  std::size_t part = std::min(key.size() - 1, rest.size());
  while (!rest.ends_with(key.substr(0, part))) --part;
  return part;
}

}  // namespace tallygate

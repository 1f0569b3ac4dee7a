// One scanner, SkipValue, finds where a value ends; everything else is built
// on it. It counts brackets instead of recursing.

#include "testdata/contracts/contract_json.h"

#include <algorithm>

#include "testdata/contracts/cosmwasm_abi.h"

namespace contract {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t SkipSpace(std::string_view text, size_t at) {
  while (at < text.size() && (text[at] == ' ' || text[at] == '\n' ||
                              text[at] == '\r' || text[at] == '\t')) {
    ++at;
  }
  return at;
}

// The position behind the closing quote of a string that opens at `at`.
size_t SkipString(std::string_view text, size_t at) {
  for (++at; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == '"') {
      return at + 1;
    }
  }
  return text.size();
}

size_t SkipValue(std::string_view text, size_t at) {
  uint32_t depth = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (c == '"') {
      at = SkipString(text, at);
      if (depth == 0) return at;
      continue;
    }
    if (depth == 0 && (c == ',' || c == '}' || c == ']')) return at;
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') {
      --depth;
      if (depth == 0) return at + 1;
    }
    ++at;
  }
  return at;
}

std::string_view Trim(std::string_view raw) {
  while (!raw.empty() && (raw.back() == ' ' || raw.back() == '\n' ||
                          raw.back() == '\r' || raw.back() == '\t')) {
    raw.remove_suffix(1);
  }
  return raw;
}

[[noreturn]] void AbortAt(std::string_view name, std::string_view what) {
  Abort("member " + std::string(name) + " " + std::string(what));
}

std::string Joined(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) {
    if (!out.empty()) out += ',';
    out += part;
  }
  return out;
}

}  // namespace

std::optional<std::string_view> JsonMember(std::string_view object,
                                           std::string_view name) {
  size_t at = SkipSpace(object, 0);
  if (at >= object.size() || object[at] != '{') return std::nullopt;
  ++at;
  while (true) {
    at = SkipSpace(object, at);
    if (at >= object.size() || object[at] != '"') return std::nullopt;
    const size_t key = at;
    at = SkipString(object, at);
    const std::string_view quoted = object.substr(key, at - key);
    at = SkipSpace(object, at);
    if (at >= object.size() || object[at] != ':') return std::nullopt;
    const size_t begin = SkipSpace(object, at + 1);
    at = SkipValue(object, begin);
    if (quoted.size() >= 2 &&
        quoted.substr(1, quoted.size() - 2) == name) {
      return Trim(object.substr(begin, at - begin));
    }
    at = SkipSpace(object, at);
    if (at >= object.size() || object[at] != ',') return std::nullopt;
    ++at;
  }
}

std::vector<std::string_view> JsonElements(std::string_view array) {
  std::vector<std::string_view> elements;
  size_t at = SkipSpace(array, 0);
  if (at >= array.size() || array[at] != '[') return elements;
  ++at;
  while (true) {
    const size_t begin = SkipSpace(array, at);
    at = SkipValue(array, begin);
    if (at > begin) elements.push_back(Trim(array.substr(begin, at - begin)));
    at = SkipSpace(array, at);
    if (at >= array.size() || array[at] != ',') return elements;
    ++at;
  }
}

std::optional<std::string_view> JsonText(std::string_view raw) {
  if (raw.size() < 2 || raw.front() != '"' || raw.back() != '"') {
    return std::nullopt;
  }
  raw = raw.substr(1, raw.size() - 2);
  if (raw.find('\\') != std::string_view::npos) return std::nullopt;
  return raw;
}

std::string_view NeedMember(std::string_view object, std::string_view name) {
  const std::optional<std::string_view> raw = JsonMember(object, name);
  if (!raw.has_value()) AbortAt(name, "is missing");
  return *raw;
}

std::string NeedText(std::string_view object, std::string_view name) {
  const std::optional<std::string_view> text =
      JsonText(NeedMember(object, name));
  if (!text.has_value()) AbortAt(name, "is not a plain string");
  return std::string(*text);
}

u128 NeedAmount(std::string_view object, std::string_view name) {
  const std::optional<u128> amount = ParseAmount(NeedText(object, name));
  if (!amount.has_value()) AbortAt(name, "is not an amount");
  return *amount;
}

uint64_t NeedNumber(std::string_view object, std::string_view name) {
  const std::optional<u128> number = ParseAmount(NeedMember(object, name));
  if (!number.has_value() || *number > UINT64_MAX) {
    AbortAt(name, "is not a number");
  }
  return static_cast<uint64_t>(*number);
}

std::optional<u128> ParseAmount(std::string_view digits) {
  if (digits.empty()) return std::nullopt;
  u128 amount = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    const auto digit = static_cast<uint32_t>(c - '0');
    if (amount > (~u128{0} - digit) / 10) return std::nullopt;
    amount = amount * 10 + digit;
  }
  return amount;
}

std::string AmountText(u128 amount) {
  std::string digits;
  do {
    digits.push_back(static_cast<char>('0' + static_cast<int>(amount % 10)));
    amount /= 10;
  } while (amount != 0);
  std::reverse(digits.begin(), digits.end());
  return digits;
}

std::string Quoted(std::string_view text) {
  return "\"" + std::string(text) + "\"";
}

std::string EncodeBase64(std::string_view bytes) {
  std::string out;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t group = 0;
    for (size_t j = i; j < i + 3; ++j) {
      group = (group << 8) |
              (j < bytes.size() ? static_cast<uint8_t>(bytes[j]) : 0u);
    }
    for (size_t j = 0; j < 4; ++j) {
      out.push_back(i + j > bytes.size()
                        ? '='
                        : kAlphabet[(group >> (18 - 6 * j)) & 63]);
    }
  }
  return out;
}

std::string DecodeBase64(std::string_view text) {
  std::string out;
  uint32_t bits = 0;
  uint32_t bit_count = 0;
  for (const char c : text) {
    if (c == '=') break;
    const size_t value = kAlphabet.find(c);
    if (value == std::string_view::npos) Abort("not base64");
    bits = (bits << 6) | static_cast<uint32_t>(value);
    bit_count += 6;
    if (bit_count >= 8) {
      bit_count -= 8;
      out.push_back(static_cast<char>((bits >> bit_count) & 0xFF));
    }
  }
  return out;
}

std::string Ok(const Response& response) {
  std::vector<std::string> messages;
  for (const std::string& msg : response.messages) {
    messages.push_back("{\"id\":0,\"msg\":" + msg +
                       ",\"gas_limit\":null,\"reply_on\":\"never\"}");
  }
  std::vector<std::string> attributes;
  for (const auto& [key, value] : response.attributes) {
    attributes.push_back("{\"key\":" + Quoted(key) +
                         ",\"value\":" + Quoted(value) + "}");
  }
  return "{\"ok\":{\"messages\":[" + Joined(messages) +
         "],\"attributes\":[" + Joined(attributes) +
         "],\"events\":[],\"data\":null}}";
}

std::string OkQuery(std::string_view json) {
  return "{\"ok\":" + Quoted(EncodeBase64(json)) + "}";
}

std::string Error(std::string_view text) {
  return "{\"error\":" + Quoted(text) + "}";
}

}  // namespace contract

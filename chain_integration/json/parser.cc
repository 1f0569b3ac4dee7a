// Recursive descent over RFC 8259. The depth limit bounds the recursion, the
// byte limit bounds everything else: a tree holds at most one node per byte.

#include <algorithm>
#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "chain_integration/json/json.h"

namespace ingot::json {
namespace {

// Length of the UTF-8 sequence at the start of `text`; 0 if it is not valid
// (overlong forms, surrogates and values above U+10FFFF included).
size_t Utf8Length(std::string_view text) {
  const auto byte = [text](size_t i) {
    return i < text.size() ? static_cast<uint8_t>(text[i]) : uint8_t{0};
  };
  const auto follows = [&byte](size_t i) { return (byte(i) & 0xC0) == 0x80; };
  const uint8_t b0 = byte(0);
  if (text.empty()) return 0;
  if (b0 < 0x80) return 1;
  if (b0 < 0xC2) return 0;
  if (b0 < 0xE0) return follows(1) ? 2 : 0;
  if (b0 < 0xF0) {
    if (!follows(1) || !follows(2)) return 0;
    if (b0 == 0xE0 && byte(1) < 0xA0) return 0;
    if (b0 == 0xED && byte(1) >= 0xA0) return 0;
    return 3;
  }
  if (b0 > 0xF4 || !follows(1) || !follows(2) || !follows(3)) return 0;
  if (b0 == 0xF0 && byte(1) < 0x90) return 0;
  if (b0 == 0xF4 && byte(1) >= 0x90) return 0;
  return 4;
}

void AppendUtf8(uint32_t code, std::string& out) {
  if (code < 0x80) {
    out.push_back(static_cast<char>(code));
  } else if (code < 0x800) {
    out.push_back(static_cast<char>(0xC0 | (code >> 6)));
    out.push_back(static_cast<char>(0x80 | (code & 0x3F)));
  } else if (code < 0x10000) {
    out.push_back(static_cast<char>(0xE0 | (code >> 12)));
    out.push_back(static_cast<char>(0x80 | ((code >> 6) & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (code & 0x3F)));
  } else {
    out.push_back(static_cast<char>(0xF0 | (code >> 18)));
    out.push_back(static_cast<char>(0x80 | ((code >> 12) & 0x3F)));
    out.push_back(static_cast<char>(0x80 | ((code >> 6) & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (code & 0x3F)));
  }
}

}  // namespace

// The first error sticks; every step after it does nothing.
class Parser {
 public:
  Parser(std::string_view text, const ParseLimits& limits)
      : text_(text), limits_(limits) {}

  absl::StatusOr<Value> Run() {
    Value value = ParseValue(0);
    SkipSpace();
    if (error_.empty() && at_ != text_.size()) {
      Fail("something follows the value");
    }
    if (!error_.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("JSON: ", error_, " at byte ", error_at_));
    }
    return value;
  }

 private:
  void Fail(std::string_view what) {
    if (!error_.empty()) return;
    error_ = std::string(what);
    error_at_ = at_;
    at_ = text_.size();
  }

  void SkipSpace() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' ||
            text_[at_] == '\r')) {
      ++at_;
    }
  }

  // The next character; 0 at the end (a NUL in the text is never valid).
  char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  bool Accept(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  Value ParseValue(uint32_t depth) {
    if (depth > limits_.depth) {
      Fail("nesting is too deep");
      return Value();
    }
    SkipSpace();
    switch (Peek()) {
      case '{':
        return ParseObject(depth);
      case '[':
        return ParseArray(depth);
      case '"': {
        Value value;
        value.kind_ = Kind::kString;
        value.text_ = ParseString();
        return value;
      }
      case 't':
        return ParseWord("true", Value::Bool(true));
      case 'f':
        return ParseWord("false", Value::Bool(false));
      case 'n':
        return ParseWord("null", Value::Null());
      default:
        return ParseNumber();
    }
  }

  Value ParseWord(std::string_view word, Value value) {
    if (text_.substr(at_, word.size()) != word) {
      Fail("expected a value");
      return Value();
    }
    at_ += word.size();
    return value;
  }

  size_t SkipDigits() {
    const size_t begin = at_;
    while (Peek() >= '0' && Peek() <= '9') ++at_;
    return at_ - begin;
  }

  Value ParseNumber() {
    const size_t begin = at_;
    Accept('-');
    if (!Accept('0') && SkipDigits() == 0) {
      Fail(at_ == text_.size() ? "the text ends early" : "expected a value");
      return Value();
    }
    if (Accept('.') && SkipDigits() == 0) {
      Fail("expected a digit");
      return Value();
    }
    if (Accept('e') || Accept('E')) {
      if (!Accept('+')) Accept('-');
      if (SkipDigits() == 0) {
        Fail("expected a digit");
        return Value();
      }
    }
    Value value;
    value.kind_ = Kind::kNumber;
    value.text_ = std::string(text_.substr(begin, at_ - begin));
    return value;
  }

  uint32_t ParseHex4() {
    uint32_t code = 0;
    for (int i = 0; i < 4; ++i) {
      const char c = Peek();
      uint32_t digit = 0;
      if (c >= '0' && c <= '9') {
        digit = static_cast<uint32_t>(c - '0');
      } else if (c >= 'a' && c <= 'f') {
        digit = static_cast<uint32_t>(c - 'a') + 10;
      } else if (c >= 'A' && c <= 'F') {
        digit = static_cast<uint32_t>(c - 'A') + 10;
      } else {
        Fail("expected four hexadecimal digits");
        return 0;
      }
      ++at_;
      code = code * 16 + digit;
    }
    return code;
  }

  void ParseEscape(std::string& out) {
    const char c = Peek();
    ++at_;
    switch (c) {
      case '"':
      case '\\':
      case '/':
        out.push_back(c);
        return;
      case 'b':
        out.push_back('\b');
        return;
      case 'f':
        out.push_back('\f');
        return;
      case 'n':
        out.push_back('\n');
        return;
      case 'r':
        out.push_back('\r');
        return;
      case 't':
        out.push_back('\t');
        return;
      case 'u':
        break;
      default:
        --at_;
        Fail("unknown escape");
        return;
    }
    uint32_t code = ParseHex4();
    if (code >= 0xD800 && code < 0xDC00) {
      if (!Accept('\\') || !Accept('u')) {
        Fail("half of a surrogate pair");
        return;
      }
      const uint32_t low = ParseHex4();
      if (low < 0xDC00 || low >= 0xE000) {
        Fail("half of a surrogate pair");
        return;
      }
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    } else if (code >= 0xDC00 && code < 0xE000) {
      Fail("half of a surrogate pair");
      return;
    }
    AppendUtf8(code, out);
  }

  std::string ParseString() {
    std::string out;
    if (!Accept('"')) {
      Fail("expected a string");
      return out;
    }
    while (true) {
      if (at_ >= text_.size()) {
        Fail("the text ends inside a string");
        return out;
      }
      const char c = text_[at_];
      if (c == '"') {
        ++at_;
        return out;
      }
      if (static_cast<uint8_t>(c) < 0x20) {
        Fail("control character inside a string");
        return out;
      }
      if (c == '\\') {
        ++at_;
        ParseEscape(out);
        continue;
      }
      const size_t length = Utf8Length(text_.substr(at_));
      if (length == 0) {
        Fail("invalid UTF-8");
        return out;
      }
      out.append(text_.substr(at_, length));
      at_ += length;
    }
  }

  Value ParseArray(uint32_t depth) {
    Value value = Value::MakeArray();
    Accept('[');
    SkipSpace();
    if (Accept(']')) return value;
    while (error_.empty()) {
      value.items_.push_back(ParseValue(depth + 1));
      SkipSpace();
      if (Accept(']')) return value;
      if (!Accept(',')) Fail("expected , or ]");
    }
    return value;
  }

  Value ParseObject(uint32_t depth) {
    Value value = Value::MakeObject();
    Accept('{');
    SkipSpace();
    if (Accept('}')) return value;
    while (error_.empty()) {
      SkipSpace();
      std::string key = ParseString();
      SkipSpace();
      if (!Accept(':')) Fail("expected :");
      value.members_.emplace_back(std::move(key), ParseValue(depth + 1));
      SkipSpace();
      if (Accept('}')) break;
      if (!Accept(',')) Fail("expected , or }");
    }
    RefuseDuplicates(value.members_);
    return value;
  }

  void RefuseDuplicates(const Object& members) {
    std::vector<std::string_view> keys;
    keys.reserve(members.size());
    for (const Member& member : members) keys.push_back(member.first);
    std::sort(keys.begin(), keys.end());
    if (std::adjacent_find(keys.begin(), keys.end()) != keys.end()) {
      Fail("a key occurs twice in the object that ends");
    }
  }

  std::string_view text_;
  ParseLimits limits_;
  size_t at_ = 0;
  std::string error_;
  size_t error_at_ = 0;
};

absl::StatusOr<Value> Parse(std::string_view text, const ParseLimits& limits) {
  if (text.size() > limits.bytes) {
    return absl::InvalidArgumentError(absl::StrCat(
        "JSON: ", text.size(), " bytes, the limit is ", limits.bytes));
  }
  return Parser(text, limits).Run();
}

bool IsValidUtf8(std::string_view text) {
  while (!text.empty()) {
    const size_t length = Utf8Length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string ToValidUtf8(std::string_view bytes) {
  std::string out;
  while (!bytes.empty()) {
    const size_t length = Utf8Length(bytes);
    if (length == 0) {
      AppendUtf8(0xFFFD, out);
      bytes.remove_prefix(1);
    } else {
      out.append(bytes.substr(0, length));
      bytes.remove_prefix(length);
    }
  }
  return out;
}

}  // namespace ingot::json

#include "runtime/spec/json.h"

#include <cctype>
#include <cstdint>
#include <cstdlib>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace ingot::runtime::spec {
namespace {

// wast2json nests five deep.
constexpr int kDepth = 16;

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  absl::StatusOr<Json> Parse() {
    Json json;
    if (!Value(&json, 0) || (Space(), at_ != text_.size())) {
      return absl::InvalidArgumentError(
          absl::StrCat("bad JSON at byte ", at_));
    }
    return json;
  }

 private:
  void Space() {
    while (at_ < text_.size() &&
           std::isspace(static_cast<unsigned char>(text_[at_]))) {
      ++at_;
    }
  }

  bool Take(char wanted) {
    Space();
    if (at_ == text_.size() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }

  bool Value(Json* out, int depth) {
    if (depth == kDepth) return false;
    if (Take('{')) return Object(out, depth);
    if (Take('[')) return Array(out, depth);
    if (Take('"')) return String(&out->text);
    const size_t begin = at_;
    while (at_ < text_.size() &&
           (std::isalnum(static_cast<unsigned char>(text_[at_])) ||
            text_[at_] == '-' || text_[at_] == '+' || text_[at_] == '.')) {
      ++at_;
    }
    out->text = std::string(text_.substr(begin, at_ - begin));
    return at_ != begin;
  }

  bool Object(Json* out, int depth) {
    out->kind = Json::Kind::kObject;
    if (Take('}')) return true;
    do {
      if (!Take('"') || !String(&out->names.emplace_back()) || !Take(':') ||
          !Value(&out->items.emplace_back(), depth + 1)) {
        return false;
      }
    } while (Take(','));
    return Take('}');
  }

  bool Array(Json* out, int depth) {
    out->kind = Json::Kind::kArray;
    if (Take(']')) return true;
    do {
      if (!Value(&out->items.emplace_back(), depth + 1)) return false;
    } while (Take(','));
    return Take(']');
  }

  bool String(std::string* out) {
    while (at_ < text_.size() && text_[at_] != '"') {
      if (text_[at_] != '\\') {
        out->push_back(text_[at_++]);
      } else if (!Escape(out)) {
        return false;
      }
    }
    return Take('"');
  }

  bool Escape(std::string* out) {
    if (text_.size() - at_ < 2) return false;
    const char what = text_[at_ + 1];
    at_ += 2;
    if (what != 'u') {
      out->push_back(what == 'n' ? '\n' : what == 't' ? '\t' : what);
      return true;
    }
    if (text_.size() - at_ < 4) return false;
    const std::string digits(text_.substr(at_, 4));
    at_ += 4;
    out->push_back(
        static_cast<char>(std::strtoul(digits.c_str(), nullptr, 16)));
    return true;
  }

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

const Json* Json::Find(std::string_view name) const {
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) return &items[i];
  }
  return nullptr;
}

std::string Json::Text(std::string_view name) const {
  const Json* json = Find(name);
  return json == nullptr ? "" : json->text;
}

const std::vector<Json>& Json::Items(std::string_view name) const {
  static const std::vector<Json>& none = *new std::vector<Json>();
  const Json* json = Find(name);
  return json == nullptr ? none : json->items;
}

absl::StatusOr<Json> ParseJson(std::string_view text) {
  return Parser(text).Parse();
}

}  // namespace ingot::runtime::spec

// The rules themselves: each is a list of patterns and one loop over lines.

#include "build_rules/rules/source_rules.h"

#include <algorithm>
#include <iterator>
#include <regex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace ingot::rules {
namespace {

constexpr size_t kMaxLines = 800;
constexpr size_t kMaxVerifierLines = 2500;

// Standard headers that need nothing from an operating system. <vector> is for
// the module writer, which lies beside the compiler; that the compiler itself
// keeps to its arena is seen by symbol_rules_test, which finds no operator new.
constexpr std::string_view kFreestandingHeaders[] = {
    "algorithm", "array",       "bit",         "charconv",
    "climits",   "compare",     "concepts",    "cstddef",
    "cstdint",   "cstring",     "initializer_list",
    "iterator",  "limits",      "new",         "numeric",
    "optional",  "ranges",      "span",        "string_view",
    "tuple",     "type_traits", "utility",     "variant",
    "vector"};

// What each room may include of our own; the first row whose room is a prefix
// of the file's path decides. Rooms that are not listed may include all.
struct Room {
  std::string_view room;
  std::vector<std::string_view> below;
};

const std::vector<Room>& Rooms() {
  static const auto* const kRooms = new std::vector<Room>{
      {"metering/",
       {"metering/", "compiler/base/", "compiler/wasm/",
        // Stack units are bytes of native frame (docs/decisions/0003).
        "compiler/abi/calling_convention.h"}},
      {"compiler/", {"compiler/", "metering/"}},
      {"runtime/",
       {"runtime/", "compiler/abi/", "compiler/base/", "compiler/wasm/",
        "metering/"}},
      {"sandbox/", {"sandbox/", "runtime/", "compiler/", "metering/"}},
      {"chain_integration/",
       {"chain_integration/", "sandbox/", "runtime/", "compiler/",
        "metering/", "proto/"}},
  };
  return *kRooms;
}

bool IsOurs(std::string_view header) {
  for (std::string_view room :
       {"bench/", "chain_integration/", "cli/", "compiler/", "fuzz/",
        "metering/", "proto/", "runtime/", "sandbox/", "testdata/"}) {
    if (header.starts_with(room)) return true;
  }
  return false;
}

bool StartsWithAny(std::string_view text,
                   const std::vector<std::string_view>& prefixes) {
  return std::ranges::any_of(prefixes, [text](std::string_view prefix) {
    return text.starts_with(prefix);
  });
}

// Built in, part of the hashing libraries, or hash-ordered whatever the key.
constexpr std::string_view kHashPatterns[] = {
    R"(\bunordered_(multi)?(map|set)\b)",
    R"(\b(flat|node)_hash_(map|set)\b)",
    R"(\b(hash_map|hash_set|dense_hash_map|dense_hash_set)\b)",
    R"(\babsl::(Hash|HashOf)\b)",
    R"(\bAbslHashValue\b)",
    R"(\bstd::hash\b)",
    R"(#\s*include\s*["<](unordered_(map|set)|absl/hash/|ext/hash_|)"
    R"(absl/container/(flat|node)_hash))",
    R"(\bgoogle::protobuf::Map\b)",
};

// An ordered container whose first template argument ends in `*`.
constexpr std::string_view kPointerKey =
    R"(\b(map|set|multimap|multiset|btree_map|btree_set|btree_multimap|)"
    R"(btree_multiset|priority_queue|less|greater)\s*<)"
    R"(\s*(const\s+)?[A-Za-z_][A-Za-z0-9_:]*(\s*<[^<>]*>)?(\s+const)?\s*\*)";

// Writes the text form of the IR for tests; a testonly target.
bool IsHostedTool(const SourceFile& file) {
  return file.path.starts_with("compiler/ir/printer.");
}

bool InFreestandingRoom(const SourceFile& file) {
  return (file.path.starts_with("compiler/") ||
          file.path.starts_with("metering/")) &&
         file.IsCpp() && !file.IsTest() && !IsHostedTool(file);
}

bool MayInclude(const SourceFile& file, const std::string& header) {
  if (header.starts_with("compiler/") || header.starts_with("metering/")) {
    return true;
  }
  if (header.starts_with("asmjit/")) {
    return file.path.starts_with("compiler/x64/");
  }
  return std::ranges::find(kFreestandingHeaders, header) !=
         std::end(kFreestandingHeaders);
}

std::string_view Trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

struct Include {
  int line;
  std::string header;
};

std::vector<Include> IncludesOf(const SourceFile& file) {
  static const std::regex kInclude(R"(^\s*#\s*include\s*["<]([^">]+)[">])");
  std::vector<Include> includes;
  const std::string text = BlankComments(file.text);
  int line = 0;
  for (std::string_view content : Lines(text)) {
    ++line;
    std::cmatch match;
    if (std::regex_search(content.data(), content.data() + content.size(),
                          match, kInclude)) {
      includes.push_back({line, match[1]});
    }
  }
  return includes;
}

void FindPattern(const SourceFile& file, const std::string& text,
                 const std::regex& pattern, const std::string& what,
                 std::vector<Finding>* findings) {
  for (auto match = std::sregex_iterator(text.begin(), text.end(), pattern);
       match != std::sregex_iterator(); ++match) {
    const auto begin = text.begin() + match->position();
    findings->push_back(
        {file.path,
         1 + static_cast<int>(std::count(text.begin(), begin, '\n')),
         what + std::string(Trimmed(match->str()))});
  }
}

bool IsCode(const SourceFile& file) {
  return file.Extension() != ".md" && file.Extension() != ".toml";
}

std::string FolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == path.npos ? std::string() : path.substr(0, slash);
}

std::string GuardOf(const std::string& path) {
  std::string guard;
  for (char c : path) {
    guard.push_back(isalnum(static_cast<unsigned char>(c))
                        ? static_cast<char>(toupper(c))
                        : '_');
  }
  return guard + "_";
}

}  // namespace

std::vector<Finding> FindForeignIncludes(
    const std::vector<SourceFile>& files) {
  std::vector<Finding> findings;
  for (const SourceFile& file : files) {
    if (!InFreestandingRoom(file)) continue;
    for (const Include& include : IncludesOf(file)) {
      if (!MayInclude(file, include.header)) {
        findings.push_back({file.path, include.line,
                            "freestanding code includes " + include.header});
      }
    }
  }
  return findings;
}

std::vector<Finding> FindWrongArrows(const std::vector<SourceFile>& files) {
  std::vector<Finding> findings;
  for (const SourceFile& file : files) {
    const auto room = std::ranges::find_if(Rooms(), [&](const Room& room) {
      return file.path.starts_with(room.room);
    });
    if (room == Rooms().end() || !file.IsCpp() || file.IsTest()) continue;
    for (const Include& include : IncludesOf(file)) {
      if (IsOurs(include.header) &&
          !StartsWithAny(include.header, room->below)) {
        findings.push_back({file.path, include.line,
                            std::string(room->room) + " may not include " +
                                include.header});
      }
    }
  }
  return findings;
}

std::vector<Finding> FindHashOrder(const std::vector<SourceFile>& files) {
  static const std::regex kPointerKeyed{std::string(kPointerKey)};
  static const std::regex kProtobufMap(R"(\bmap\s*<)");
  std::vector<std::regex> patterns;
  for (std::string_view pattern : kHashPatterns) {
    patterns.emplace_back(std::string(pattern));
  }
  std::vector<Finding> findings;
  for (const SourceFile& file : files) {
    if (file.Extension() == ".proto") {
      FindPattern(file, BlankCommentsAndLiterals(file.text), kProtobufMap,
                  "protobuf map field: ", &findings);
    }
    if (!file.IsCpp()) continue;
    // The names in quotes of an include count, other literals do not.
    std::string text = BlankCommentsAndLiterals(file.text);
    const std::string with_literals = BlankComments(file.text);
    for (size_t i = 0; i < text.size();) {
      const size_t end = std::min(text.find('\n', i), text.size());
      if (Trimmed(std::string_view(text).substr(i, end - i))
              .starts_with("#")) {
        text.replace(i, end - i, with_literals, i, end - i);
      }
      i = end + 1;
    }
    // Most files hold no such word; looking for it first is much faster.
    if (text.find("ash") != text.npos || text.find("nordered") != text.npos ||
        text.find("Map") != text.npos) {
      for (const std::regex& pattern : patterns) {
        FindPattern(file, text, pattern, "hash order: ", &findings);
      }
    }
    FindPattern(file, text, kPointerKeyed, "pointer as key: ", &findings);
  }
  std::ranges::sort(findings);
  return findings;
}

std::vector<Finding> FindLongFiles(const std::vector<SourceFile>& files) {
  std::vector<Finding> findings;
  for (const SourceFile& file : files) {
    const size_t lines = Lines(file.text).size();
    if (IsCode(file) && lines > kMaxLines) {
      findings.push_back({file.path, 0,
                          std::to_string(lines) + " lines, more than " +
                              std::to_string(kMaxLines)});
    }
  }
  return findings;
}

std::vector<Finding> FindUntestedCodes(const std::vector<SourceFile>& files) {
  static const std::regex kRow(
      R"(INGOT_(?:ERROR\(\d+, +|ARTIFACT_ERROR\(|REFUSAL\()(k\w+))");
  static const std::regex kWord("\\bk[A-Z]\\w*");
  const std::set<std::string_view> tables = {
      "compiler/base/errors.def", "runtime/artifact/artifact_errors.def",
      "runtime/verifier/refusals.def"};
  std::set<std::string> named;
  for (const SourceFile& file : files) {
    if (!file.IsCpp() ||
        (!file.IsTest() && !file.path.starts_with("fuzz/"))) {
      continue;
    }
    const std::string text = BlankCommentsAndLiterals(file.text);
    for (std::sregex_iterator it(text.begin(), text.end(), kWord), end;
         it != end; ++it) {
      named.insert(it->str());
    }
  }
  std::vector<Finding> findings;
  for (const SourceFile& file : files) {
    if (!tables.contains(file.path)) continue;
    int number = 0;
    for (const std::string_view view : Lines(file.text)) {
      ++number;
      const std::string line(view);
      std::smatch row;
      if (!line.starts_with("//") && std::regex_search(line, row, kRow) &&
          !named.contains(row[1])) {
        findings.push_back({file.path, number,
                            "no test names " + row[1].str()});
      }
    }
  }
  return findings;
}

std::vector<Finding> FindLargeVerifier(const std::vector<SourceFile>& files) {
  size_t lines = 0;
  for (const SourceFile& file : files) {
    // hand_code writes code for the tests.
    if (!file.path.starts_with("runtime/verifier/") || !file.IsCpp() ||
        file.IsTest() || file.path.find("hand_code") != file.path.npos) {
      continue;
    }
    const std::string text = BlankComments(file.text);
    for (const std::string_view line : Lines(text)) {
      lines += line.find_first_not_of(" \t") != line.npos ? 1 : 0;
    }
  }
  if (lines <= kMaxVerifierLines) return {};
  return {{"runtime/verifier", 0,
           std::to_string(lines) + " lines, more than " +
               std::to_string(kMaxVerifierLines)}};
}

std::vector<Finding> FindLayoutFaults(const std::vector<SourceFile>& files) {
  static const std::regex kVagueName(
      R"((^|/)(utils?|common|helpers?|misc|manager)(\.|/|$))");
  // Written apart, so that this line is not what it looks for.
  static const std::regex kLater("\\b(TO" "DO|FIX" "ME|XX" "X|HA" "CK)\\b");
  std::set<std::string> described;
  for (const SourceFile& file : files) {
    if (file.path.ends_with("/README.md")) {
      described.insert(FolderOf(file.path));
    }
  }
  std::set<std::string> undescribed;
  std::vector<Finding> findings;
  for (const SourceFile& file : files) {
    if (std::regex_search(file.path, kVagueName)) {
      findings.push_back({file.path, 0, "a name that says nothing"});
    }
    const std::string folder = FolderOf(file.path);
    if (IsCode(file) && !file.path.ends_with("BUILD") && !folder.empty() &&
        !described.contains(folder) && !folder.starts_with("third_party/")) {
      undescribed.insert(folder);
    }
    if (file.Extension() == ".h" &&
        file.text.find("#ifndef " + GuardOf(file.path) + "\n") ==
            std::string::npos) {
      findings.push_back(
          {file.path, 0, "no include guard " + GuardOf(file.path)});
    }
    if (IsCode(file)) {
      FindPattern(file, file.text, kLater, "left for later: ", &findings);
    }
  }
  for (const std::string& folder : undescribed) {
    findings.push_back({folder, 0, "no README.md"});
  }
  std::ranges::sort(findings);
  return findings;
}

std::vector<Finding> FindDeadLinks(const std::filesystem::path& root,
                                   const std::vector<SourceFile>& files) {
  static const std::regex kLink(R"(\]\(([^)#\s]+)(#[^)]*)?\))");
  std::vector<Finding> findings;
  for (const SourceFile& file : files) {
    if (file.Extension() != ".md") continue;
    for (auto match = std::sregex_iterator(file.text.begin(), file.text.end(),
                                           kLink);
         match != std::sregex_iterator(); ++match) {
      const std::string target = (*match)[1];
      if (target.find("://") != std::string::npos) continue;
      if (std::filesystem::exists(root / FolderOf(file.path) / target)) {
        continue;
      }
      const auto begin = file.text.begin() + match->position();
      findings.push_back(
          {file.path,
           1 + static_cast<int>(std::count(file.text.begin(), begin, '\n')),
           "dead link: " + target});
    }
  }
  return findings;
}

}  // namespace ingot::rules

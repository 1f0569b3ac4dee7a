#ifndef CLI_EXPLAIN_H_
#define CLI_EXPLAIN_H_

#include <cstdint>
#include <string>
#include <vector>

// What every code means. In: the tables that define codes. Out: one
// explanation each. Holds: names are distinct; no text is empty.

namespace ingot::cli {

struct Explanation {
  std::string name;
  std::string kind;     // "rejection (limit)", "trap", "fault", …
  uint32_t number = 0;  // 0: it has none
  std::string message;
  std::string meaning;
  std::string example;
  std::string remedy;
};

std::vector<Explanation> AllExplanations();

// docs/codes.md.
std::string ExplanationsAsMarkdown();

}  // namespace ingot::cli

#endif  // CLI_EXPLAIN_H_

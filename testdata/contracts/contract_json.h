#ifndef TESTDATA_CONTRACTS_CONTRACT_JSON_H_
#define TESTDATA_CONTRACTS_CONTRACT_JSON_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// As much JSON as small contracts need: values are views of the text, found by
// skipping over what is not asked for. Strings with escapes are refused.

namespace contract {

using u128 = unsigned __int128;

// The raw text of a member of an object; nullopt if there is none, or if the
// text is no object.
std::optional<std::string_view> JsonMember(std::string_view object,
                                           std::string_view name);
// The raw texts of an array's elements.
std::vector<std::string_view> JsonElements(std::string_view array);
// A string without its quotes; nullopt if it is none or has escapes.
std::optional<std::string_view> JsonText(std::string_view raw);

// Members that a message must have: Abort with their name if they are absent
// or not of this kind.
std::string_view NeedMember(std::string_view object, std::string_view name);
std::string NeedText(std::string_view object, std::string_view name);
u128 NeedAmount(std::string_view object, std::string_view name);
uint64_t NeedNumber(std::string_view object, std::string_view name);

std::optional<u128> ParseAmount(std::string_view digits);
std::string AmountText(u128 amount);

std::string Quoted(std::string_view text);  // text without special characters
std::string EncodeBase64(std::string_view bytes);
std::string DecodeBase64(std::string_view text);

// What an entry point returns.
struct Response {
  std::vector<std::pair<std::string, std::string>> attributes;
  std::vector<std::string> messages;  // each a CosmosMsg as JSON
};
std::string Ok(const Response& response);
std::string OkQuery(std::string_view json);
std::string Error(std::string_view text);

}  // namespace contract

#endif  // TESTDATA_CONTRACTS_CONTRACT_JSON_H_

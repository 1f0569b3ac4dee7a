#include "chain_integration/cosmwasm/state.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace ingot::cosmwasm {
namespace {

ContractState Fruit() {
  return {.entries = {{"a", "1"}, {"b", "2"}, {"ba", "3"}, {"c", "4"}}};
}

std::string Keys(StateTransaction& transaction, uint32_t id) {
  std::string keys;
  while (const auto entry = transaction.Peek(id)) {
    keys += std::string(entry->key) + "=" + std::string(entry->value) + " ";
    transaction.Advance(id);
  }
  return keys;
}

std::string ScanKeys(std::optional<std::string> start,
                     std::optional<std::string> end, ScanOrder order) {
  ContractState state = Fruit();
  StateTransaction transaction(state);
  return Keys(transaction, *transaction.Scan(start, end, order));
}

TEST(StateTest, UndoesWritesThatAreNotCommitted) {
  ContractState state = Fruit();
  {
    StateTransaction transaction(state);
    transaction.Write("a", "9");
    transaction.Write("a", "10");
    transaction.Write("new", "x");
    transaction.Remove("b");
    transaction.Remove("absent");
    EXPECT_EQ(*transaction.Find("a"), "10");
    EXPECT_EQ(transaction.Find("b"), nullptr);
  }
  EXPECT_EQ(state, Fruit());
}

TEST(StateTest, KeepsCommittedWritesAndListsNetChanges) {
  ContractState state = Fruit();
  {
    StateTransaction transaction(state);
    transaction.Write("new", "x");
    transaction.Write("a", "9");
    transaction.Write("c", "5");
    transaction.Write("c", "4");
    transaction.Remove("b");
    transaction.Write("gone", "y");
    transaction.Remove("gone");
    const std::vector<StateChange> expected = {
        {"a", "1", "9"}, {"b", "2", std::nullopt}, {"new", std::nullopt, "x"}};
    EXPECT_EQ(transaction.Changes(), expected);
    transaction.Commit();
  }
  const StateMap expected = {{"a", "9"}, {"ba", "3"}, {"c", "4"}, {"new", "x"}};
  EXPECT_EQ(state.entries, expected);
}

TEST(StateTest, ScansRangesInBothOrders) {
  constexpr auto kUp = ScanOrder::kAscending;
  constexpr auto kDown = ScanOrder::kDescending;
  EXPECT_EQ(ScanKeys(std::nullopt, std::nullopt, kUp), "a=1 b=2 ba=3 c=4 ");
  EXPECT_EQ(ScanKeys(std::nullopt, std::nullopt, kDown), "c=4 ba=3 b=2 a=1 ");
  EXPECT_EQ(ScanKeys("b", "c", kUp), "b=2 ba=3 ");
  EXPECT_EQ(ScanKeys("b", "c", kDown), "ba=3 b=2 ");
  EXPECT_EQ(ScanKeys("aa", std::nullopt, kUp), "b=2 ba=3 c=4 ");
  EXPECT_EQ(ScanKeys(std::nullopt, "b", kDown), "a=1 ");
  EXPECT_EQ(ScanKeys("b", "b", kUp), "");
  EXPECT_EQ(ScanKeys("c", "a", kUp), "");
  EXPECT_EQ(ScanKeys("c", "a", kDown), "");
  EXPECT_EQ(ScanKeys("x", std::nullopt, kUp), "");
}

TEST(StateTest, OrdersKeysAsUnsignedBytes) {
  ContractState state{.entries = {{"\xFF", "1"}, {"\x01", "2"}, {"a", "3"}}};
  StateTransaction transaction(state);
  EXPECT_EQ(Keys(transaction, *transaction.Scan(std::nullopt, std::nullopt,
                                                ScanOrder::kAscending)),
            "\x01=2 a=3 \xFF=1 ");
}

TEST(StateTest, IteratorsSeeWritesAheadOfThem) {
  ContractState state = Fruit();
  StateTransaction transaction(state);
  const uint32_t id =
      *transaction.Scan(std::nullopt, std::nullopt, ScanOrder::kAscending);
  transaction.Advance(id);
  transaction.Advance(id);
  transaction.Write("aa", "behind");
  transaction.Write("bb", "ahead");
  transaction.Remove("ba");
  EXPECT_EQ(Keys(transaction, id), "bb=ahead c=4 ");
  EXPECT_FALSE(transaction.Peek(id).has_value());
}

TEST(StateTest, KnowsItsIterators) {
  ContractState state;
  StateTransaction transaction(state);
  EXPECT_FALSE(transaction.HasIterator(0));
  EXPECT_FALSE(transaction.HasIterator(1));
  for (uint32_t i = 1; i <= StateTransaction::kMaxIterators; ++i) {
    ASSERT_EQ(transaction.Scan("a", "b", ScanOrder::kAscending), i);
  }
  EXPECT_EQ(transaction.Scan("a", "b", ScanOrder::kAscending), std::nullopt);
  EXPECT_TRUE(transaction.HasIterator(1));
  EXPECT_FALSE(transaction.HasIterator(StateTransaction::kMaxIterators + 1));
}

}  // namespace
}  // namespace ingot::cosmwasm

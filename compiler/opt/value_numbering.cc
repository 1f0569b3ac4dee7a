#include "compiler/opt/value_numbering.h"

namespace ingot::compiler {
namespace {

bool SameKey(const Pure& a, const Pure& b) {
  return a.op == b.op && a.type == b.type && a.a == b.a && a.b == b.b &&
         a.c == b.c;
}

// Two neighbours are looked at: the hash without its last bit, and with it.
uint32_t Hash(const Pure& key) {
  uint32_t hash = key.op * 0x9E3779B1u;
  hash = (hash ^ key.a) * 0x85EBCA6Bu;
  hash = (hash ^ key.b ^ hash >> 15) * 0xC2B2AE35u;
  hash = (hash ^ key.c ^ hash >> 13) * 0x27D4EB2Fu;
  return hash ^ hash >> 16;
}

}  // namespace

bool ValueNumbering::Allocate(Arena& arena) {
  Array<Entry> entries;
  if (!arena.AllocateArray(kEntries, &entries)) return false;
  entries_ = arena.At<Entry>(entries.offset);
  for (uint32_t i = 0; i < kEntries; ++i) entries_[i] = Entry{};
  return true;
}

bool ValueNumbering::Begin(Arena& arena, uint32_t controls) {
  Array<Hidden> hidden;
  if (!arena.AllocateArray(2 * uint64_t{controls} + 1, &hidden)) return false;
  hidden_ = arena.At<Hidden>(hidden.offset);
  num_hidden_ = 0;
  ++stamp_;
  stores_ = unknown_until_ = changes_ = 0;
  return true;
}

const ValueNumbering::Entry* ValueNumbering::Lookup(const Pure& key) const {
  const uint32_t at = Hash(key) % kEntries;
  for (uint32_t place : {at, at ^ 1}) {
    const Entry& entry = entries_[place];
    if (entry.stamp == stamp_ && SameKey(entry.key, key)) return &entry;
  }
  return nullptr;
}

// An entry of this key, else the one of another function, else the older.
ValueNumbering::Entry* ValueNumbering::Place(const Pure& key) {
  const uint32_t at = Hash(key) % kEntries;
  Entry& one = entries_[at];
  Entry& other = entries_[at ^ 1];
  Entry* entry = &one;
  if (other.stamp == stamp_ && SameKey(other.key, key)) {
    entry = &other;
  } else if (one.stamp == stamp_ && !SameKey(one.key, key) &&
             (other.stamp != stamp_ || other.value < one.value)) {
    entry = &other;
  }
  entry->key = key;
  entry->stamp = stamp_;
  return entry;
}

bool ValueNumbering::IsHidden(InstId value) const {
  uint32_t low = 0, high = num_hidden_;
  while (low < high) {
    const uint32_t middle = (low + high) / 2;
    if (hidden_[middle].end > value) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low < num_hidden_ && hidden_[low].first <= value;
}

InstId ValueNumbering::Find(const Pure& pure) const {
  const Entry* entry = Lookup(pure);
  return entry == nullptr || IsHidden(entry->value) ? kNoId : entry->value;
}

void ValueNumbering::Add(const Pure& pure, InstId value) {
  Place(pure)->value = value;
}

InstId ValueNumbering::FindLoad(const Pure& load, uint32_t bytes) const {
  const Entry* entry = Lookup(load);
  if (entry == nullptr || entry->moment < unknown_until_ ||
      stores_ - entry->moment > kStoresSeen || IsHidden(entry->value)) {
    return kNoId;
  }
  for (uint32_t i = entry->moment; i < stores_; ++i) {
    const Written& written = written_[i % kStoresSeen];
    const uint64_t end = uint64_t{load.c} + bytes;
    const uint64_t written_end = uint64_t{written.offset} + written.bytes;
    const bool apart = written.index == load.a &&
                       (end <= written.offset || written_end <= load.c);
    if (!apart) return kNoId;
  }
  return entry->value;
}

void ValueNumbering::AddLoad(const Pure& load, InstId value) {
  Entry* entry = Place(load);
  entry->value = value;
  entry->moment = stores_;
}

void ValueNumbering::Store(InstId index, uint32_t offset, uint32_t bytes) {
  written_[stores_++ % kStoresSeen] = Written{index, offset, bytes};
}

InstId ValueNumbering::FindGlobal(const Pure& get) const {
  const Entry* entry = Lookup(get);
  return entry == nullptr || entry->moment != changes_ ||
                 IsHidden(entry->value)
             ? kNoId
             : entry->value;
}

void ValueNumbering::SetGlobal(const Pure& get, InstId value, bool imported) {
  if (imported) ++changes_;
  Entry* entry = Place(get);
  entry->value = value;
  entry->moment = changes_;
}

void ValueNumbering::Forget() {
  unknown_until_ = ++stores_;
  ++changes_;
}

// The ranges stay in order and apart: the new one takes in those behind its
// begin.
void ValueNumbering::Hide(InstId first, InstId end) {
  if (first >= end) return;
  while (num_hidden_ != 0 && hidden_[num_hidden_ - 1].first >= first) {
    --num_hidden_;
  }
  if (num_hidden_ != 0 && hidden_[num_hidden_ - 1].end >= first) {
    if (hidden_[num_hidden_ - 1].end < end) hidden_[num_hidden_ - 1].end = end;
    return;
  }
  hidden_[num_hidden_++] = Hidden{first, end};
}

}  // namespace ingot::compiler

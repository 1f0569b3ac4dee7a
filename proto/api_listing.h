#ifndef PROTO_API_LISTING_H_
#define PROTO_API_LISTING_H_

#include <string>
#include <vector>

#include "google/protobuf/descriptor.pb.h"

// The API as lines of text. In: descriptors of the proto files. Out: one line
// for each thing that a client depends on: a field with its number, type and
// label, an enum's value, a method with its messages and streams. Holds: two
// descriptor sets with the same lines are equal on the wire and in generated
// code, whatever their comments and order.

namespace ingot::api {

// Of package ingot.v1, sorted.
std::vector<std::string> Listing(
    const google::protobuf::FileDescriptorSet& files);

// Full names of what has no comment in front of it, sorted.
std::vector<std::string> Undocumented(
    const google::protobuf::FileDescriptorSet& files);

struct Difference {
  std::vector<std::string> broken;   // a client may depend on it, and it is gone
  std::vector<std::string> missing;  // added, and not yet recorded
};

// `recorded` and `now` are sorted listings.
Difference Compare(const std::vector<std::string>& recorded,
                   const std::vector<std::string>& now);

}  // namespace ingot::api

#endif  // PROTO_API_LISTING_H_

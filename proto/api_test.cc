// The API keeps its promises. In: the descriptors of this build and the lines
// recorded in api.txt. Holds: nothing that a client may depend on has changed
// or gone, what was added is recorded, and everything has a comment.

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "proto/api_listing.h"

namespace ingot::api {
namespace {

using google::protobuf::FieldDescriptorProto;
using google::protobuf::FileDescriptorProto;
using google::protobuf::FileDescriptorSet;
using testing::IsEmpty;
using testing::SizeIs;

FileDescriptorSet ThisBuild() {
  FileDescriptorSet files;
  std::ifstream input("proto/descriptors.pb", std::ios::binary);
  EXPECT_TRUE(files.ParseFromIstream(&input));
  return files;
}

std::vector<std::string> Recorded() {
  std::ifstream input("proto/ingot/v1/api.txt");
  std::vector<std::string> lines;
  for (std::string line; std::getline(input, line);) lines.push_back(line);
  return lines;
}

FileDescriptorProto* FileOf(FileDescriptorSet& files, std::string_view name) {
  for (FileDescriptorProto& file : *files.mutable_file()) {
    if (file.name() == name) return &file;
  }
  ADD_FAILURE() << name;
  return nullptr;
}

TEST(ApiTest, IsAsRecorded) {
  const Difference difference = Compare(Recorded(), Listing(ThisBuild()));
  EXPECT_THAT(difference.broken, IsEmpty())
      << "clients depend on these: give them back, or make ingot.v2";
  EXPECT_THAT(difference.missing, IsEmpty())
      << "record them: bazel run //proto:write_api > proto/ingot/v1/api.txt";
}

TEST(ApiTest, EverythingIsDocumented) {
  EXPECT_THAT(Undocumented(ThisBuild()), IsEmpty());
}

TEST(ApiTest, EveryKindOfBreakIsSeen) {
  const std::vector<std::string> recorded = Listing(ThisBuild());
  using Edit = void (*)(FileDescriptorProto&, FileDescriptorProto&);
  const Edit edits[] = {
      [](FileDescriptorProto& types, FileDescriptorProto&) {
        types.mutable_message_type(0)->mutable_field(0)->set_number(9);
      },
      [](FileDescriptorProto& types, FileDescriptorProto&) {
        types.mutable_message_type(0)->mutable_field(0)->set_name("other");
      },
      [](FileDescriptorProto& types, FileDescriptorProto&) {
        types.mutable_message_type(0)->mutable_field(0)->set_type(
            FieldDescriptorProto::TYPE_UINT64);
      },
      [](FileDescriptorProto& types, FileDescriptorProto&) {
        types.mutable_message_type(0)->mutable_field(0)->set_label(
            FieldDescriptorProto::LABEL_REPEATED);
      },
      [](FileDescriptorProto& types, FileDescriptorProto&) {
        types.mutable_enum_type(0)->mutable_value(1)->set_number(77);
      },
      [](FileDescriptorProto& types, FileDescriptorProto&) {
        types.mutable_message_type()->DeleteSubrange(0, 1);
      },
      [](FileDescriptorProto&, FileDescriptorProto& compiler) {
        compiler.mutable_service(0)->mutable_method(0)->set_server_streaming(
            true);
      },
      [](FileDescriptorProto&, FileDescriptorProto& compiler) {
        compiler.mutable_service(0)->mutable_method(0)->set_name("Other");
      },
  };
  for (const Edit edit : edits) {
    FileDescriptorSet files = ThisBuild();
    edit(*FileOf(files, "ingot/v1/types.proto"),
         *FileOf(files, "ingot/v1/compiler.proto"));
    EXPECT_FALSE(Compare(recorded, Listing(files)).broken.empty());
  }
}

TEST(ApiTest, AnAdditionBreaksNothing) {
  FileDescriptorSet files = ThisBuild();
  const std::vector<std::string> recorded = Listing(files);
  FieldDescriptorProto* const field =
      FileOf(files, "ingot/v1/types.proto")->mutable_message_type(0)
          ->add_field();
  field->set_name("later");
  field->set_number(100);
  field->set_type(FieldDescriptorProto::TYPE_BYTES);
  const Difference difference = Compare(recorded, Listing(files));
  EXPECT_THAT(difference.broken, IsEmpty());
  EXPECT_THAT(difference.missing, SizeIs(1));
}

TEST(ApiTest, AMissingCommentIsSeen) {
  FileDescriptorSet files = ThisBuild();
  FileOf(files, "ingot/v1/types.proto")->clear_source_code_info();
  EXPECT_FALSE(Undocumented(files).empty());
}

}  // namespace
}  // namespace ingot::api

// The API as sorted lines. In: descriptors with their source information. Out:
// see the header. Holds: no line depends on the order of definitions.

#include "proto/api_listing.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <string>
#include <vector>

namespace ingot::api {
namespace {

using google::protobuf::DescriptorProto;
using google::protobuf::EnumDescriptorProto;
using google::protobuf::FieldDescriptorProto;
using google::protobuf::FileDescriptorProto;
using google::protobuf::FileDescriptorSet;
using google::protobuf::ServiceDescriptorProto;

constexpr char kPackage[] = "ingot.v1";

std::string TypeName(const FieldDescriptorProto& field) {
  if (!field.type_name().empty()) return field.type_name().substr(1);
  // TYPE_UINT32 as "uint32".
  std::string name = FieldDescriptorProto::Type_Name(field.type()).substr(5);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return name;
}

std::string Label(const DescriptorProto& message,
                  const FieldDescriptorProto& field) {
  if (field.label() == FieldDescriptorProto::LABEL_REPEATED) return "repeated ";
  if (field.proto3_optional()) return "optional ";
  if (field.has_oneof_index()) {
    return "oneof " + message.oneof_decl(field.oneof_index()).name() + " ";
  }
  return "";
}

void List(const DescriptorProto& message, std::vector<std::string>* lines) {
  const std::string name = kPackage + ("." + message.name());
  lines->push_back("message " + name);
  for (const FieldDescriptorProto& field : message.field()) {
    lines->push_back("field " + name + "." + field.name() + " = " +
                     std::to_string(field.number()) + " " +
                     Label(message, field) + TypeName(field));
  }
}

void List(const EnumDescriptorProto& type, std::vector<std::string>* lines) {
  for (const auto& value : type.value()) {
    lines->push_back("value " + (kPackage + ("." + type.name())) + "." +
                     value.name() + " = " + std::to_string(value.number()));
  }
}

void List(const ServiceDescriptorProto& service,
          std::vector<std::string>* lines) {
  for (const auto& method : service.method()) {
    lines->push_back("method " + (kPackage + ("." + service.name())) + "." +
                     method.name() + "(" +
                     (method.client_streaming() ? "stream " : "") +
                     method.input_type().substr(1) + ") returns (" +
                     (method.server_streaming() ? "stream " : "") +
                     method.output_type().substr(1) + ")");
  }
}

// Paths (descriptor.proto, SourceCodeInfo) that a comment stands in front of.
std::set<std::vector<int>> Documented(const FileDescriptorProto& file) {
  std::set<std::vector<int>> paths;
  for (const auto& location : file.source_code_info().location()) {
    if (location.leading_comments().empty()) continue;
    paths.emplace(location.path().begin(), location.path().end());
  }
  return paths;
}

class DocumentChecker {
 public:
  DocumentChecker(const FileDescriptorProto& file,
                  std::vector<std::string>* findings)
      : documented_(Documented(file)), findings_(findings) {}

  void Check(const std::vector<int>& path, const std::string& name) {
    if (!documented_.contains(path)) findings_->push_back(name);
  }

 private:
  const std::set<std::vector<int>> documented_;
  std::vector<std::string>* const findings_;
};

void CheckFile(const FileDescriptorProto& file,
               std::vector<std::string>* findings) {
  DocumentChecker checker(file, findings);
  // The field numbers of descriptor.proto: 4 messages, 5 enums, 6 services; 2
  // what stands in them; 8 the oneofs of a message.
  for (int i = 0; i < file.message_type_size(); ++i) {
    const DescriptorProto& message = file.message_type(i);
    checker.Check({4, i}, message.name());
    for (int j = 0; j < message.field_size(); ++j) {
      checker.Check({4, i, 2, j},
                    message.name() + "." + message.field(j).name());
    }
  }
  for (int i = 0; i < file.enum_type_size(); ++i) {
    const EnumDescriptorProto& type = file.enum_type(i);
    checker.Check({5, i}, type.name());
    for (int j = 0; j < type.value_size(); ++j) {
      checker.Check({5, i, 2, j}, type.name() + "." + type.value(j).name());
    }
  }
  for (int i = 0; i < file.service_size(); ++i) {
    const ServiceDescriptorProto& service = file.service(i);
    checker.Check({6, i}, service.name());
    for (int j = 0; j < service.method_size(); ++j) {
      checker.Check({6, i, 2, j},
                    service.name() + "." + service.method(j).name());
    }
  }
}

}  // namespace

std::vector<std::string> Listing(const FileDescriptorSet& files) {
  std::vector<std::string> lines;
  for (const FileDescriptorProto& file : files.file()) {
    if (file.package() != kPackage) continue;
    for (const auto& message : file.message_type()) List(message, &lines);
    for (const auto& type : file.enum_type()) List(type, &lines);
    for (const auto& service : file.service()) List(service, &lines);
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

std::vector<std::string> Undocumented(const FileDescriptorSet& files) {
  std::vector<std::string> findings;
  for (const FileDescriptorProto& file : files.file()) {
    if (file.package() == kPackage) CheckFile(file, &findings);
  }
  std::sort(findings.begin(), findings.end());
  return findings;
}

Difference Compare(const std::vector<std::string>& recorded,
                   const std::vector<std::string>& now) {
  Difference difference;
  std::set_difference(recorded.begin(), recorded.end(), now.begin(), now.end(),
                      std::back_inserter(difference.broken));
  std::set_difference(now.begin(), now.end(), recorded.begin(), recorded.end(),
                      std::back_inserter(difference.missing));
  return difference;
}

}  // namespace ingot::api

// Man pages. In: the table of commands. Out: roff (man(7)), one page for
// `ingot` and one per command. Holds: the pages say what --help says, because
// both come from the table; docs/man/ holds them and a test compares.

#include <sstream>

#include "cli/command_table.h"
#include "fmt/format.h"

namespace ingot::cli {
namespace {

constexpr std::string_view kExitStatus =
    ".SH EXIT STATUS\n"
    ".TP\n.B 0\naccepted, returned, all checks pass\n"
    ".TP\n.B 1\na negative verdict, outcome or finding\n"
    ".TP\n.B 2\nwrong usage\n"
    ".TP\n.B 3\na fault: something failed that says nothing about the "
    "module\n";

// Text for roff: a backslash, a dash and a leading dot or quote have meanings
// of their own.
std::string Roff(std::string_view text) {
  std::string out;
  bool line_begins = true;
  for (const char c : text) {
    if (line_begins && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
    line_begins = c == '\n';
  }
  return out;
}

std::string Title(std::string_view page) {
  std::string upper;
  for (const char c : page) {
    upper += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return fmt::format(".TH {} 1 \"\" \"Ingot\" \"Ingot\"\n", Roff(upper));
}

std::string FlagName(const CLI::Option& option) {
  std::string name;
  if (!option.get_snames().empty()) {
    name = "-" + option.get_snames()[0];
    if (!option.get_lnames().empty()) name += ", ";
  }
  if (!option.get_lnames().empty()) name += "--" + option.get_lnames()[0];
  return name;
}

// The value that a flag takes; empty if it takes none.
std::string ValueName(const CLI::Option& option) {
  return option.get_type_size() == 0 ? "" : option.get_type_name();
}

std::string CommandPage(const CommandEntry& entry) {
  std::string page = "ingot-" + entry.name;
  for (char& c : page) {
    if (c == ' ') c = '-';
  }
  std::string out = Title(page);
  out += fmt::format(".SH NAME\n{} \\- {}\n", Roff(page),
                     Roff(entry.app->get_description()));
  out += fmt::format(".SH SYNOPSIS\n.B ingot {}\n", Roff(entry.name));
  std::string flags;
  std::string positionals;
  for (const CLI::Option* option : entry.app->get_options({})) {
    const bool positional = option->get_positional();
    const std::string value = ValueName(*option);
    if (positional) {
      const bool required = option->get_required();
      const std::string name = Roff(option->get_name(true));
      out += required ? fmt::format(".I {}\n", name)
                      : fmt::format(".RI [ {} ]\n", name);
      positionals += fmt::format(".TP\n.I {}\n{}\n",
                                 Roff(option->get_name(true)),
                                 Roff(option->get_description()));
    } else {
      flags += fmt::format(".TP\n.B {}{}{}\n{}\n", Roff(FlagName(*option)),
                           value.empty() ? "" : " ", Roff(value),
                           Roff(option->get_description()));
    }
  }
  out += ".RI [ options ]\n.SH DESCRIPTION\n";
  out += fmt::format("{}.\n", Roff(entry.app->get_description()));
  if (!entry.details.empty()) {
    out += fmt::format(".PP\n{}\n", Roff(entry.details));
  }
  out += ".SH OPTIONS\n" + positionals + flags;
  out += ".SH EXAMPLES\n.nf\n" + Roff(entry.examples) + ".fi\n";
  out += kExitStatus;
  out += ".SH SEE ALSO\n.BR ingot (1)\n";
  return out;
}

std::string RootPage(const CommandTable& table) {
  std::string out = Title("ingot");
  out += fmt::format(".SH NAME\ningot \\- {}\n",
                     Roff(table.app->get_description()));
  out += ".SH SYNOPSIS\n.B ingot\n.I command\n.RI [ options ]\n";
  out += ".SH DESCRIPTION\n";
  out += Roff(table.app->get_description());
  out += "\n.SH COMMANDS\n";
  for (const CommandEntry& entry : table.entries) {
    out += fmt::format(".TP\n.B {}\n{}\n", Roff(entry.name),
                       Roff(entry.app->get_description()));
  }
  out += kExitStatus;
  out += ".SH ENVIRONMENT\n.TP\n.B NO_COLOR\nwhen set, output has no "
         "colours; without it there are colours on a terminal only\n";
  return out;
}

}  // namespace

std::vector<ManualPage> ManualPages() {
  const std::unique_ptr<CommandTable> table = MakeCommandTable();
  std::vector<ManualPage> pages = {{"ingot.1", RootPage(*table)}};
  for (const CommandEntry& entry : table->entries) {
    std::string file = "ingot-" + entry.name + ".1";
    for (char& c : file) {
      if (c == ' ') c = '-';
    }
    pages.push_back({file, CommandPage(entry)});
  }
  return pages;
}

}  // namespace ingot::cli

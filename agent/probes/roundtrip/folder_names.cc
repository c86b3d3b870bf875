#include "agent/probes/roundtrip/folder_names.h"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

namespace postwatch::agent {
namespace {

// Of one role; more are a mistake of the server's.
constexpr size_t kMaxMarked = 4;

constexpr auto kSpam =
    std::to_array<std::string_view>({"Junk", "Spam", "INBOX.Junk", "INBOX.Spam", "Junk E-mail",
                                     "Junk Email", "[Gmail]/Spam", "Bulk Mail"});
constexpr auto kSent = std::to_array<std::string_view>(
    {"Sent", "Sent Items", "Sent Messages", "INBOX.Sent", "[Gmail]/Sent Mail"});
constexpr auto kTrash =
    std::to_array<std::string_view>({"Trash", "Deleted Items", "Deleted Messages", "INBOX.Trash"});
constexpr auto kGmailTrash = std::to_array<std::string_view>(
    {"[Gmail]/Trash", "[Gmail]/Bin", "[Google Mail]/Trash", "[Google Mail]/Bin",
     "[Gmail]/Papierkorb", "[Google Mail]/Papierkorb", "[Gmail]/Corbeille", "[Gmail]/Papelera"});

std::string_view UseOf(FolderRole role) {
  if (role == FolderRole::kSpam) return "\\JUNK";
  return role == FolderRole::kSent ? "\\SENT" : "\\TRASH";
}

std::vector<std::string> Marked(FolderRole role, const std::vector<ImapFolder>& marked) {
  std::vector<std::string> names;
  for (const ImapFolder& folder : marked) {
    const bool fits = folder.use == UseOf(role) && folder.name != "INBOX";
    if (fits && names.size() < kMaxMarked) names.push_back(folder.name);
  }
  return names;
}

void AddNew(std::span<const std::string_view> names, std::vector<std::string>& folders) {
  for (const std::string_view name : names) {
    if (std::ranges::find(folders, name) == folders.end()) folders.emplace_back(name);
  }
}

}  // namespace

std::vector<std::string> FoldersToTry(FolderRole role, const std::vector<ImapFolder>& marked) {
  if (role == FolderRole::kInbox) return {"INBOX"};
  std::vector<std::string> folders = Marked(role, marked);
  if (role == FolderRole::kSpam) AddNew(kSpam, folders);
  if (role == FolderRole::kSent) AddNew(kSent, folders);
  if (role != FolderRole::kTrash) return folders;
  AddNew(kTrash, folders);
  AddNew(kGmailTrash, folders);
  return folders;
}

std::vector<std::string> GmailTrashes(const std::vector<ImapFolder>& marked) {
  std::vector<std::string> folders = Marked(FolderRole::kTrash, marked);
  AddNew(kGmailTrash, folders);
  return folders;
}

}  // namespace postwatch::agent

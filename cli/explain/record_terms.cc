#include "cli/explain/record_terms.h"

#include <algorithm>

#include "cli/paragraphs.h"
#include "cli/printable.h"
#include "common/base/text.h"

namespace postwatch::cli {
namespace {

constexpr size_t kMaxWritten = 36;  // longer terms have their meaning on the next line

}  // namespace

std::string LayOut(std::string_view title, const std::vector<Term>& terms,
                   const std::vector<std::string>& remarks) {
  size_t width = 0;
  for (const Term& term : terms) {
    if (term.written.size() <= kMaxWritten) width = std::max(width, term.written.size());
  }
  std::string out = Paragraph("", title);
  if (!terms.empty()) out += '\n';
  for (const Term& term : terms) {
    std::string start = Concat("  ", Printable(term.written));
    if (term.written.size() > kMaxWritten) {
      Append(out, start, "\n");
      start = "  ";
    }
    start.resize(width + 4, ' ');
    out += Paragraph(start, Printable(term.meaning));
  }
  if (!remarks.empty()) out += '\n';
  for (const std::string& remark : remarks) out += Paragraph("", Printable(remark));
  return out;
}

}  // namespace postwatch::cli

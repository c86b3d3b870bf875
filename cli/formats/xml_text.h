// XML text: any bytes as character data of an XML document.
#pragma once

#include <string>
#include <string_view>

namespace postwatch::cli {

// Escaped for element content and for attributes in double quotes. Characters that XML 1.0 does not
// allow (control characters) are dropped, bytes that are no UTF-8 become "?".
std::string XmlText(std::string_view text);

}  // namespace postwatch::cli

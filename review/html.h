#pragma once

/// Pieces of HTML that all pages of a report share. Pure functions. Text is escaped where it is put in, never before.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pipeline/core/finding.h"

namespace recto::html {

/// Text with & < > " ' replaced.
[[nodiscard]] std::string escape(std::string_view text);
/// The message `id` of the table in the reader's language, escaped; the id itself when there is none.
[[nodiscard]] std::string label(std::string_view id);
/// A finding's sentence in the reader's language, the other language under the pointer.
[[nodiscard]] std::string sentence(const Finding& finding);
/// <ul> of sentences; "" when there are none.
[[nodiscard]] std::string list_of(const std::vector<Finding>& findings);

/// Head of a page. `links`: address and text of the navigation; `to_top` is the way to the report's folder ("" or "../").
[[nodiscard]] std::string open_page(const std::string& title, const std::string& to_top,
                                    const std::vector<std::pair<std::string, std::string>>& links);
/// End of a page: a click on a picture shows it large. No script is loaded from anywhere.
[[nodiscard]] std::string close_page();
/// Links "1 2 3 ..." to the parts of a list that is cut into pages; "" when there is one. Parts count from 0.
[[nodiscard]] std::string pager(const std::vector<std::string>& addresses, std::size_t current);

} // namespace recto::html

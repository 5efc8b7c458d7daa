#pragma once

/// Corrected lines of a page: the new text in the boxes of the old. Pure functions, any thread.

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "pipeline/core/page_text.h"

namespace recto::amend {

/// One line as a person wants it.
struct Correction {
    std::string page;     ///< UUID.
    std::string line;     ///< Name of the line in ALTO ("b2l5"), or of a place that was not read ("b7").
    std::string old_text; ///< As it was when it was corrected; empty for such a place.
    std::string new_text; ///< Empty: the line is taken out.
    Box box;              ///< Of the line, in page pixels.
};
void to_json(nlohmann::json& j, const Correction& c);
void from_json(const nlohmann::json& j, Correction& c);

/// The corrections of a page that still stand, oldest first: those made before the page was replaced do not.
[[nodiscard]] std::vector<Correction> corrections_of(const nlohmann::json& edits, const std::string& page);

/// Gives blocks and lines without a name the one that ALTO writes for their place ("b2", "b2l5").
void name_lines(PageText& text);

/// The line of that name; null when there is none.
[[nodiscard]] TextLine* find_line(PageText& text, const std::string& name);

/// The place of that name where nothing was read (BlockKind::Unread); null when there is none.
[[nodiscard]] TextBlock* find_unread(PageText& text, const std::string& name);

/// Makes a place that was not read a block of text, its lines (parted by line feeds) sharing its height evenly.
void fill_place(TextBlock& place, const std::string& text);

/// What a block says, its lines parted by line feeds.
[[nodiscard]] std::string text_of_block(const TextBlock& block);

/// The lines of a text as ALTO can hold them, without those that are empty; parted by line feeds.
[[nodiscard]] std::string clean_lines(std::string_view text);

/// Sets a line's text; characters that stay keep their boxes, changed ones share the room between their neighbours.
/// Confidence of what a person wrote is 1.
void set_line_text(TextLine& line, const std::string& text);
/// Takes a line out, and its block when that was its last.
void take_line_out(PageText& text, const std::string& name);

/// Applies one; false when neither its name with its old text nor a line (or a place not read) at its place is there.
bool put_correction_on(PageText& text, const Correction& correction);

} // namespace recto::amend

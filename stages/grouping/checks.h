#pragma once

/// What the pages of an item say about each other, before any text is read.

#include <string_view>

#include "pipeline/core/item.h"

namespace recto::group {

/// Fronts and backs of sheets: with `duplex` "on", or "auto" when every blank page after the first page with content
/// lies at an even place, those blank pages become BlankVerso; leaf and side are filled when the count is even.
void mark_sides(Item& item, std::string_view duplex);

/// Finding "group.duplicate" (Warning) on each page that repeats an earlier one: the same bytes, or signatures within
/// `distance` bits (0 to 16) at a like size and amount of ink.
void check_duplicates(Item& item, int distance);

/// Takes "group.duplicate" back where the texts of the two pages, once read, say otherwise: forms look alike, and their entries
/// differ. Lines that the reader was sure of must differ in two characters or more from all that the other page says, and be at
/// least two and a tenth of the sure lines. Copies of one scan file stay duplicates.
void check_duplicates_by_text(Item& item);

/// What the stack says of a page's way up, where at least four pages agree and nine in ten of those that know: finding
/// "group.odd_orientation" on a page that says otherwise (Info where it is sure of itself, else Warning), and
/// "group.orientation_unlike" (Warning) on one whose own evidence is weak, or which treatment left unsure, and which lies
/// otherwise than they do; it names their turn. No page is turned by its neighbours.
void check_orientation(Item& item);

/// Finding "group.odd_size" on a page whose paper is unlike that of nearly all others (five pages of known resolution or
/// more): a Warning where it is as wide as they are and shorter, as paper that was folded or not fed to its end; else Info.
void check_sizes(Item& item);

/// Finding "group.streaks" (Rescan) on the item's first page with a line that at least three images of one device have at one
/// place ("treat.streak"): dirt on the scanner's glass.
void check_streaks(Item& item);

} // namespace recto::group

#pragma once

/// The text that a PDF brings along for a page, and whether it may stand for the page. Pure functions, any thread.
///
/// A layer is believed by place: its words lie on a line that an engine read, and say what was read there. That tells a good
/// layer from one without characters, another page's, one that lies beside the print and one whose fonts name wrong
/// characters, and does not depend on the order in which a file keeps its words.

#include <functional>
#include <vector>

#include <opencv2/core.hpp>

#include "pipeline/core/page_text.h"
#include "pipeline/core/result.h"
#include "pipeline/core/source_text.h"

namespace recto::reading {

/// From this share on two texts of one page are taken for the same: readers of worn print agree to three quarters.
inline constexpr double kSameText = 0.7;

/// A layer on a page of ours.
struct OwnText {
    std::vector<TextLine>
        lines;           ///< As the file has them; words by their fonts' height, or where print was found by that.
    int characters = 0;  ///< Without white space.
    double garbled = 0;  ///< Share of characters that are none, or whose order is not known (right to left).
    double on_print = 0; ///< Share of characters that lie on something; the lines hold only these once pruned.
};

/// The words whose middle lies on the page, in page pixels.
[[nodiscard]] OwnText own_text_on(const SourceText& text, const Transform& source_to_page);

/// Draws the words' boxes in to the print in them, and takes out words with no print in their place (hidden, or painted in
/// the paper's colour). `grey`: CV_8UC1, the whole page.
void settle_on_print(OwnText& own, const cv::Mat& grey);

/// Whether nearly every mark of a letter's size lies in a word: no scan, picture or drawn lettering bears text besides.
[[nodiscard]] bool covers_print(const OwnText& own, const cv::Mat& grey);

/// Which lines to look at, to know whether the fonts name their characters right: the longest of each part of the page.
[[nodiscard]] std::vector<const TextLine*> sample_of(const OwnText& own);

struct Agreement {
    double by_place = 0; ///< 0 to 1: of the texts line by line where they lie.
    double likeness = 0; ///< The larger of that and the likeness of the texts as they run on.
};
[[nodiscard]] Agreement agreement_of(const OwnText& own, const std::vector<TextBlock>& read);

/// Likeness of two lines without regard to white space and width of forms, 0 to 1.
[[nodiscard]] double line_likeness(const std::string& a, const std::string& b);

/// The layer's words in the lines that were read, whose order and tables stand; lines that the layer does not have, or has
/// otherwise, stay as they were read; lines that only the layer has come in by their place. A line's confidence is its
/// likeness to what was read there, of lines that nobody read `unread`.
void put_own_words(const OwnText& own, std::vector<TextBlock>& read, double unread);

} // namespace recto::reading

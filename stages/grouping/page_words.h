#pragma once

/// The lines of a page as classes and checks compare them.

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/core/page_text.h"

namespace recto::group {

struct WordLine {
    std::string text;    ///< Width folded, without white space (engines space Chinese characters at will).
    std::string folded;  ///< `text` with the traditional characters of forms written simply and Latin in lower case.
    double middle = 0.5; ///< Height of its middle on the page, 0 top to 1 bottom.
    double height = 0;   ///< Share of the page's height.
};

struct PageWords {
    std::vector<WordLine> lines;
    std::string all;            ///< `folded` of all lines, each with a line feed.
    std::size_t characters = 0; ///< Without white space.
    bool table = false;
};

[[nodiscard]] PageWords words_of(const PageText& text);
[[nodiscard]] std::size_t length_of(std::string_view text); ///< Code points.
/// How many of `words` are in `text`.
[[nodiscard]] int count_of(const std::string& text, std::initializer_list<std::string_view> words);

/// How well a short line above `upto` is the heading `word`: 1 when it is in it with at most `extra` characters besides, 0.75
/// when one of four or more characters was read wrongly, else 0.
[[nodiscard]] double heading(const PageWords& w, std::string_view word, double upto, std::size_t extra);

} // namespace recto::group

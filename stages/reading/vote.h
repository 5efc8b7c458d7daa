#pragma once

/// Two readings of one line become one: where they agree nothing changes, where they differ the surer side is taken, and
/// what the other side says stays as a variant. Pure functions, any thread.

#include <cstdint>
#include <vector>

#include "stages/reading/ppocr_recognize.h"

namespace recto::reading {

/// How a character came about.
enum class Vote : std::uint8_t {
    Alone,   ///< One reading.
    Agreed,  ///< Both say the same.
    Disputed ///< Another reading says something else there.
};

/// What the second reading was made by: another network, or the same one from another picture of the page, which knows less anew.
enum class Witness : std::uint8_t { Network, Picture };

struct VotedLine {
    ReadLine line;
    std::vector<Vote> votes; ///< A glyph each, in order over all words.
};

/// `a` is kept where both are equally sure. Confidences of both are chances of being right (calibrate.h), and those of the
/// result are what the two together say; of letters that is less than of Chinese characters. Characters that only one side has
/// stay when it is more than half sure of them, or a little sure where the other's ink says that it left some out.
/// Words follow the side that a character came from. What lost stays: as the glyph's variant where one character stands against
/// one, else as an alternative of the word.
[[nodiscard]] VotedLine vote(ReadLine a, ReadLine b, Witness second = Witness::Network);

/// `line` with the characters that `other` has where `line` has none, of which `other` is more than half sure; as it is where its
/// ink does not say that it left out more than `other`.
[[nodiscard]] ReadLine fill_in(ReadLine line, ReadLine other);

} // namespace recto::reading

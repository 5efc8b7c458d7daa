#pragma once

/// The characters of a worn line of Chinese. Where strokes are gone a network is sure of nothing, and the best
/// label of a step is mostly the blank: read greedily (ctc.h), such lines lose characters. Here the line is first cut into places,
/// each with the characters it may hold; then those are taken that together are the likeliest, by what the network saw, by
/// how common the words are that they make and by how well these follow one another. Pure functions, any thread.

#include <vector>

#include "stages/reading/ctc.h"
#include "stages/reading/language.h"

namespace recto::reading {

/// What a network says of a line.
struct LineLikelihoods {
    std::vector<float> values; ///< `steps` rows of `classes` probabilities each, label 0 the blank.
    int steps = 0, classes = 0;
};

/// The line's characters in order, of labels of `charset`. `confidence` and the rivals': chance of the label among all ways to read
/// the line, times what the network gave to characters at that place; uncalibrated (Reader::Together). What the network is sure of
/// stays, whatever words it makes.
[[nodiscard]] std::vector<CtcChar> read_worn(const LineLikelihoods& line, const Charset& charset,
                                             const Language& language);

} // namespace recto::reading

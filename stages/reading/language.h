#pragma once

/// What is known of Chinese text: how common its words are, and which follow which.

#include "stages/reading/word_list.h"
#include "stages/reading/word_pairs.h"

namespace recto::reading {

struct Language {
    WordList words;
    WordPairs pairs;
};

} // namespace recto::reading

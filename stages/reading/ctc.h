#pragma once

/// Connectionist temporal classification (Graves et al. 2006), read greedily: the best label of each time step, equal
/// neighbours merged, blanks dropped. Pure functions, any thread.

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "pipeline/core/result.h"

namespace recto::reading {

/// One character of the decoded line.
struct CtcChar {
    int label = 0;        ///< Index into the charset, never the blank (0).
    float confidence = 0; ///< Highest probability within its run of steps, 0 to 1.
    double position = 0;  ///< Where its probability has its centre, in time steps from the line's start (step + 0.5).
    double begin = 0, end = 0; ///< First step and one past the last step of its run.

    /// What else it may be, where that is not out of the question: the next best labels of its best step that are neither
    /// the blank nor itself, the likeliest first; label 0 fills up.
    struct Rival {
        int label = 0;
        float confidence = 0;
    };
    std::array<Rival, 3> rivals{};
};

/// Decodes `steps` rows of `classes` probabilities each (row-major, label 0 is the blank).
[[nodiscard]] std::vector<CtcChar> ctc_decode(std::span<const float> probabilities, int steps, int classes);

/// Labels of a PP-OCR recognition model: blank, the dictionary's lines in order, space.
class Charset {
  public:
    /// Reads a dictionary, a character a line in UTF-8. Errors: "missing.model", "read.model" (empty or not UTF-8).
    [[nodiscard]] static Result<Charset> load(const std::string& path);
    /// From the content of a dictionary file.
    [[nodiscard]] static Result<Charset> parse(std::string_view content, const std::string& name);

    [[nodiscard]] int size() const { return static_cast<int>(labels_.size()); } ///< With blank and space.
    [[nodiscard]] const std::string& text(int label) const { return labels_[static_cast<std::size_t>(label)]; }
    [[nodiscard]] char32_t code_point(int label) const { return code_points_[static_cast<std::size_t>(label)]; }
    [[nodiscard]] bool has(std::string_view label) const { return known_.contains(std::string(label)); }
    /// "read.model" naming both files when a model's output of `classes` does not fit this charset.
    [[nodiscard]] Result<void> check(int classes, const std::string& model_file) const;

  private:
    std::string name_;
    std::vector<std::string> labels_;
    std::unordered_set<std::string> known_;
    std::vector<char32_t> code_points_; ///< First code point of each label; 0 for the blank.
};

} // namespace recto::reading

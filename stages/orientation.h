#pragma once

/// Whom treatment asks which way up a page is where its own test is in doubt: Tesseract, then the networks that read print.
/// Here because treatment and reading do not know each other.

#include <array>
#include <functional>
#include <memory>
#include <string>

#include "pipeline/core/settings.h"
#include "stages/treatment/orient.h"

namespace recto {

/// A probe for one thread; null where `treatment.orient_second_opinion` is never. Models are loaded when the first page in doubt
/// comes by; the reader's are shared by all probes of one maker, and serve one page at a time. What is not there (a language, a
/// model, a build without OpenVINO) is not asked.
using ProbeMaker = std::function<std::unique_ptr<treat::OrientationProbe>()>;
[[nodiscard]] ProbeMaker orientation_probes(const Settings& settings, const std::string& model_folder);

/// What becomes of the treatment of pages in doubt hangs on this too: for the cache key of the stage.
[[nodiscard]] std::string orientation_readers(const Settings& settings, const std::string& model_folder);

/// What the scores of reading say about a page; `turn_deg` 0 and confidence 0 where nothing reads as print. Of Chinese print
/// two quarter turns remain: its characters read as well lying on one side.
[[nodiscard]] treat::Orientation orientation_of(const std::array<double, 4>& scores);

} // namespace recto

#pragma once

/// The page stage "proof": pictures of the lines that the reader was not sure of, for operators who compare print and text.
/// Work only: never in packages.

#include <memory>

#include "pipeline/core/stage.h"

namespace recto {

/// Result: {"file": path of one JPEG in the work folder with all the lines one below the other, "" when there is none;
/// "width", "height" of it; "doubtful": how many lines the page has; "lines": the worst of them, worst first, at most
/// proof.lines: {"id" as in ALTO, "text", "confidence", "y", "width", "height" (pixels of the JPEG)}; "files": [it]}.
[[nodiscard]] std::unique_ptr<PageStage> make_proof_stage();

} // namespace recto

#pragma once

/// The page stage "reading": the text of a page image, in reading order, with boxes and confidences. Its result is the
/// JSON of PageText (pipeline/core/page_text.h).

#include <memory>
#include <string>
#include <vector>

#include "pipeline/core/page_text.h"
#include "pipeline/core/raster.h"
#include "pipeline/core/result.h"
#include "pipeline/core/stage.h"
#include "stages/reading/ocr_engine.h"

namespace recto {

/// Stage "reading". open() loads the models ("missing.model", "missing.ppocr", "missing.language" when they are not
/// there) and is quick enough to be called for one page. A page that treatment found blank is not looked at.
[[nodiscard]] std::unique_ptr<PageStage> make_reading_stage();

/// Where a page image comes from, for the text that its source brings along.
struct PageOrigin {
    const Source& source;
    int index;                ///< Image in the source, from 0.
    const Transform& to_page; ///< Source -> page image.
    LargerPage larger{};      ///< Small print is read from it; empty: from the page image.
};

struct PageReading {
    PageText text;
    std::vector<Finding> findings; ///< "read.layer_*".
};
/// The stage's result: that of PageText, and "findings" where there are some.
void to_json(nlohmann::json& j, const PageReading& r);
void from_json(const nlohmann::json& j, PageReading& r);

/// The same without the pipeline, for `recto text`: opens an engine by settings once and reads image after image.
/// One thread at a time.
class TextReader {
  public:
    /// Errors as of the stage's open(). `workers` and the model folder come from `context`.
    [[nodiscard]] static Result<std::unique_ptr<TextReader>> open(const StageContext& context);
    ~TextReader();

    /// Text of one raster. Blank or unreadable images are a success with that state. Errors: "read.time_limit",
    /// "read.cancelled", "read.engine".
    [[nodiscard]] Result<PageText> read(const Raster& raster, const Limits& limits);

    /// The same with regard to the text that a PDF brings along, as `reading.text_layer` says.
    [[nodiscard]] Result<PageReading> read(const Raster& raster, const PageOrigin& origin, const Limits& limits);

  private:
    struct State;
    explicit TextReader(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

} // namespace recto

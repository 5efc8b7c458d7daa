#pragma once

/// Reads a page with regard to the text that its source brings along (reading.text_layer).

#include <functional>

#include "stages/reading/ocr_engine.h"
#include "stages/reading/own_text.h"
#include "stages/reading/reading.h"

namespace recto::reading {

using FetchText = std::function<Result<SourceText>(const Source& source, int index)>;

/// The session's thread; all references outlive it.
class PageReader {
  public:
    PageReader(OcrSession& session, const OcrEngine& engine, const Settings& settings, const FetchText& fetch)
        : session_(session), engine_(engine), settings_(settings), fetch_(fetch) {}

    /// `ink`: the page's share, -1: not known; `blank`: it is not looked at; `origin`: null where it is not known. Errors: as
    /// OcrSession::read; what is wrong with a text layer is a finding.
    Result<PageReading> read(const Raster& raster, double ink, bool blank, const PageOrigin* origin,
                             const Limits& limits);

  private:
    OwnText own_text(const Raster& raster, const PageOrigin& origin, std::vector<Finding>& findings);
    Result<PageText> read_page(const Raster& raster, double ink, const PageOrigin* origin, const Limits& limits);
    Result<PageReading> keep(const Raster& raster, double ink, const PageOrigin& origin, OwnText own, PageReading out,
                             const Limits& limits);
    Result<double> look_at_sample(const Raster& raster, const OwnText& own, const Limits& limits);
    [[nodiscard]] PageText from_layer(const Raster& raster, const cv::Mat& grey, OwnText own, double likeness) const;
    [[nodiscard]] std::string name_of_layer() const { return "text layer of the PDF, checked with " + engine_.name(); }

    OcrSession& session_;
    const OcrEngine& engine_;
    const Settings& settings_;
    const FetchText& fetch_;
    bool painted_ = false; ///< The page's text is part of its picture, all of it.
};

} // namespace recto::reading

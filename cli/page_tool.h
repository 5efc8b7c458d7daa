#pragma once

/// What text, inspect and clean share: decoding in a child and treatment, one image at a time.

#include <memory>
#include <string>

#include "cli/cli.h"
#include "pipeline/files/decode.h"
#include "stages/orientation.h"
#include "stages/treatment/treatment.h"

namespace recto::cli {

class PageTool {
  public:
    explicit PageTool(const Settings& settings)
        : decoder_(program_path(), 2), options_(treat::Options::from_settings(settings)),
          probe_(orientation_probes(settings, model_folder())()) {}
    Result<Source> probe(const std::string& path) {
        auto source = decoder_.probe(path);
        if (source) source->path = path;
        return source;
    }
    Result<Raster> decode(const Source& source, int index) { return decoder_.decode(source.path, index); }
    Result<SourceText> text(const Source& source, int index) { return decoder_.text(source.path, index); }
    ImageTreatment treat(const Raster& raster, const ImageInfo& info) {
        return treat::treat_image(raster, info, options_, probe_.get());
    }

  private:
    Decoder decoder_;
    treat::Options options_;
    std::unique_ptr<treat::OrientationProbe> probe_;
};

/// Exit code of two files together.
inline int worse(int a, int b) { return a == kDone ? b : b == kDone ? a : kSomeFailed; }

} // namespace recto::cli

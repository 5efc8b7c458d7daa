// Apart from take.cpp, so that what needs no decoding children does not link them.

#include "stages/intake/intake.h"

namespace recto::intake {

Result<Source> take_source(const std::string& path, Decoder& decoder, FileSystem& fs, const TakeOptions& options) {
    return take_source(path, [&](const std::string& p) { return decoder.probe(p); }, fs, options);
}

} // namespace recto::intake

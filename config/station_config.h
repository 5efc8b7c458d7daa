#pragma once

/// station.yaml of a station's folder in a hot folder.

#include <string>

#include "pipeline/core/model.h"
#include "pipeline/core/result.h"
#include "pipeline/files/file_system.h"

namespace recto {

struct StationConfig {
    std::string name; ///< `station`; default: the folder's name.
    std::string operator_name, device, profile;
};

/// Keys: station, operator, device, profile; an unknown one is refused. Errors: "config.station" with the line.
Result<StationConfig> read_station_config(FileSystem& fs, const std::string& path);

} // namespace recto

#pragma once

/// What a run's items say against the catalogue, as lists beside the report and sentences in it.

#include <string>
#include <vector>

#include "catalogue/catalogue.h"
#include "catalogue/reconcile.h"
#include "pipeline/engine/archive.h"
#include "pipeline/engine/run.h"
#include "pipeline/files/file_system.h"
#include "review/report.h"

namespace recto::cli {

/// Writes rescan.csv and, with a catalogue, errata.csv and inventory.csv into `folder`, and their names and the sentences
/// into `context`; what separator sheets show of an item joins its findings in `run`. Brings `scanned` into the report's
/// order. A list that cannot be written is left out. False: pages or separator sheets disagree with the catalogue.
bool reconcile_run(FileSystem& fs, const std::string& folder, const ArchivePaths& paths,
                   const catalogue::Catalogue* listed, std::vector<catalogue::ScannedItem>& scanned, RunReport& run,
                   ReportContext& context);

} // namespace recto::cli

#pragma once

/// Digests as packages of others name them, and many files hashed by several threads.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/core/result.h"
#include "pipeline/files/file_system.h"

namespace recto::verify {

/// "md5" "sha1" "sha224" "sha256" "sha384" "sha512" "sha512/256" "blake2b-512" "sm3", and "size" (bytes, decimal): lower
/// case. False for any other name.
[[nodiscard]] bool known_checksum(std::string_view name);
/// Length of its hexadecimal form; 0 for unknown names and "size".
[[nodiscard]] std::size_t checksum_length(std::string_view name);

struct ChecksumJob {
    std::string path;                        ///< For the file system.
    std::vector<std::string> names;          ///< Known algorithms; each file is read once for all of them.
    Result<std::vector<std::string>> values; ///< Filled in the order of `names`, lower-case hexadecimal.
    std::uint64_t bytes = 0;                 ///< Read.
};

/// Runs the jobs with `threads` threads (0: as many as the machine has, at most 8). Order of jobs is kept.
void run_checksums(FileSystem& fs, std::vector<ChecksumJob>& jobs, int threads);

} // namespace recto::verify

#pragma once

/// Messages between the parent and a decoding child, over a stream socket. Internal to pipeline/files.
///
/// A message is: size of the head (4 bytes, the machine's order), size of the blob (4 bytes), head (JSON), blob (bytes).
/// A raster's memory travels beside the first byte as a file descriptor (SCM_RIGHTS). Requests carry the path as blob
/// (paths are bytes, JSON is not); replies carry the ICC profile.

#include <chrono>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace recto::files {

struct Message {
    nlohmann::json head;
    std::string blob;
    int fd = -1; ///< Owned by the receiver; -1 when none came.
};

enum class Received { Ok, Closed, TimedOut, Malformed };

/// False when the peer is gone. `fd` stays with the caller.
bool send_message(int socket, const nlohmann::json& head, std::string_view blob, int fd = -1);

/// Waits until `deadline`. On anything but Ok `out.fd` is -1. Sizes beyond what the protocol needs are malformed.
Received receive_message(int socket, Message& out, std::chrono::steady_clock::time_point deadline);

} // namespace recto::files

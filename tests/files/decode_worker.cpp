// The decoding child of the tests: the real worker loop, and on request the ways in which a child can go wrong.
// RECTO_TEST_FAULT: crash | crash_once:<marker file> | hang | garbage | lie_size | lie_unsealed | exit

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "pipeline/files/decode.h"
#include "pipeline/files/worker_protocol.h"

int main() {
    const char* value = std::getenv("RECTO_TEST_FAULT");
    const std::string fault = value == nullptr ? "" : value;
    const int fd = recto::kDecodeWorkerFd;
    if (fault.empty()) return recto::decode_worker_main(fd);
    if (fault.starts_with("crash_once:")) {
        const std::string marker = fault.substr(11);
        if (std::ifstream(marker)) return recto::decode_worker_main(fd);
        std::ofstream(marker) << "crashed\n";
    }
    recto::files::Message request;
    recto::files::receive_message(fd, request, std::chrono::steady_clock::time_point::max());
    if (fault == "hang")
        while (true) ::pause();
    if (fault == "exit") return 3;
    if (fault == "garbage") {
        const std::string bytes(64, '\xee');
        return ::write(fd, bytes.data(), bytes.size()) > 0 ? (::pause(), 0) : 1;
    }
    if (fault.starts_with("lie_")) {
        const int memory = ::memfd_create("lie", MFD_ALLOW_SEALING);
        const int size = fault == "lie_size" ? 100 : 1000 * 1000;
        if (::ftruncate(memory, size) != 0) return 1;
        if (fault == "lie_size") ::fcntl(memory, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
        recto::files::send_message(fd,
                                   {{"ok", true},
                                    {"width", 1000},
                                    {"height", 1000},
                                    {"channels", 1},
                                    {"mode", 1},
                                    {"dpi_x", 300.0},
                                    {"dpi_y", 300.0},
                                    {"dpi_source", 0}},
                                   {}, memory);
        ::pause();
    }
    std::abort();
}

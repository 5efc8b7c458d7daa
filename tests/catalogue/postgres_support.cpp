#include "tests/catalogue/postgres_support.h"

#include <cstdlib>
#include <filesystem>
#include <memory>

#include <pwd.h>
#include <unistd.h>

namespace recto::catalogue {

namespace {

namespace fs = std::filesystem;

/// PostgreSQL refuses to run as root; its package brings a user of its own.
class Server {
  public:
    Server() {
        for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql", error_))
            if (fs::exists(entry.path() / "bin/initdb")) bin_ = (entry.path() / "bin").string();
        if (bin_.empty()) {
            why = "PostgreSQL is not installed (Debian package postgresql)";
            return;
        }
        char name[] = "/tmp/recto-pg-XXXXXX";
        if (!::mkdtemp(name)) {
            why = "no temporary folder";
            return;
        }
        folder_ = name;
        if (::geteuid() == 0) {
            const passwd* user = ::getpwnam("postgres");
            if (!user || ::chown(name, user->pw_uid, user->pw_gid) != 0) {
                why = "no user postgres";
                return;
            }
            as_ = "runuser -u postgres -- ";
        }
        if (!run(bin_ + "/initdb -D " + folder_ + "/data -U recto -E UTF8 --no-locale -A trust --no-sync") ||
            !run(bin_ + "/pg_ctl -D " + folder_ + "/data -l " + folder_ + "/log -w -o \"-k " + folder_ +
                 " -c listen_addresses= -c fsync=off\" start")) {
            why = "PostgreSQL did not start: see " + folder_;
            return;
        }
        started_ = true;
    }
    ~Server() {
        if (started_) (void)run(bin_ + "/pg_ctl -D " + folder_ + "/data -m immediate stop");
        if (started_) fs::remove_all(folder_, error_);
    }
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    std::string database() {
        if (!started_) return {};
        const std::string name = "t" + std::to_string(++count_);
        if (!run(bin_ + "/createdb -h " + folder_ + " -U recto " + name)) {
            why = "no database could be made";
            return {};
        }
        return "postgresql://recto@/" + name + "?host=" + folder_;
    }
    std::string why;

  private:
    [[nodiscard]] bool run(const std::string& command) const {
        return std::system(("cd / && " + as_ + command + " >/dev/null 2>&1").c_str()) == 0; // NOLINT(cert-env33-c)
    }
    std::string bin_, folder_, as_;
    std::error_code error_;
    bool started_ = false;
    int count_ = 0;
};

} // namespace

std::string new_postgres_database(std::string& why) {
    static Server server;
    std::string url = server.database();
    why = server.why;
    return url;
}

} // namespace recto::catalogue

#include "tls_server.hpp"

#include "client.hpp"
#include "support/temp_directory.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <stdexcept>

namespace corm::test {
namespace {

bool has_openssl() {
    return std::system("openssl version >/dev/null 2>&1") == 0;
}

std::size_t count(const std::string& text, const std::string& part) {
    std::size_t found = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
        ++found;
    return found;
}

} // namespace

TlsServer::TlsServer()
    : directory_(make_temp_directory("corm-tls")),
      server_({.listen_tcp = true, .settings = {{"log_connections", "on"}, {"authentication_timeout", "10"}}}) {
    const std::string& url = server_.tcp_url(); // postgresql://postgres:PASSWORD@127.0.0.1:PORT/postgres
    const std::size_t at = url.find('@'), colon = url.find(':', url.find("://") + 3);
    password_ = url.substr(colon + 1, at - colon - 1);
    port_ = url.substr(url.rfind(':') + 1);
    port_.resize(port_.find('/'));
    const std::string key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes ";
    openssl("req -x509 " + key + "-days 2 -subj /CN=corm-authority -keyout ca.key -out ca.crt");
    openssl("req -x509 " + key + "-days 2 -subj /CN=corm-other -keyout other.key -out other.crt");
    for (const std::string name : {"server", "expired"})
        openssl("req " + key + "-subj /CN=localhost -keyout " + name + ".key -out " + name + ".csr");
    std::ofstream{directory_ / "index"};
    std::ofstream{directory_ / "ca.conf"}
        << "[ca]\ndefault_ca = a\n[a]\ndatabase = index\ndefault_md = sha256\nnew_certs_dir = .\nrand_serial = yes\n"
           "unique_subject = no\npolicy = p\n[p]\ncommonName = supplied\n";
    sign("server", "-days 2");
    // Newer versions refuse negative days.
    sign("expired", "-startdate 20200101000000Z -enddate 20200102000000Z");
    openssl("ca -config ca.conf -cert ca.crt -keyfile ca.key -revoke server.crt");
    openssl("ca -config ca.conf -cert ca.crt -keyfile ca.key -gencrl -crldays 2 -out revoked.crl");
    std::filesystem::copy_file(directory_ / "server.key", directory_ / "open.key");
    chmod(file("open.key").c_str(), 0644);
    const std::filesystem::path data = server_.directory() / "data";
    struct stat owner{};
    if (stat(data.c_str(), &owner) != 0)
        throw std::runtime_error("no data directory");
    for (const std::string name : {"server", "expired"}) {
        for (const std::string kind : {".crt", ".key"}) {
            const std::filesystem::path target = data / (name + kind);
            std::filesystem::copy_file(directory_ / (name + kind), target);
            if (chmod(target.c_str(), 0600) != 0 || chown(target.c_str(), owner.st_uid, owner.st_gid) != 0)
                throw std::runtime_error("cannot give " + target.string() + " to the server");
        }
    }
    const std::filesystem::path rules = data / "pg_hba.conf";
    std::ifstream present_rules{rules};
    const std::string text{std::istreambuf_iterator<char>{present_rules}, {}};
    std::ofstream{rules} << "host all rejected 127.0.0.1/32 reject\n" << text;
    present("server");
}

TlsServer::~TlsServer() {
    std::filesystem::remove_all(directory_);
}

void TlsServer::openssl(const std::string& arguments) const {
    const std::string log = file("openssl.log");
    if (std::system(("cd " + directory_.string() + " && openssl " + arguments + " >" + log + " 2>&1").c_str()) != 0) {
        std::ifstream said{log};
        throw std::runtime_error("openssl " + arguments + ": " + std::string{std::istreambuf_iterator<char>{said}, {}});
    }
}

void TlsServer::sign(const std::string& name, const std::string& validity) const {
    openssl("ca -batch -notext -config ca.conf -cert ca.crt -keyfile ca.key " + validity + " -in " + name +
            ".csr -out " + name + ".crt");
}

wire::Config TlsServer::secure() const {
    return {.url = "hostaddr=127.0.0.1",
            .host = "localhost",
            .port = port_,
            .user = "postgres",
            .password = password_,
            .database = "postgres",
            .transport = wire::Transport::secure,
            .parameters = {{"sslrootcert", file("ca.crt")}}};
}

void TlsServer::present(const std::string& certificate) {
    Client admin{{.max_size = 1}, {.url = server_.url()}};
    pool::Lease lease = admin.lease();
    const auto set = [&](const std::string& setting) {
        if (const wire::Reply reply = admin.run(lease, request({("ALTER SYSTEM SET " + setting).c_str()})); reply.error)
            std::rethrow_exception(reply.error);
    };
    set(std::string{"ssl = "} + (certificate.empty() ? "off" : "on"));
    set("ssl_cert_file = '" + (certificate.empty() ? "server" : certificate) + ".crt'");
    set("ssl_key_file = '" + (certificate.empty() ? "server" : certificate) + ".key'");
    lease.release();
    admin.scalar("pg_reload_conf()");
    // Sessions hear of it from the postmaster, which reads the files before it accepts the next connection.
    wait_for(admin, "current_setting('ssl_cert_file') = '" + (certificate.empty() ? "server" : certificate) +
                        ".crt' AND current_setting('ssl') = '" + (certificate.empty() ? "off" : "on") + "'");
}

std::size_t TlsServer::connections() const {
    return count(server_.log(), "connection received: host=127.0.0.1");
}

TlsServer* tls_server() {
    static const std::unique_ptr<TlsServer> instance = has_openssl() ? std::make_unique<TlsServer>() : nullptr;
    return instance.get();
}

TcpMock::TcpMock(std::string answer) : answer_(std::move(answer)) {
    listener_ = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (bind(listener_, generic, size) != 0 || listen(listener_, 8) != 0 || getsockname(listener_, generic, &size) != 0)
        throw std::runtime_error("listen");
    port_ = std::to_string(ntohs(address.sin_port));
    thread_ = std::thread([this] {
        for (int connection = 0; (connection = accept(listener_, nullptr, nullptr)) >= 0;) {
            ++connections_;
            serve(connection);
            close(connection);
        }
    });
}

void TcpMock::serve(int socket) {
    std::array<char, 4096> bytes;
    bool answered = false;
    for (ssize_t got = 0; (got = read(socket, bytes.data(), bytes.size())) > 0;) {
        const std::lock_guard lock(mutex_);
        heard_.append(bytes.data(), static_cast<std::size_t>(got));
        if (!answered && write(socket, answer_.data(), answer_.size()) < 0)
            return;
        answered = true;
    }
}

TcpMock::~TcpMock() {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
}

} // namespace corm::test

#include "analyze/detect/protocol_names.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace doorplate {
namespace {

struct Translation {
    std::string_view ndpi;
    std::string_view service;
};

// Only names that lower case alone does not make right. docs/output-formats.md points here.
constexpr std::array translations{
    Translation{"AJP", "ajp13"},          Translation{"Cassandra", "cql"},
    Translation{"CiscoSkinny", "skinny"}, Translation{"Corba", "giop"},
    Translation{"EthernetIP", "enip"},    Translation{"FTP_CONTROL", "ftp"},
    Translation{"FTP_DATA", "ftp-data"},  Translation{"GTP_C", "gtp"},
    Translation{"GTP_PRIME", "gtp"},      Translation{"GTP_U", "gtp"},
    Translation{"HTTP_Connect", "http"},  Translation{"HTTP_Proxy", "http"},
    Translation{"IAX", "iax2"},           Translation{"IEC60870", "iec60870_104"},
    Translation{"IMAPS", "tls"},          Translation{"IPsec", "isakmp"},
    Translation{"Jabber", "xmpp"},        Translation{"MongoDB", "mongo"},
    Translation{"MsSQL-TDS", "tds"},      Translation{"Oracle", "tns"},
    Translation{"POPS", "tls"},           Translation{"SMBv1", "smb"},
    Translation{"SMBv23", "smb"},         Translation{"SMTPS", "tls"},
    Translation{"Usenet", "nntp"},        Translation{"VNC", "rfb"},
    Translation{"Whois-DAS", "whois"},    Translation{"Z39.50", "z3950"},
    Translation{"ZeroMQ", "zmtp"},
};

char service_letter(char letter) {
    const auto byte = static_cast<unsigned char>(letter);
    if (std::isalnum(byte) != 0) return static_cast<char>(std::tolower(byte));
    return letter == '-' || letter == '.' ? letter : '_';
}

} // namespace

std::string service_name(std::string_view ndpi_name) {
    const auto *const found = std::ranges::find(translations, ndpi_name, &Translation::ndpi);
    if (found != translations.end()) return std::string{found->service};
    std::string name{ndpi_name};
    std::ranges::transform(name, name.begin(), service_letter);
    while (name.ends_with('_')) name.pop_back();
    return name;
}

} // namespace doorplate

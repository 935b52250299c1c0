#include "analyze/detect/dns_answers.h"

#include <cstdlib>
#include <memory>
#include <optional>
#include <set>

#include <ldns/ldns.h>

namespace doorplate {
namespace {

struct FreeRecord {
    void operator()(ldns_rr *record) const { ldns_rr_free(record); }
};
using RecordPtr = std::unique_ptr<ldns_rr, FreeRecord>;

struct Free {
    void operator()(char *text) const { std::free(text); } // NOLINT: from a C library
};

// RFC 6762 section 10.2: the highest bit of the class asks to flush caches.
bool is_internet_class(const ldns_rr &record) { return (ldns_rr_get_class(&record) & 0x7fff) == LDNS_RR_CLASS_IN; }

// Nothing for the root.
std::optional<std::string> name_text(ldns_rdf *name) {
    if (name == nullptr || ldns_rdf_get_type(name) != LDNS_RDF_TYPE_DNAME) return std::nullopt;
    ldns_dname2canonical(name);
    const std::unique_ptr<char, Free> text(ldns_rdf2str(name));
    if (!text) return std::nullopt;
    std::string result(text.get());
    if (result.ends_with('.')) result.pop_back();
    if (result.empty()) return std::nullopt;
    return result;
}

std::optional<IpAddress> address_in(const ldns_rr &record) {
    const ldns_rdf *const data = ldns_rr_rdf(&record, 0);
    if (data == nullptr) return std::nullopt;
    const std::size_t size = ldns_rdf_size(data);
    const bool is_address = ldns_rr_get_type(&record) == LDNS_RR_TYPE_A ? size == 4 : size == 16;
    if (!is_address) return std::nullopt;
    return IpAddress::from_bytes({ldns_rdf_data(data), size});
}

struct Alias {
    std::string name;
    std::string target;
};

// One message on its way through ldns.
class MessageReader {
  public:
    explicit MessageReader(Bytes message) : message_(message) {}

    RecordPtr next(ldns_pkt_section section) {
        ldns_rr *record = nullptr;
        if (ldns_wire2rr(&record, message_.data(), message_.size(), &position_, section) != LDNS_STATUS_OK)
            return nullptr;
        return RecordPtr(record);
    }

  private:
    Bytes message_;
    std::size_t position_ = LDNS_HEADER_SIZE;
};

// The asked name and all that it is an alias of.
std::set<std::string> names_behind(const std::string &asked, const std::vector<Alias> &aliases) {
    std::set<std::string> names{asked};
    bool grew = true;
    while (grew) { // at most once for each alias
        grew = false;
        for (const Alias &alias : aliases) {
            if (names.contains(alias.name)) grew |= names.insert(alias.target).second;
        }
    }
    return names;
}

} // namespace

std::vector<NamedAddress> addresses_in_answer(Bytes message) {
    ByteReader header(message);
    if (!header.skip(2)) return {};
    const auto flags = header.be16();
    const auto questions = header.be16();
    const auto answers = header.be16();
    if (!answers || message.size() < LDNS_HEADER_SIZE) return {};
    constexpr unsigned response = 0x8000;
    constexpr unsigned operation_and_failure = 0x780f; // both 0: an answer to a standard query
    if ((*flags & response) == 0 || (*flags & operation_and_failure) != 0 || *questions > 1) return {};

    MessageReader reader(message);
    std::optional<std::string> asked;
    if (*questions == 1) {
        const RecordPtr question = reader.next(LDNS_SECTION_QUESTION);
        if (question && is_internet_class(*question)) asked = name_text(ldns_rr_owner(question.get()));
        if (!asked) return {};
    }

    std::vector<Alias> aliases;
    std::vector<NamedAddress> found;
    for (int i = 0; i < *answers && i < most_dns_records; ++i) {
        const RecordPtr record = reader.next(LDNS_SECTION_ANSWER);
        if (!record) break;
        if (!is_internet_class(*record)) continue;
        const ldns_rr_type type = ldns_rr_get_type(record.get());
        if (type != LDNS_RR_TYPE_A && type != LDNS_RR_TYPE_AAAA && type != LDNS_RR_TYPE_CNAME) continue;
        auto owner = name_text(ldns_rr_owner(record.get()));
        if (!owner) continue;
        if (type == LDNS_RR_TYPE_CNAME) {
            if (auto target = name_text(ldns_rr_rdf(record.get(), 0))) aliases.push_back({*owner, *target});
        } else if (const auto address = address_in(*record)) {
            found.push_back({std::move(*owner), *address, ldns_rr_ttl(record.get())});
        }
    }
    if (!asked) return found;

    const std::set<std::string> names = names_behind(*asked, aliases);
    std::erase_if(found, [&](const NamedAddress &answer) { return !names.contains(answer.name); });
    for (NamedAddress &answer : found) answer.name = *asked;
    return found;
}

} // namespace doorplate

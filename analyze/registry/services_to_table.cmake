# The table of ../port_table.h from services(5), for build machines without node: a few hundred names instead of some
# eleven thousand.
#
#   cmake -DSERVICES=/etc/services -DPRIMARY_NAMES=primary_names.tsv -DOUTPUT=port_table.cpp -P services_to_table.cmake
cmake_minimum_required(VERSION 3.25)
set(transports tcp udp sctp dccp)

# The lines of a text file, safe to keep in a list.
function(read_lines path lines)
  file(READ ${path} text)
  string(REPLACE "\\" "/" text "${text}")
  string(REPLACE "\"" "'" text "${text}")
  string(REPLACE ";" "," text "${text}")
  string(REPLACE "[" "(" text "${text}")
  string(REPLACE "]" ")" text "${text}")
  string(REPLACE "\n" ";" text "${text}")
  set(${lines} "${text}" PARENT_SCOPE)
endfunction()

# Remembers a name for a number; the first one stays unless `replace`. Keys sort as numbers.
macro(add_service port transport name description replace)
  math(EXPR key "100000 + ${port}")
  if("${transport}" IN_LIST transports AND ${port} LESS 65536 AND (${replace} OR NOT DEFINED ${transport}_${key}))
    list(APPEND ${transport}_keys ${key})
    set(${transport}_${key} "{\"${name}\"sv, \"${description}\"sv}")
  endif()
endmacro()

read_lines(${SERVICES} lines)
foreach(line IN LISTS lines)
  if(line MATCHES "^([A-Za-z0-9_.-]+)[ \t]+([0-9]+)/([a-z]+)[^#]*(#[ \t]*(.*))?$")
    set(name "${CMAKE_MATCH_1}")
    set(port "${CMAKE_MATCH_2}")
    set(transport "${CMAKE_MATCH_3}")
    string(STRIP "${CMAKE_MATCH_5}" description)
    add_service(${port} ${transport} "${name}" "${description}" FALSE)
  endif()
endforeach()

read_lines(${PRIMARY_NAMES} lines)
foreach(line IN LISTS lines)
  if(line MATCHES "^([0-9]+)(-([0-9]+))?\t([a-z,]+)\t([^\t]+)\t([^\t]+)$")
    set(low ${CMAKE_MATCH_1})
    set(high "${CMAKE_MATCH_3}")
    set(name "${CMAKE_MATCH_5}")
    set(description "${CMAKE_MATCH_6}")
    string(REPLACE "," ";" row_transports "${CMAKE_MATCH_4}")
    set(replace FALSE)
    if("${high}" STREQUAL "")
      set(high ${low})
      set(replace TRUE)
    endif()
    foreach(transport IN LISTS row_transports)
      foreach(port RANGE ${low} ${high})
        add_service(${port} ${transport} "${name}" "${description}" ${replace})
      endforeach()
    endforeach()
  elseif(line MATCHES "^[^#]")
    message(FATAL_ERROR "${PRIMARY_NAMES}: not four columns: ${line}")
  endif()
endforeach()

set(services "")
set(tables "")
set(spans "")
set(index 0)
foreach(transport IN LISTS transports)
  set(spans "${spans}, .${transport} = {}")
  if(${transport}_keys)
    list(REMOVE_DUPLICATES ${transport}_keys)
    list(SORT ${transport}_keys)
    set(rows "")
    foreach(key IN LISTS ${transport}_keys)
      math(EXPR port "${key} - 100000")
      string(APPEND services "    ${${transport}_${key}},\n")
      string(APPEND rows "{${port}, ${index}},\n")
      math(EXPR index "${index} + 1")
    endforeach()
    string(APPEND tables "constexpr PortEntry ${transport}[] = {\n${rows}};\n\n")
    string(REPLACE ".${transport} = {}" ".${transport} = ${transport}" spans "${spans}")
  endif()
endforeach()

file(WRITE ${OUTPUT} "// Made by analyze/registry/services_to_table.cmake; not to be edited.
#include \"analyze/port_table.h\"

namespace doorplate {
namespace {

using namespace std::string_view_literals;

constexpr RegisteredService services[] = {
${services}};

${tables}} // namespace

PortTable built_in_port_table() {
    return {.services = services${spans}, .source = \"services(5), ${SERVICES} of the build machine\"sv};
}

} // namespace doorplate
")

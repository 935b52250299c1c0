# Capture states facts, analyze draws conclusions, report chooses words: no include line points back up.
#   cmake -DROOT=<source tree> -P layering.cmake
# Fails with every back edge, and with every third-party header that is used outside its room.

# <files> ; what their include lines must not match (a regular expression)
set(rules
  "capture/*.h|capture/*.cpp"                 "\"(analyze|report|tests)/|\"options\\.h"
  "capture/*.h|capture/*.cpp"                 "NOT_SOCKETS \"capture/sockets/"
  "analyze/*.h|analyze/*.cpp"                 "\"(report|tests)/|\"options\\.h"
  "analyze/dissect/*.h|analyze/dissect/*.cpp" "\"capture/sockets/"
  "report/*.h|report/*.cpp"                   "\"tests/|\"options\\.h"
  "analyze/*.h|report/*.h|report/*.cpp|main.cpp|options.h|options.cpp" "<(ndpi|ldns/)"
  "analyze/*.h|analyze/*.cpp"                 "<(pcap|libmnl/|sys/capability\\.h|linux/)"
  "report/*.h|report/*.cpp"                   "<(pcap|libmnl/|sys/capability\\.h|linux/)"
  "main.cpp|options.h"                        "<(pcap|libmnl/|linux/)"
  "capture/*.h|capture/*.cpp|analyze/*.h|analyze/*.cpp|report/*.h|report/*.cpp|main.cpp|options.h" "<CLI/"
  "capture/*.h|capture/*.cpp|analyze/*.h|analyze/*.cpp|main.cpp|options.h|options.cpp"             "<rapidjson/"
)

set(edges 0)
set(files_read 0)
list(LENGTH rules length)
math(EXPR last "${length} - 1")
foreach(index RANGE 0 ${last} 2)
  math(EXPR next "${index} + 1")
  list(GET rules ${index} patterns)
  list(GET rules ${next} forbidden)
  string(REPLACE "|" ";" patterns "${patterns}")
  set(paths)
  foreach(pattern IN LISTS patterns)
    file(GLOB_RECURSE found RELATIVE ${ROOT} ${ROOT}/${pattern})
    list(APPEND paths ${found})
  endforeach()
  if(forbidden MATCHES "^NOT_SOCKETS ")
    string(REPLACE "NOT_SOCKETS " "" forbidden "${forbidden}")
    list(FILTER paths EXCLUDE REGEX "^capture/sockets/")
  endif()
  foreach(path IN LISTS paths)
    math(EXPR files_read "${files_read} + 1")
    file(STRINGS ${ROOT}/${path} includes REGEX "^[ \t]*#[ \t]*include")
    foreach(line IN LISTS includes)
      if(line MATCHES "${forbidden}")
        message(SEND_ERROR "${path}: ${line}")
        math(EXPR edges "${edges} + 1")
      endif()
    endforeach()
  endforeach()
endforeach()
if(files_read EQUAL 0)
  message(FATAL_ERROR "no source files below ${ROOT}")
endif()
message(STATUS "${files_read} files read, ${edges} edges that point back")

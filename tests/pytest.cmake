# doorplate_pytest(DIRECTORY): a CTest entry for each test function of the test_*.py files there.
find_program(DOORPLATE_PYTHON python3 PATHS /usr/bin NO_DEFAULT_PATH REQUIRED) # the one with Debian's packages

function(doorplate_pytest directory)
  file(GLOB files CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${directory}/test_*.py)
  foreach(file IN LISTS files)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
    get_filename_component(stem ${file} NAME_WE)
    file(STRINGS ${file} lines REGEX "^def test_[a-z0-9_]+")
    foreach(line IN LISTS lines)
      string(REGEX REPLACE "^def (test_[a-z0-9_]+).*" "\\1" function ${line})
      string(REGEX REPLACE "^test_" "" title ${function})
      set(name ${directory}.${title})
      add_test(NAME ${name} COMMAND ${DOORPLATE_PYTHON} -B -m pytest -q -rs -p no:cacheprovider ${file}::${function})
      # Sanitizers must fail a test that makes them speak, and must not change the exit code that it looks for.
      set_tests_properties(${name} PROPERTIES
        ENVIRONMENT "DOORPLATE_BINARY=$<TARGET_FILE:doorplate>;DOORPLATE_TRAFFIC=$<TARGET_FILE:traffic>;ASAN_OPTIONS=exitcode=99;UBSAN_OPTIONS=print_stacktrace=1"
        SKIP_REGULAR_EXPRESSION "[0-9]+ skipped" TIMEOUT 180)
    endforeach()
  endforeach()
endfunction()

# Installs the pinned package beside itself, by the lock file's hashes; nothing of it is executed.
#
#   cmake -DNPM=npm -DFROM=folder with the package files -DTO=folder in the build tree -P fetch.cmake
cmake_minimum_required(VERSION 3.25)
file(COPY ${FROM}/package.json ${FROM}/package-lock.json ${FROM}/.npmrc DESTINATION ${TO})
execute_process(
  COMMAND ${NPM} ci --ignore-scripts --no-audit --no-fund --loglevel=error
  WORKING_DIRECTORY ${TO} OUTPUT_QUIET ERROR_VARIABLE complaint RESULT_VARIABLE failed)
if(failed)
  message(FATAL_ERROR "npm ci failed in ${TO}; offline? -DDOORPLATE_PORT_REGISTRY=services builds without it\n${complaint}")
endif()
file(TOUCH ${TO}/node_modules/.package-lock.json)

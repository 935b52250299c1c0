#pragma once

#include <cstddef>
#include <cstdint>

// libFuzzer's contract: any bytes, again and again; a crash is a finding.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size);

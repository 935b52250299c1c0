#pragma once

namespace doorplate {

// A confidence is how often we expect such a verdict to be right: 1 is certain, 0.5 a coin toss. Evidence against a
// verdict brings it nearer to the coin toss, by as much as that evidence is itself away from one. Evidence that agrees
// adds nothing: most of it has the same cause, and counting it twice would make us sound surer than we are.
[[nodiscard]] constexpr double weakened(double confidence, double contrary) {
    return 0.5 + (confidence - 0.5) * (2 - 2 * contrary);
}

} // namespace doorplate

// The anchor of a pod: it makes the pod's names, sysctls and shared mounts, then holds the
// namespaces it was born into until it is killed. Runs in a copy of the shim, never in the shim
// itself. The network's links and addresses come from the shim, from outside.
//
// With a PID namespace of its own for each container nobody in the pod can see pause, and it
// becomes podctl-pause, which holds with two pages of memory. In a shared PID namespace it stays
// what it is: a program that has just been executed could be traced before it has said that it must
// not be.
#pragma once

#include "podctl/base/error.hpp"
#include "podctl/wire/launch.hpp"

namespace podctl::pause {

// `answers`: the wire::Socket to the shim; `program`: podctl-pause, a sealed memfd. Only returns
// when it failed, after it has said so: the exit code.
int run(Result<void> entered, const wire::PauseRequest& request, int answers, int program);

}  // namespace podctl::pause

// What could not be started: its image, its configuration, its mounts, its program.
#include <algorithm>

#include "lifecycle/why_parts.hpp"

namespace podctl::lifecycle {
namespace {

// ---- images ----

Cause image_cause(const Suspect& s, const api::ContainerStateWaiting& w) {
  const std::string image = "\"" + s.spec.image + "\"";
  const std::string bring =
      "Bring it with \"podctl image load\" or \"podctl image import\", or name one of those that "
      "\"podctl image ls\" shows; the container then starts by itself.";
  std::string problem = s.Name() + " has no image: " + image + " could not be had.", remedy = bring;
  std::string reason = w.reason == "ImagePullBackOff" ? "ErrImagePull" : w.reason;
  if (w.reason == "InvalidImageName") {
    problem = s.Name() + " has no image: " + image + " is no name of an image.";
    remedy = "Correct the container's image: [REGISTRY/]NAME[:TAG][@DIGEST], in lower case.";
  } else if (w.reason == "ErrImageNeverPull") {
    problem = s.Name() + " has no image: " + image +
              " is not in the local store, and its imagePullPolicy is Never.";
  } else if (w.reason == "ImageInspectError") {
    problem = s.Name() + " has no image: " + image + " is in the local store, but cannot be read.";
    remedy = "Remove it with \"podctl image rm\" and bring it anew.";
  } else if (contains(w.message, "not in the local store")) {
    problem = s.Name() + " has no image: " + image + " is not in the local store.";
  }
  Cause cause = cause_of(s, std::move(reason), std::move(problem), std::move(remedy));
  add_fact(cause, "status", w.reason + ": " + w.message);
  return cause;
}

// ---- configuration and creation ----

// "volume 'data' at '/data'" of a mount's error.
std::string volume_in(std::string_view message) { return between(message, "volume '", "'"); }

std::string mount_remedy(const api::Pod& pod, const std::string& volume) {
  for (const auto& v : pod.spec.volumes) {
    if (v.name != volume || !v.hostPath) continue;
    return "Make \"" + v.hostPath->path +
           "\" on this machine as the volume's type asks for, or correct hostPath.path and "
           "hostPath.type of the volume.";
  }
  return "Correct the volume, or the mount of it.";
}

}  // namespace

std::string missing_config(std::string_view message) {
  for (const auto& [word, kind] : {std::pair{"configmap", "ConfigMap"},
                                   {"secret", "Secret"},
                                   {"persistentvolumeclaim", "PersistentVolumeClaim"}}) {
    const std::string name = between(message, std::string(word) + " \"", "\" not found");
    if (!name.empty()) {
      return std::string("Make the ") + kind + " \"" + name +
             "\" with \"podctl apply\", or correct its name; the pod goes on by itself.";
    }
  }
  const bool key = contains(message, "couldn't find key") || contains(message, "non-existent");
  return key ? "Add the key with \"podctl apply\", or correct its name; the pod goes on by itself."
             : "";
}

namespace {

Cause config_cause(const Suspect& s, const api::ContainerStateWaiting& w) {
  std::string remedy = "Correct what the message names in the manifest.";
  if (std::string missing = missing_config(w.message); !missing.empty()) {
    remedy = std::move(missing);
  } else if (contains(w.message, "runAsNonRoot")) {
    remedy =
        "Set securityContext.runAsUser to a number other than 0, take an image that names such "
        "a user, or leave runAsNonRoot out.";
  }
  Cause cause = cause_of(s, w.reason,
                         s.Name() + " cannot be made of what the manifest says: " + w.message + ".",
                         std::move(remedy));
  add_fact(cause, "status", w.reason + ": " + w.message);
  return cause;
}

Cause create_cause(const Suspect& s, const api::ContainerStateWaiting& w) {
  const std::string volume = volume_in(w.message);
  Cause cause = cause_of(s, w.reason, s.Name() + " cannot be made: " + w.message + ".",
                         "Correct what the message names; podctl tries again every 10 s.");
  if (!volume.empty()) {
    cause.reason = "FailedMount";
    cause.problem = s.Name() + " cannot be made: its volume \"" + volume + "\" cannot be mounted.";
    cause.remedy = mount_remedy(s.pod, volume);
  } else if (w.message.starts_with("working directory: ")) {
    cause.reason = "BadWorkingDirectory";
    cause.problem = s.Name() + " cannot be made: its working directory \"" + s.spec.workingDir +
                    "\" is none: " + w.message.substr(w.message.find(": ") + 2) + ".";
    cause.remedy = "Set workingDir to a directory of the image or of a volume, or leave it out.";
  } else if (contains(w.message, "too small to start in")) {
    cause.reason = "MemoryLimitTooSmall";
    cause.problem = s.Name() + " cannot be started within its memory limit.";
    cause.remedy = "Raise resources.limits.memory.";
  }
  add_fact(cause, "status", w.reason + ": " + w.message);
  return cause;
}

// ---- execve ----

struct Words {
  std::string reason, problem, remedy;
};

// The mount below which a path of the container lies; null: the image's own.
const api::VolumeMount* mount_over(const Suspect& s, const std::string& path) {
  const api::VolumeMount* best = nullptr;
  for (const auto& m : s.spec.volumeMounts) {
    if (!path.starts_with(m.mountPath + "/")) continue;
    if (best == nullptr || m.mountPath.size() > best->mountPath.size()) best = &m;
  }
  return best;
}

Words missing_program(const Suspect& s, const std::string& program) {
  Words w{"MissingCommand",
          s.Name() + " cannot be started: there is no program \"" + program + "\" in it.",
          "Correct the container's command (\"podctl image inspect " + s.spec.image +
              "\" shows what the image runs by itself), or take an image that has the program."};
  if (program.find(' ') != std::string::npos) {
    w.remedy =
        "Part the command into its words, or have a shell do it: command: [\"sh\", \"-c\", \"" +
        program + "\"].";
  } else if (const auto* mount = mount_over(s, program)) {
    w.remedy = "The path lies in the volume \"" + mount->name +
               "\", which is mounted over the image's own files there: put the program into the "
               "volume, or mount that elsewhere.";
  }
  return w;
}

Words exec_words(const Suspect& s, const std::string& program, const std::string& message) {
  const std::string cannot = s.Name() + " cannot be started: ";
  const std::string quoted = "\"" + program + "\"";
  if (contains(message, "interpreter \"")) {
    return {"MissingInterpreter",
            cannot + quoted + " is there, but not its interpreter \"" +
                between(message, "interpreter \"", "\"") + "\".",
            "Take an image that has the interpreter or C library, a statically linked program, or "
            "correct the script's first line."};
  }
  if (contains(message, "exec format error")) {
    const auto detail = between(message, "exec format error (", ")");
    return {"ExecFormatError",
            cannot + quoted + " is nothing that this machine can execute" +
                (detail.empty() ? "." : ": " + detail + "."),
            "Take an image for this machine's architecture; a script needs a first line like "
            "\"#!/bin/sh\"."};
  }
  if (contains(message, "executable file not found in $PATH") ||
      contains(message, "no such file or directory")) {
    return missing_program(s, program);
  }
  if (contains(message, "permission denied")) {
    return {"NotExecutable", cannot + quoted + " may not be executed by the container's user.",
            "Give the file its x bits (chmod +x) in the image or volume, or run as a user who may "
            "execute it."};
  }
  if (contains(message, "is a directory")) {
    return {"NotExecutable", cannot + quoted + " is a directory.",
            "Name the program itself in the container's command."};
  }
  return {"StartError", cannot + message + ".", "Correct the container's command, or its image."};
}

}  // namespace

Cause exec_cause(const Suspect& s, const std::string& message) {
  const std::string program = between(message, "exec: \"", "\"");
  Words w = exec_words(s, program, message);
  Cause cause = cause_of(s, std::move(w.reason), std::move(w.problem), std::move(w.remedy));
  add_fact(cause, "status", "StartError: " + message);
  const bool own = !s.spec.command.empty();
  add_fact(cause, "manifest",
           own ? "command is the container's own: \"" + s.spec.command.front() + "\""
               : "command is not set: the image's is run");
  return cause;
}

Cause sandbox_cause(const api::Event& event) {
  const std::string volume = volume_in(event.message);
  Cause cause{{},
              event.reason,
              "The pod's sandbox cannot be made: " + event.message + ".",
              "Correct what the message names; podctl tries again every 10 s.",
              {}};
  if (event.reason == "FailedMount") {
    cause.problem = "The pod cannot start: a volume of it cannot be had: " + event.message + ".";
    cause.remedy = "Make on this machine what the volume names, or correct its path and type.";
    if (std::string missing = missing_config(event.message); !missing.empty())
      cause.remedy = std::move(missing);
  } else if (constexpr std::string_view kBoilerplate = "Failed to create pod sandbox: ";
             event.message.starts_with(kBoilerplate)) {
    cause.problem =
        "The pod's sandbox cannot be made: " + event.message.substr(kBoilerplate.size()) + ".";
  }
  add_fact(cause, "event", event.reason + ": " + event.message);
  return cause;
}

std::optional<Cause> start_cause(const Suspect& s, const api::ContainerStateWaiting& w) {
  static constexpr std::string_view kImage[] = {"ErrImagePull",      "ImagePullBackOff",
                                                "InvalidImageName",  "ErrImageNeverPull",
                                                "ImageInspectError", "RegistryUnavailable"};
  if (std::find(std::begin(kImage), std::end(kImage), w.reason) != std::end(kImage)) {
    return image_cause(s, w);
  }
  if (w.reason == "CreateContainerConfigError") return config_cause(s, w);
  if (w.reason == "CreateContainerError") return create_cause(s, w);
  if (w.reason == "RunContainerError") return exec_cause(s, w.message);
  return std::nullopt;
}

}  // namespace podctl::lifecycle

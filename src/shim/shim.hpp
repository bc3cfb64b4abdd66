// The shim of one pod: takes requests of podctld, holds the sandbox and its containers, reaps,
// keeps exits.
//
// Runs in podctl-shim only, one thread. Requests are done in order, one at a time; a start is
// answered when it has executed, and nobody waits for it meanwhile. It outlives
// every podctld and ends after DestroySandbox, or when its podctld goes before there is a sandbox.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "podctl/base/layout.hpp"
#include "podctl/runtime/sandbox.hpp"
#include "podctl/sys/files.hpp"
#include "podctl/wire/messages.hpp"
#include "podctl/wire/socket.hpp"
#include "shim/live_container.hpp"
#include "shim/loop.hpp"
#include "shim/records.hpp"
#include "shim/reviver.hpp"

namespace podctl::shim {

class Shim {
 public:
  Shim(Loop& loop, Layout layout, std::string uid, runtime::Programs programs);

  // Makes the pod's run directory and the listening socket, then serves `first` and whoever
  // connects. kUnavailable: podctld died before it, and nothing was left.
  Result<void> open(wire::Socket first);

 private:
  // connection.cpp: who speaks to us
  Result<void> make_run_directory();
  // kUnavailable: whoever asked for this shim has died.
  Result<void> expect_podctld(const wire::Socket& first) const;
  void adopt(wire::Socket connection);
  void on_connection(std::uint32_t events);
  void on_listener();
  Result<void> leave();
  void lose_connection();
  void send(wire::Type type, std::uint32_t request, std::string body,
            std::vector<UniqueFd> fds = {});
  void watch_writable();

  // requests.cpp: what they ask
  void handle(wire::Message message);
  void refuse(std::uint32_t request, Error error);
  void rest_soon();
  // Nothing: the answer comes later.
  Result<std::optional<std::string>> answer(wire::Message& message);
  wire::State state() const;
  Result<wire::SandboxInfo> create(wire::SandboxSpec spec);
  Result<void> prepare(wire::SandboxSpec spec);
  // Makes the inits of what the next pod is likely to begin with.
  Result<void> expect(std::vector<wire::ExpectedContainer> containers);
  Result<void> make(wire::SandboxSpec spec);
  Result<void> keep_spec(wire::SandboxSpec spec) const;
  Result<wire::SandboxStats> stats();
  Result<void> remove(const std::string& id);
  Result<void> update(const wire::UpdateRequest& request);
  Result<void> attach(std::uint32_t request, const wire::AttachRequest& asked,
                      std::vector<UniqueFd> fds);
  Result<void> send_sockets(std::uint32_t request);
  Result<void> end_sandbox(bool told);
  Result<void> destroy();
  Result<LiveContainer*> running(const std::string& id);
  Result<runtime::Sandbox*> sandbox();

  // starting.cpp: containers and execs between spawn and execve
  Result<void> start(std::uint32_t request, wire::ContainerSpec spec);
  Result<void> exec(std::uint32_t request, const wire::ExecSpec& spec, std::vector<UniqueFd> fds);
  struct Start {
    std::uint32_t request = 0;
    std::unique_ptr<StartingContainer> container;
  };
  Result<std::unique_ptr<StartingContainer>> begin(runtime::Sandbox& pod, wire::ContainerSpec spec);
  void end_expected_soon();
  bool expected_ended(const sys::Exit& exit);
  void open_log(const std::string& id);
  void advance_start(const std::string& id);
  // It runs, or has failed: whoever asked is told.
  void end_start(std::map<std::string, Start>::iterator at, const Result<void>& executed);
  void advance_exec(pid_t first);
  // Its whole process group: what a shell has started dies with it. One that has ended is no error.
  Result<void> kill_exec(std::uint32_t request) const;
  // Waits for all of them, a bounded time.
  void settle_starts();
  // A container that runs, or one that is on its way there.
  Result<void> kill(const std::string& id);
  void abandon_starts();

  // reaping.cpp: what ends
  void reap_children();
  void child_ended(const sys::Exit& exit);
  void container_ended(const std::string& id, const sys::Exit& exit);
  void pause_ended(const sys::Exit& exit);
  void tell_death();
  void pump_logs();
  Result<void> reap_everything();

  Loop& loop_;
  Layout layout_;
  std::string uid_;
  runtime::Programs programs_;
  Reviver reviver_;
  Records records_;

  wire::Socket connection_;
  bool said_bye_ = false;
  UniqueFd listener_;
  UniqueFd child_signal_;

  std::optional<runtime::Sandbox> sandbox_;
  bool spare_ = false;  // made, but no pod's yet
  bool pause_reaped_ = false;
  std::string death_;   // why pause does not run
  bool dying_ = false;  // of it nobody has been told yet: containers are still ending
  struct ExecStart {
    std::uint32_t request = 0;
    std::unique_ptr<runtime::Launch> launch;
    runtime::Trace trace;
  };
  std::vector<ExpectedStart> expected_;  // no container has come for them yet
  std::map<std::string, Start> starts_;  // by container id
  std::map<pid_t, ExecStart> exec_starts_;  // by what was begun: another may execute
  std::map<std::string, std::unique_ptr<LiveContainer>> containers_;  // running, by id
  std::map<std::string, wire::ContainerSpec> ended_;                  // their files are still there
  std::map<pid_t, std::uint32_t> execs_;                              // pid -> request id
  std::uint64_t resting_ = 0;                                         // timer
  bool ending_ = false;
  sys::Remains remains_;  // of the run directory: closed once podctld has its answer
};

}  // namespace podctl::shim

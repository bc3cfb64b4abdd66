// The commands themselves, one function each: read the options, speak to podctld, print. What they
// print comes from the pure functions of output.hpp, describe.hpp and sandbox_text.hpp.
//
// Used by the command table only; the process is podctl. They return the exit status: 0 done, 1
// failed, 2 wrong use; `exec` passes on the remote command's.
#pragma once

namespace podctl::cli {

class Invocation;

int run_apply(Invocation& in);
int run_delete(Invocation& in);
int run_get(Invocation& in);
int run_describe(Invocation& in);
int run_logs(Invocation& in);
int run_exec(Invocation& in);
int run_diff(Invocation& in);
int run_edit(Invocation& in);
int run_resize(Invocation& in);
int run_label(Invocation& in);
int run_annotate(Invocation& in);
int run_patch(Invocation& in);
int run_why(Invocation& in);
int run_attach(Invocation& in);
int run_port_forward(Invocation& in);
int run_top_pod(Invocation& in);
int run_top_node(Invocation& in);
int run_debug(Invocation& in);
int run_cp(Invocation& in);
int run_wait(Invocation& in);
int run_events(Invocation& in);
int run_explain(Invocation& in);
int run_ns(Invocation& in);
int run_trace(Invocation& in);
int run_image_import(Invocation& in);
int run_image_load(Invocation& in);
int run_image_ls(Invocation& in);
int run_image_rm(Invocation& in);
int run_image_inspect(Invocation& in);
int run_test(Invocation& in);
int run_doctor(Invocation& in);
int run_system_reset(Invocation& in);
int run_version(Invocation& in);
int run_completion(Invocation& in);
int run_complete(Invocation& in);
int run_api_resources(Invocation& in);
int run_help(Invocation& in);
int run_man(Invocation& in);

}  // namespace podctl::cli

// Part of every program and test that is built with PODCTL_SANITIZE, and of no other build: where
// ASan, LSan and UBSan write. podctld and the shims have no terminal and their starters clear the
// environment, so what is found there would be told to nobody; scripts/test --asan reads the files.
extern "C" const char* __asan_default_options() {
  return "log_path=" PODCTL_SANITIZER_LOG ":handle_abort=1:detect_stack_use_after_return=1";
}

extern "C" const char* __ubsan_default_options() { return "print_stacktrace=1"; }

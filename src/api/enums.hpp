// The closed sets of values of Kubernetes' string types (v1.37), in Kubernetes' order.
#pragma once

#include <string_view>

namespace podctl::api::enums {

inline constexpr std::string_view kManagedFieldsOperationType[] = {"Apply", "Update"};
inline constexpr std::string_view kLabelSelectorOperator[] = {"In", "NotIn", "Exists",
                                                              "DoesNotExist"};
inline constexpr std::string_view kHostPathType[] = {
    "DirectoryOrCreate", "Directory",  "FileOrCreate", "File", "Socket",
    "CharDevice",        "BlockDevice"};
inline constexpr std::string_view kAzureDataDiskCachingMode[] = {"None", "ReadOnly", "ReadWrite"};
inline constexpr std::string_view kAzureDataDiskKind[] = {"Shared", "Dedicated", "Managed"};
inline constexpr std::string_view kPersistentVolumeAccessMode[] = {
    "ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod"};
inline constexpr std::string_view kPersistentVolumeMode[] = {"Block", "Filesystem"};
inline constexpr std::string_view kPullPolicy[] = {"Always", "Never", "IfNotPresent"};
inline constexpr std::string_view kSeccompProfileType[] = {"Unconfined", "RuntimeDefault",
                                                           "Localhost"};
inline constexpr std::string_view kAppArmorProfileType[] = {"Unconfined", "RuntimeDefault",
                                                            "Localhost"};
inline constexpr std::string_view kProcMountType[] = {"Default", "Unmasked"};
inline constexpr std::string_view kSupplementalGroupsPolicy[] = {"Merge", "Strict"};
inline constexpr std::string_view kPodFSGroupChangePolicy[] = {"OnRootMismatch", "Always"};
inline constexpr std::string_view kPodSELinuxChangePolicy[] = {"Recursive", "MountOption"};
inline constexpr std::string_view kTolerationOperator[] = {"Exists", "Equal", "Lt", "Gt"};
inline constexpr std::string_view kTaintEffect[] = {"NoSchedule", "PreferNoSchedule", "NoExecute"};
inline constexpr std::string_view kNodeSelectorOperator[] = {"In",           "NotIn", "Exists",
                                                             "DoesNotExist", "Gt",    "Lt"};
inline constexpr std::string_view kUnsatisfiableConstraintAction[] = {"DoNotSchedule",
                                                                      "ScheduleAnyway"};
inline constexpr std::string_view kNodeInclusionPolicy[] = {"Ignore", "Honor"};
inline constexpr std::string_view kProtocol[] = {"TCP", "UDP", "SCTP"};
inline constexpr std::string_view kResourceResizeRestartPolicy[] = {"NotRequired",
                                                                    "RestartContainer"};
inline constexpr std::string_view kContainerRestartRuleOnExitCodesOperator[] = {"In", "NotIn"};
inline constexpr std::string_view kContainerRestartRuleAction[] = {"Restart",
                                                                   "RestartAllContainers"};
inline constexpr std::string_view kRecursiveReadOnlyMode[] = {"Disabled", "IfPossible", "Enabled"};
inline constexpr std::string_view kMountPropagationMode[] = {"None", "HostToContainer",
                                                             "Bidirectional"};
inline constexpr std::string_view kURIScheme[] = {"HTTP", "HTTPS"};
inline constexpr std::string_view kHTTPProtocol[] = {"HTTP1", "HTTP2"};
inline constexpr std::string_view kGRPCProbeMode[] = {"Plaintext", "TLS"};
inline constexpr std::string_view kSignal[] = {
    "SIGABRT",     "SIGALRM",     "SIGBUS",      "SIGCHLD",     "SIGCLD",      "SIGCONT",
    "SIGFPE",      "SIGHUP",      "SIGILL",      "SIGINT",      "SIGIO",       "SIGIOT",
    "SIGKILL",     "SIGPIPE",     "SIGPOLL",     "SIGPROF",     "SIGPWR",      "SIGQUIT",
    "SIGSEGV",     "SIGSTKFLT",   "SIGSTOP",     "SIGSYS",      "SIGTERM",     "SIGTRAP",
    "SIGTSTP",     "SIGTTIN",     "SIGTTOU",     "SIGURG",      "SIGUSR1",     "SIGUSR2",
    "SIGVTALRM",   "SIGWINCH",    "SIGXCPU",     "SIGXFSZ",     "SIGRTMIN",    "SIGRTMIN+1",
    "SIGRTMIN+2",  "SIGRTMIN+3",  "SIGRTMIN+4",  "SIGRTMIN+5",  "SIGRTMIN+6",  "SIGRTMIN+7",
    "SIGRTMIN+8",  "SIGRTMIN+9",  "SIGRTMIN+10", "SIGRTMIN+11", "SIGRTMIN+12", "SIGRTMIN+13",
    "SIGRTMIN+14", "SIGRTMIN+15", "SIGRTMAX-14", "SIGRTMAX-13", "SIGRTMAX-12", "SIGRTMAX-11",
    "SIGRTMAX-10", "SIGRTMAX-9",  "SIGRTMAX-8",  "SIGRTMAX-7",  "SIGRTMAX-6",  "SIGRTMAX-5",
    "SIGRTMAX-4",  "SIGRTMAX-3",  "SIGRTMAX-2",  "SIGRTMAX-1",  "SIGRTMAX"};
inline constexpr std::string_view kContainerRestartPolicy[] = {"Always", "Never", "OnFailure"};
inline constexpr std::string_view kTerminationMessagePolicy[] = {"File", "FallbackToLogsOnError"};
inline constexpr std::string_view kConditionStatus[] = {"True", "False", "Unknown"};
inline constexpr std::string_view kResourceHealthStatus[] = {"Healthy", "Unhealthy", "Unknown"};
inline constexpr std::string_view kVolumeHealthStatusType[] = {"Inaccessible", "DataLoss",
                                                               "Degraded"};
inline constexpr std::string_view kPodPhase[] = {"Pending", "Running", "Succeeded", "Failed",
                                                 "Unknown"};
inline constexpr std::string_view kPodQOSClass[] = {"Guaranteed", "Burstable", "BestEffort"};
inline constexpr std::string_view kOSName[] = {"linux", "windows"};
inline constexpr std::string_view kRestartPolicy[] = {"Always", "OnFailure", "Never"};
inline constexpr std::string_view kDNSPolicy[] = {"ClusterFirstWithHostNet", "ClusterFirst",
                                                  "Default", "None"};
inline constexpr std::string_view kPreemptionPolicy[] = {"PreemptLowerPriority", "Never"};
inline constexpr std::string_view kNamespacePhase[] = {"Active", "Terminating"};
inline constexpr std::string_view kNodePhase[] = {"Pending", "Running", "Terminated"};

}  // namespace podctl::api::enums

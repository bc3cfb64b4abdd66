// The table of options.hpp, filled: every command and option podctl has, and nothing else.
#include "podctl/cli/commands.hpp"
#include "podctl/cli/options.hpp"

namespace podctl::cli {
namespace {

constexpr std::string_view kGetFormats =
    "wide|json|yaml|name|jsonpath=|jsonpath-file=|custom-columns=|custom-columns-file=";

constexpr Option kGlobal[] = {
    {"root",
     0,
     Takes::kValue,
     "DIR",
     "keep all state below DIR instead of the system's places (or PODCTL_ROOT)",
     {},
     {},
     Completes::kFile},
    {"namespace",
     'n',
     Takes::kValue,
     "NAME",
     "the namespace to work in (\"default\")",
     {},
     {},
     Completes::kNamespace},
    {"verbose", 'v', Takes::kFlag, {}, "show each request to podctld and its time on stderr"},
    {"help", 'h', Takes::kFlag, {}, "show what the command does and takes"},
};

constexpr Option kFile{"filename",
                       'f',
                       Takes::kValue,
                       "FILE",
                       "a manifest file, a directory, or - for stdin; may be repeated",
                       {},
                       {},
                       Completes::kFile};
constexpr Option kRecursive{
    "recursive", 'R', Takes::kFlag, {}, "go into the directories below the one given with -f"};
constexpr Option kSelector{"selector", 'l', Takes::kValue, "SELECTOR",
                           "only objects whose labels match (app=web,tier!=back)"};
constexpr Option kFieldSelector{"field-selector", 0, Takes::kValue, "SELECTOR",
                                "only objects whose fields match (status.phase=Running)"};
constexpr Option kAllNamespaces{"all-namespaces", 'A', Takes::kFlag, {}, "every namespace"};
constexpr Option kContainer{"container",
                            'c',
                            Takes::kValue,
                            "NAME",
                            "the container; the pod's default one if not given",
                            {},
                            {},
                            Completes::kContainer};
constexpr Option kTimeout{"timeout", 0, Takes::kValue, "DURATION",
                          "how long to wait; 0 looks once, below 0 waits for a week"};
constexpr Option kNoHeaders{"no-headers", 0, Takes::kFlag, {}, "print no headings"};

constexpr Option kApply[] = {
    kFile,
    kRecursive,
    {"dry-run", 0, Takes::kOptional, "client|server", "say what would happen, change nothing",
     "none|client|server", "client"},
    {"force",
     0,
     Takes::kFlag,
     {},
     "where an immutable field differs, delete the object at once and make it anew"},
    {"output", 'o', Takes::kValue, "FORMAT", "print the objects instead of a line each",
     "name|json|yaml"},
    {"wait",
     0,
     Takes::kOptional,
     "CONDITION",
     "wait until every pod has the condition (Ready), as long as --timeout says or until Ctrl-C; "
     "say what keeps it from it",
     {},
     "Ready"},
    kTimeout,
};
constexpr Option kDiff[] = {
    kFile,
    kRecursive,
};
constexpr Option kDelete[] = {
    kFile,
    kRecursive,
    kSelector,
    {"all", 0, Takes::kFlag, {}, "every object of that type in the namespace"},
    kAllNamespaces,
    {"grace-period", 0, Takes::kValue, "SECONDS",
     "seconds a container has to end by itself; below 0 the pod's own, 0 is 1 without --force"},
    {"now", 0, Takes::kFlag, {}, "a grace period of 1 second"},
    {"force", 0, Takes::kFlag, {}, "kill at once: a grace period of 0"},
    {"wait", 0, Takes::kFlag, {}, "wait until they are gone (true)"},
    kTimeout,
    {"ignore-not-found", 0, Takes::kFlag, {}, "what is not there is no error"},
    {"output", 'o', Takes::kValue, "FORMAT", "\"name\" prints the names only", "name"},
};
constexpr Option kGet[] = {
    {"output", 'o', Takes::kValue, "FORMAT",
     "wide, json, yaml, name, jsonpath=EXPR or custom-columns=HEAD:PATH,...; jsonpath-file=FILE "
     "and "
     "custom-columns-file=FILE",
     kGetFormats},
    {"watch", 'w', Takes::kFlag, {}, "after listing go on printing changes"},
    {"watch-only", 0, Takes::kFlag, {}, "print changes only"},
    kAllNamespaces,
    kSelector,
    kFieldSelector,
    {"show-labels", 0, Takes::kFlag, {}, "one more column: the labels"},
    {"label-columns", 'L', Takes::kValue, "KEY,...", "one more column for each label key"},
    kNoHeaders,
    {"sort-by", 0, Takes::kValue, "JSONPATH", "sort by this field (.metadata.creationTimestamp)"},
    {"ignore-not-found", 0, Takes::kFlag, {}, "an object that is not there is no error"},
    kFile,
    kRecursive,
};
constexpr Option kResize[] = {
    kContainer,
    {"limits", 0, Takes::kValue, "cpu=...,memory=...", "the most that it may have"},
    {"requests", 0, Takes::kValue, "cpu=...,memory=...", "what is kept for it"},
};
constexpr Option kLabel[] = {
    {"overwrite", 0, Takes::kFlag, {}, "replace a value that is there"},
    {"list", 0, Takes::kFlag, {}, "print them instead of changing any"},
    {"all", 0, Takes::kFlag, {}, "every object of the type in the namespace"},
    kSelector,
    kFieldSelector,
    kAllNamespaces,
    kFile,
    kRecursive,
    {"resource-version", 0, Takes::kValue, "VERSION",
     "refuse when the object has another resourceVersion by now"},
    {"dry-run", 0, Takes::kOptional, "client|server", "say what would happen, change nothing",
     "none|client|server", "client"},
    {"output", 'o', Takes::kValue, "FORMAT", "print the objects instead of a line each",
     "name|json|yaml"},
};
constexpr Option kPatch[] = {
    {"patch", 'p', Takes::kValue, "PATCH", "the patch, as JSON or YAML"},
    {"patch-file",
     0,
     Takes::kValue,
     "FILE",
     "a file that holds the patch; - for stdin",
     {},
     {},
     Completes::kFile},
    {"type", 0, Takes::kValue, "TYPE", "how it is merged (strategic)", "json|merge|strategic"},
    {"subresource", 0, Takes::kValue, "NAME", "patch this part of the object", "status"},
    kFile,
    kRecursive,
    {"dry-run", 0, Takes::kOptional, "client|server", "say what would happen, change nothing",
     "none|client|server", "client"},
    {"output", 'o', Takes::kValue, "FORMAT", "print the objects instead of a line each",
     "name|json|yaml"},
};
constexpr Option kDescribe[] = {
    kSelector,
    kAllNamespaces,
    {"show-events", 0, Takes::kFlag, {}, "show the object's events (true)"},
};
constexpr Option kLogs[] = {
    kContainer,
    {"follow", 'f', Takes::kFlag, {}, "go on printing what is written"},
    {"previous", 'p', Takes::kFlag, {}, "the log of the run before this one"},
    {"tail", 0, Takes::kValue, "LINES", "only the last lines; -1 is all (10 with -l)"},
    {"since", 0, Takes::kValue, "DURATION", "only what is newer than this (5s, 2m, 3h)"},
    {"since-time", 0, Takes::kValue, "TIME", "only what is newer than this RFC 3339 time"},
    {"timestamps", 0, Takes::kFlag, {}, "begin each line with its time"},
    {"limit-bytes", 0, Takes::kValue, "BYTES", "print no more than this"},
    {"all-containers", 0, Takes::kFlag, {}, "every container of the pod"},
    {"prefix", 0, Takes::kFlag, {}, "begin each line with [pod/NAME/CONTAINER]"},
    kSelector,
};
constexpr Option kWhy[] = {
    {"output", 'o', Takes::kValue, "FORMAT", "json or yaml: causes and facts as data", "json|yaml"},
    kSelector,
    kAllNamespaces,
};
constexpr Option kExec[] = {
    kContainer,
    {"stdin", 'i', Takes::kFlag, {}, "pass stdin to the command"},
    {"tty", 't', Takes::kFlag, {}, "give the command a terminal"},
    {"quiet", 'q', Takes::kFlag, {}, "print only what the command prints"},
};
constexpr Option kPodRunningTimeout{"pod-running-timeout", 0, Takes::kValue, "DURATION",
                                    "how long to wait for a pod that is Pending (1m0s)"};
constexpr Option kAttach[] = {
    kContainer,
    {"stdin", 'i', Takes::kFlag, {}, "pass stdin to the container"},
    {"tty", 't', Takes::kFlag, {}, "stdin is a terminal, and the container's is too"},
    {"quiet", 'q', Takes::kFlag, {}, "print only what the container prints"},
    {"detach-keys", 0, Takes::kValue, "KEY,...",
     "with -it, the keys that leave and let the container run on (ctrl-p,ctrl-q); \"\" for none"},
    kPodRunningTimeout,
};
constexpr Option kPortForward[] = {
    {"address", 0, Takes::kValue, "ADDRESS,...",
     "listen on these addresses of the machine (localhost)"},
    kPodRunningTimeout,
};
constexpr Option kTopPod[] = {
    kAllNamespaces,
    kSelector,
    kFieldSelector,
    {"containers", 0, Takes::kFlag, {}, "a row each container"},
    {"sum", 0, Takes::kFlag, {}, "one more row: the sum"},
    {"pressure", 0, Takes::kFlag, {}, "what is waited for, throttling, and disk I/O too"},
    kNoHeaders,
    {"sort-by", 0, Takes::kValue, "FIELD", "most first, by cpu or memory", "cpu|memory"},
};
constexpr Option kTopNode[] = {
    kSelector,
    {"pressure", 0, Takes::kFlag, {}, "what is waited for, and disk I/O too"},
    {"show-capacity", 0, Takes::kFlag, {}, "percent of the capacity, not of what pods may have"},
    kNoHeaders,
    {"sort-by", 0, Takes::kValue, "FIELD", "most first, by cpu or memory", "cpu|memory"},
};
constexpr Option kDebug[] = {
    kContainer,
    {"stdin", 'i', Takes::kFlag, {}, "pass stdin to the new container"},
    {"tty", 't', Takes::kFlag, {}, "give it a terminal"},
    {"image",
     0,
     Takes::kValue,
     "IMAGE",
     "the image of the new container",
     {},
     {},
     Completes::kImage},
    {"image-pull-policy", 0, Takes::kValue, "POLICY", "its pull policy",
     "Always|IfNotPresent|Never"},
    {"target", 0, Takes::kValue, "CONTAINER", "see the processes of this container"},
    {"profile", 0, Takes::kValue, "PROFILE", "what it may do (general)",
     "general|baseline|restricted|netadmin|sysadmin|legacy"},
    {"custom",
     0,
     Takes::kValue,
     "FILE",
     "a part of a container's manifest that is laid over the profile",
     {},
     {},
     Completes::kFile},
    {"env", 0, Takes::kValue, "NAME=VALUE", "an environment variable; may be repeated"},
    {"arguments-only", 0, Takes::kFlag, {}, "what follows -- is the image's arguments"},
    {"attach", 0, Takes::kFlag, {}, "attach to it once it runs (with -i)"},
    {"copy-to", 0, Takes::kValue, "NAME", "make a copy of the pod with this name instead"},
    {"set-image", 0, Takes::kValue, "CONTAINER=IMAGE",
     "of the copy: another image for a container, or for all (*=IMAGE)"},
    {"share-processes", 0, Takes::kFlag, {}, "of the copy: one process namespace (true)"},
    {"replace", 0, Takes::kFlag, {}, "kill the original once the copy is made"},
    {"same-node", 0, Takes::kFlag, {}, "of the copy: name the original's node, past the scheduler"},
    {"keep-labels", 0, Takes::kFlag, {}, "of the copy: keep the labels"},
    {"keep-annotations", 0, Takes::kFlag, {}, "of the copy: keep the annotations"},
    {"keep-liveness", 0, Takes::kFlag, {}, "of the copy: keep the liveness probes"},
    {"keep-readiness", 0, Takes::kFlag, {}, "of the copy: keep the readiness probes"},
    {"keep-startup", 0, Takes::kFlag, {}, "of the copy: keep the startup probes"},
    {"keep-init-containers", 0, Takes::kFlag, {}, "of the copy: keep the init containers (true)"},
    {"quiet", 'q', Takes::kFlag, {}, "print only what the container prints"},
};
constexpr Option kCp[] = {
    kContainer,
    {"no-preserve", 0, Takes::kFlag, {}, "do not keep owners and modes"},
    {"retries", 0, Takes::kValue, "N",
     "how often to begin again a copy from a container that broke off (0); below 0 for ever"},
};
constexpr Option kWait[] = {
    {"for", 0, Takes::kValue, "WHAT",
     "condition=NAME[=VALUE], delete, create, or jsonpath='{PATH}'[=VALUE]; several must all hold",
     "condition=|delete|create|jsonpath="},
    kTimeout,
    kSelector,
    kAllNamespaces,
    {"all", 0, Takes::kFlag, {}, "every pod of the namespace"},
};
constexpr Option kEvents[] = {
    {"for",
     0,
     Takes::kValue,
     "TYPE/NAME",
     "only events of this object",
     {},
     {},
     Completes::kReference},
    {"types", 0, Takes::kValue, "TYPE,...", "only events of these types (Normal,Warning)"},
    kAllNamespaces,
    {"watch", 'w', Takes::kFlag, {}, "after listing go on printing new ones"},
    kNoHeaders,
    {"output", 'o', Takes::kValue, "FORMAT", "json or yaml", "json|yaml"},
};
constexpr Option kExplain[] = {
    {"recursive", 0, Takes::kFlag, {}, "every field below as well"},
};
constexpr Option kNs[] = {
    {"output", 'o', Takes::kValue, "FORMAT",
     "wide adds the inodes of the map of all pods, and how to enter those of one; json is the "
     "report",
     "wide|json"},
    kAllNamespaces,
};
constexpr Option kTrace[] = {
    {"output", 'o', Takes::kValue, "FORMAT", "json prints the steps as data", "json"},
};
constexpr Option kImport[] = {
    {"cmd", 0, Takes::kValue, "JSON|TEXT", "the image's default arguments"},
    {"entrypoint", 0, Takes::kValue, "JSON|TEXT", "the image's command"},
    {"env", 'e', Takes::kValue, "NAME=VALUE", "an environment variable; may be repeated"},
    {"workdir", 'w', Takes::kValue, "DIR", "the working directory"},
    {"user", 'u', Takes::kValue, "USER[:GROUP]", "the user the image runs as"},
    {"expose", 0, Takes::kValue, "PORT[/PROTO]", "a port the image serves; may be repeated"},
};
constexpr Option kImageLs[] = {
    {"output", 'o', Takes::kValue, "FORMAT", "json, yaml or name", "json|yaml|name"},
    kNoHeaders,
};
constexpr Option kImageInspect[] = {
    {"output", 'o', Takes::kValue, "FORMAT", "json or yaml", "json|yaml"},
};
constexpr Option kTest[] = {
    {"virtual",
     0,
     Takes::kFlag,
     {},
     "scripted containers in virtual time, in every order of what is simultaneous (the default)"},
    {"real",
     0,
     Takes::kFlag,
     {},
     "real containers in real time, in a podctld with a root of its own (or --root's)"},
    {"junit",
     0,
     Takes::kValue,
     "FILE",
     "write the outcome as JUnit XML as well",
     {},
     {},
     Completes::kFile},
    {"orders", 0, Takes::kValue, "NUMBER",
     "try at most so many orders of a scenario that sets no bound (200)"},
};
constexpr Option kDoctor[] = {
    {"output", 'o', Takes::kValue, "FORMAT", "json prints the items as data", "json"},
};
constexpr Option kReset[] = {
    {"yes", 'y', Takes::kFlag, {}, "do not ask"},
};
constexpr Option kVersion[] = {
    {"client", 0, Takes::kFlag, {}, "only podctl's own; starts no podctld"},
    {"output", 'o', Takes::kValue, "FORMAT", "json or yaml", "json|yaml"},
};

constexpr Command kImageCommands[] = {
    {.name = "import",
     .operands = "FILE NAME",
     .summary = "make an image from a root file system's tar (- is stdin)",
     .examples =
         "podctl image import rootfs.tar lab/box:1 --cmd '[\"sh\"]'\ta rootfs becomes an image",
     .options = kImport,
     .run = run_image_import,
     .min_operands = 2,
     .max_operands = 2,
     .completes = Completes::kFile},
    {.name = "load",
     .operands = "FILE...",
     .summary = "load a docker-archive, an OCI archive or an OCI layout directory",
     .run = run_image_load,
     .min_operands = 1,
     .completes = Completes::kFile},
    {.name = "ls",
     .alias = "list",
     .summary = "list the images of the local store",
     .options = kImageLs,
     .run = run_image_ls,
     .max_operands = 0},
    {.name = "rm",
     .alias = "remove",
     .operands = "NAME...",
     .summary = "remove images that no pod uses",
     .run = run_image_rm,
     .min_operands = 1,
     .completes = Completes::kImage},
    {.name = "inspect",
     .operands = "NAME",
     .summary = "show an image's record and configuration",
     .options = kImageInspect,
     .run = run_image_inspect,
     .min_operands = 1,
     .max_operands = 1,
     .completes = Completes::kImage},
};
constexpr Command kTopCommands[] = {
    {.name = "pod",
     .alias = "pods",
     .operands = "[NAME]",
     .summary = "show what pods use of CPU and memory",
     .text =
         "CPU is measured for half a second; memory is the working set: what is used without the "
         "page cache that\n"
         "could be dropped at once.\n"
         "--pressure: the share of the last ten seconds in which some process waited for CPU, "
         "memory or a disk\n"
         "(a CPU limit's throttling makes it wait too: throttled/periods), and bytes from and to "
         "disks.",
     .examples = "podctl top pod\n"
                 "podctl top pod web --containers --sum\n"
                 "podctl top pod --pressure",
     .options = kTopPod,
     .run = run_top_pod,
     .max_operands = 1,
     .completes = Completes::kPod},
    {.name = "node",
     .alias = "nodes",
     .operands = "[NAME]",
     .summary = "show what this machine uses of CPU and memory",
     .text =
         "CPU is measured for half a second; memory is what cannot be had without swapping. The "
         "percent are of what\n"
         "pods may have.",
     .examples = "podctl top node\n"
                 "podctl top node --pressure",
     .options = kTopNode,
     .run = run_top_node,
     .max_operands = 1},
};
constexpr Command kSystemCommands[] = {
    {.name = "reset",
     .summary = "remove every pod and all that podctl made under its root",
     .text = "Ends all pods, removes their cgroups, links, mounts and files, the network of this "
             "root, its objects\n"
             "and images, and ends podctld. Other roots are not touched.",
     .options = kReset,
     .run = run_system_reset,
     .max_operands = 0},
};

constexpr Command kCommands[] = {
    {.name = "apply",
     .alias = "create",
     .summary = "make the objects of manifests, or say how they differ",
     .text = "All documents of all files are read and checked before anything is made; every fault "
             "is shown with\n"
             "file, line and column. A pod that is there already stays as it is when nothing "
             "differs. What Kubernetes\n"
             "lets one change is changed; any other difference is refused with the list of fields, "
             "unless --force.\n"
             "ConfigMaps and Secrets are merged as kubectl does: what the last apply set and this "
             "one does not goes.",
     .examples = "podctl apply -f pod.yaml\tone file\n"
                 "podctl apply -f manifests -R\ta directory and those below\n"
                 "cat pod.yaml | podctl apply -f - --wait\tfrom stdin, until it is ready",
     .options = kApply,
     .run = run_apply,
     .max_operands = 0},
    {.name = "diff",
     .summary = "show what apply would change",
     .text = "Writes as diff -u does. The exit status is 0 when nothing differs, 1 when something "
             "does, 2 when something is\n"
             "wrong or could not be changed.",
     .examples = "podctl diff -f pod.yaml",
     .options = kDiff,
     .run = run_diff,
     .max_operands = 0},
    {.name = "edit",
     .operands = "TYPE NAME",
     .summary = "change an object in an editor",
     .text =
         "Opens the object as YAML in $KUBE_EDITOR, $EDITOR or vi, and again with the reason in "
         "it when what was\n"
         "saved is refused.",
     .examples = "podctl edit pod web\n"
                 "podctl edit configmap/site",
     .run = run_edit,
     .min_operands = 1,
     .max_operands = 2,
     .completes = Completes::kPodType},
    {.name = "delete",
     .operands = "[TYPE] [NAME...]",
     .summary = "delete pods and other objects by name, label or manifest",
     .examples = "podctl delete pod web\n"
                 "podctl delete -f pod.yaml --now\n"
                 "podctl delete pods -l app=web",
     .options = kDelete,
     .run = run_delete,
     .completes = Completes::kPodType},
    {.name = "get",
     .operands = "TYPE[,TYPE] [NAME...]",
     .summary = "list objects: pods, configmaps, secrets, pvc, events, namespaces, nodes",
     .examples = "podctl get pods -o wide\n"
                 "podctl get pod web -o jsonpath='{.status.podIP}'\n"
                 "podctl get pods -A -w\tand every change",
     .options = kGet,
     .run = run_get,
     .completes = Completes::kResource},
    {.name = "describe",
     .operands = "TYPE [NAME...]",
     .summary = "show all about a pod (spec, state, events, kernel objects) or another object",
     .text = "First what kubectl shows, then what Kubernetes hides: which namespaces the "
             "containers share, the cgroup\n"
             "tree with limits and live usage, both ends of the network, the overlay layers.",
     .options = kDescribe,
     .run = run_describe,
     .min_operands = 1,
     .completes = Completes::kPodType},
    {.name = "label",
     .operands = "TYPE NAME... KEY=VALUE|KEY-...",
     .summary = "set and remove labels",
     .text = "KEY- removes. A value that is there is replaced only with --overwrite.",
     .examples = "podctl label pod web tier=front\n"
                 "podctl label pods -l app=web env=test --overwrite\n"
                 "podctl label pod/web tier-\tremoved again",
     .options = kLabel,
     .run = run_label,
     .completes = Completes::kResource},
    {.name = "annotate",
     .operands = "TYPE NAME... KEY=VALUE|KEY-...",
     .summary = "set and remove annotations",
     .text = "KEY- removes. A value that is there is replaced only with --overwrite.",
     .examples = "podctl annotate pod web note='to be watched'\n"
                 "podctl annotate pod/web note-\tremoved again",
     .options = kLabel,
     .run = run_annotate,
     .completes = Completes::kResource},
    {.name = "patch",
     .operands = "TYPE NAME...",
     .summary = "change fields of an object",
     .text =
         "Of a pod what Kubernetes lets one change; with --subresource=status the conditions that "
         "are not podctl's own,\n"
         "as those that spec.readinessGates ask for.",
     .examples = "podctl patch pod web -p '{\"spec\":{\"activeDeadlineSeconds\":60}}'\n"
                 "podctl patch pod web --subresource=status "
                 "-p '{\"status\":{\"conditions\":[{\"type\":\"lb\",\"status\":\"True\"}]}}'\n"
                 "podctl patch pod web --type=json "
                 "-p '[{\"op\":\"remove\",\"path\":\"/metadata/labels/tier\"}]'",
     .options = kPatch,
     .run = run_patch,
     .completes = Completes::kResource},
    {.name = "resize",
     .operands = "POD",
     .summary = "give a running container other cpu and memory",
     .text = "Changes requests and limits in place; a container whose resizePolicy asks for it is "
             "restarted instead.\n"
             "What the node has no room for waits: the conditions PodResizePending and "
             "PodResizeInProgress tell.",
     .examples = "podctl resize web -c nginx --limits cpu=500m,memory=128Mi\n"
                 "podctl resize web --requests cpu=250m",
     .options = kResize,
     .run = run_resize,
     .min_operands = 1,
     .max_operands = 1,
     .completes = Completes::kPod},
    {.name = "why",
     .operands = "[POD...]",
     .summary = "say what is wrong with a pod, and what to do about it",
     .text = "Joins what lies apart: states and exit codes, events, the kernel's counters (memory, "
             "processes, CPU),\n"
             "the last lines of logs, the manifest. Each cause is told in two sentences, with the "
             "facts that it rests on\n"
             "and where each of them stands. Without a name: every pod of the namespace.",
     .examples = "podctl why web\n"
                 "podctl why -A -o json",
     .options = kWhy,
     .run = run_why,
     .completes = Completes::kPod},
    {.name = "logs",
     .alias = "log",
     .operands = "POD [CONTAINER]",
     .summary = "print what containers wrote",
     .examples = "podctl logs -f web -c nginx\n"
                 "podctl logs -p web\tof the run before the restart\n"
                 "podctl logs web --all-containers --prefix",
     .options = kLogs,
     .run = run_logs,
     .max_operands = 2,
     .completes = Completes::kPod},
    {.name = "exec",
     .operands = "POD -- COMMAND [ARG...]",
     .summary = "run a command in a container",
     .text = "The exit status is the command's own.",
     .examples = "podctl exec -it web -c nginx -- sh\ta shell with a terminal\n"
                 "podctl exec web -- cat /etc/hosts",
     .options = kExec,
     .run = run_exec,
     .min_operands = 1,
     .max_operands = 1,
     .completes = Completes::kPod,
     .dashes = true},
    {.name = "top",
     .operands = "COMMAND",
     .summary = "show what is used of CPU and memory",
     .children = kTopCommands},
    {.name = "attach",
     .operands = "POD",
     .summary = "take part in what a container's own process prints and reads",
     .text =
         "Shows what it prints from now on, and with -i gives it what is typed, if its manifest "
         "says stdin: true\n"
         "(and tty: true for a terminal). Ends with the container.\n"
         "A reader who does not read (a stopped pager, Ctrl-S) holds up the container's printing "
         "and its log, once the\n"
         "pipes between are full.",
     .examples = "podctl attach web\n"
                 "podctl attach -it shell -c sh",
     .options = kAttach,
     .run = run_attach,
     .min_operands = 1,
     .max_operands = 1,
     .completes = Completes::kPod},
    {.name = "port-forward",
     .operands = "POD [LOCAL:]REMOTE...",
     .summary = "forward ports of this machine to ports of a pod",
     .text =
         "Connections reach localhost of the pod, also what listens there alone. :REMOTE takes any "
         "free port here;\n"
         "REMOTE may be a port's name in the manifest. Ends with the pod.",
     .examples = "podctl port-forward web 8080:80\n"
                 "podctl port-forward pod/web :http --address 0.0.0.0",
     .options = kPortForward,
     .run = run_port_forward,
     .min_operands = 1,
     .completes = Completes::kPod},
    {.name = "debug",
     .operands = "POD [-- COMMAND [ARG...]]",
     .summary = "look into a pod with one more container, or with a changed copy",
     .text =
         "Adds an ephemeral container to the running pod: it shares the pod's network, and with "
         "--target the processes\n"
         "of one of its containers, whose image needs no shell then. With --copy-to the pod stays "
         "as it is, and a copy\n"
         "of it gets the container, another image or another command.",
     .examples =
         "podctl debug web -it --image=podctl/busybox --target=nginx\n"
         "podctl debug web --copy-to=web2 -c nginx -it -- sh\tits command replaced by a shell",
     .options = kDebug,
     .run = run_debug,
     .min_operands = 1,
     .max_operands = 1,
     .completes = Completes::kPod,
     .dashes = true},
    {.name = "cp",
     .operands = "[[NAMESPACE/]POD:]FROM [[NAMESPACE/]POD:]TO",
     .summary = "copy files and directories into and out of containers",
     .text = "The image needs no tar, nor any other program. What comes out of a container is not "
             "trusted: nothing is written\n"
             "outside of the target, and symlinks are left out. Into a container symlinks are "
             "copied, owners only by root.\n"
             "Where TO is a directory, what is copied goes into it under its own name. The content "
             "of a container's directory\n"
             "goes right into TO when FROM ends in / or /., or when there is no TO yet.",
     .examples = "podctl cp ./conf web:/etc/app\tinto /etc/app, if that is a directory\n"
                 "podctl cp web:/var/log ./log -c nginx\tas ./log, or into it: ./log/log\n"
                 "podctl cp web:/var/log/. ./log\tthe content of /var/log",
     .options = kCp,
     .run = run_cp,
     .min_operands = 2,
     .max_operands = 2,
     .completes = Completes::kFile},
    {.name = "wait",
     .operands = "[TYPE] NAME...",
     .summary = "wait for a condition, a value or the end of pods",
     .examples = "podctl wait --for=condition=Ready pod/web --timeout=30s\n"
                 "podctl wait --for=delete pod/web\n"
                 "podctl wait --for=jsonpath='{.status.phase}'=Succeeded pod/job",
     .options = kWait,
     .run = run_wait,
     .completes = Completes::kPodType},
    {.name = "events",
     .summary = "list events, oldest first",
     .options = kEvents,
     .run = run_events,
     .max_operands = 0},
    {.name = "explain",
     .operands = "PATH",
     .summary = "document a field and say whether podctl acts on it",
     .examples = "podctl explain pod.spec.containers\n"
                 "podctl explain pod.spec --recursive",
     .options = kExplain,
     .run = run_explain,
     .min_operands = 1,
     .max_operands = 1,
     .completes = Completes::kField},
    {.name = "ns",
     .operands = "[POD]",
     .summary = "map the namespaces: who shares which, whose are the host's",
     .options = kNs,
     .run = run_ns,
     .max_operands = 1,
     .completes = Completes::kPod},
    {.name = "trace",
     .operands = "POD",
     .summary = "show every step of a pod's start with its time",
     .options = kTrace,
     .run = run_trace,
     .min_operands = 1,
     .max_operands = 1,
     .completes = Completes::kPod},
    {.name = "image",
     .alias = "images",
     .operands = "COMMAND",
     .summary = "work with the local image store",
     .children = kImageCommands},
    {.name = "test",
     .operands = "FILE|DIR...",
     .summary = "run tests of pods: scenarios in YAML beside the manifests",
     .text = "A scenario (kind PodTest) takes steps and expects things of the pod's history: what "
             "comes before what, how often,\n"
             "how soon, never. An hour of back-off takes milliseconds, and every order of "
             "simultaneous happenings is tried,\n"
             "up to a bound that the output tells. A failure prints the history with the offending "
             "point marked by >>;\n"
             "-v prints every history. The exit status is 0 when all passed, 1 when one failed, 2 "
             "when a file is faulty,\n"
             "128 and the signal's number after a signal; what was made is taken away then too.",
     .examples = "podctl test examples/patterns\n"
                 "podctl test test.yaml -v\n"
                 "podctl test . --junit out.xml\tfor CI",
     .options = kTest,
     .run = run_test,
     .min_operands = 1,
     .completes = Completes::kFile},
    {.name = "doctor",
     .summary = "say what this machine has and lacks for podctl",
     .options = kDoctor,
     .run = run_doctor,
     .max_operands = 0},
    {.name = "system",
     .operands = "COMMAND",
     .summary = "work with podctl's own installation",
     .children = kSystemCommands},
    {.name = "version",
     .summary = "show the versions of podctl and podctld",
     .options = kVersion,
     .run = run_version,
     .max_operands = 0},
    {.name = "api-resources",
     .summary = "list the types that podctl knows",
     .run = run_api_resources,
     .max_operands = 0},
    {.name = "completion",
     .operands = "bash|zsh|fish",
     .summary = "print a shell's completion script",
     .examples = "source <(podctl completion bash)\tin this shell",
     .run = run_completion,
     .min_operands = 1,
     .max_operands = 1,
     .completes = Completes::kChoice},
    {.name = "help",
     .operands = "[COMMAND...]",
     .summary = "show what a command does and takes",
     .run = run_help,
     .completes = Completes::kCommand},
    {.name = "__complete", .run = run_complete, .hidden = true, .dashes = true},
    {.name = "__man", .run = run_man, .max_operands = 0, .hidden = true},
};

constexpr Command kRoot{.name = "podctl",
                        .summary = "run Kubernetes Pods on this machine, without a cluster",
                        .options = kGlobal,
                        .children = kCommands};

}  // namespace

const Command& root_command() { return kRoot; }

}  // namespace podctl::cli

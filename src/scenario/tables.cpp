// The field tables of format.hpp.
#include "podctl/api/table_build.hpp"
#include "podctl/scenario/format.hpp"

// Of a struct that writes its match in its own map.
#define PODCTL_MATCH_FIELDS                                                                       \
  PODCTL_FIELD_NAMED(match.pod, "pod"), PODCTL_FIELD_NAMED(match.container, "container"),         \
      PODCTL_FIELD_NAMED(match.run, "run"), PODCTL_FIELD_NAMED(match.state, "state"),             \
      PODCTL_FIELD_NAMED(match.ready, "ready"), PODCTL_FIELD_NAMED(match.started, "started"),     \
      PODCTL_FIELD_NAMED(match.phase, "phase"), PODCTL_FIELD_NAMED(match.condition, "condition"), \
      PODCTL_FIELD_NAMED(match.event, "event"), PODCTL_FIELD_NAMED(match.log, "log"),             \
      PODCTL_FIELD_NAMED(match.terminating, "terminating"),                                       \
      PODCTL_FIELD_NAMED(match.deleted, "deleted"), PODCTL_FIELD_NAMED(match.reason, "reason"),   \
      PODCTL_FIELD_NAMED(match.exitCode, "exitCode"), PODCTL_FIELD_NAMED(match.message, "message")

namespace podctl::api {

using scenario::Delete;
using scenario::Exec;
using scenario::Expect;
using scenario::HookScript;
using scenario::Kill;
using scenario::Match;
using scenario::PodTest;
using scenario::ProbeScript;
using scenario::ProbeStep;
using scenario::Run;
using scenario::Script;
using scenario::StartFault;
using scenario::Step;
using scenario::TestSpec;
using scenario::Wait;

PODCTL_TYPE(Match, PODCTL_FIELD(pod), PODCTL_FIELD(container), PODCTL_FIELD(run),
            PODCTL_FIELD(state), PODCTL_FIELD(ready), PODCTL_FIELD(started), PODCTL_FIELD(phase),
            PODCTL_FIELD(condition), PODCTL_FIELD(event), PODCTL_FIELD(log),
            PODCTL_FIELD(terminating), PODCTL_FIELD(deleted), PODCTL_FIELD(reason),
            PODCTL_FIELD(exitCode), PODCTL_FIELD(message))

PODCTL_TYPE(Expect, PODCTL_MATCH_FIELDS, PODCTL_FIELD(before), PODCTL_FIELD(after),
            PODCTL_FIELD(within), PODCTL_FIELD(noSooner), PODCTL_FIELD(never), PODCTL_FIELD(now),
            PODCTL_FIELD(times), PODCTL_FIELD(atLeast), PODCTL_FIELD(atMost))

PODCTL_TYPE(Wait, PODCTL_MATCH_FIELDS, PODCTL_FIELD(times), PODCTL_FIELD(timeout))

PODCTL_TYPE(Kill, PODCTL_FIELD(pod), PODCTL_FIELD(container), PODCTL_FIELD(signal),
            PODCTL_FIELD(sandbox))

PODCTL_TYPE(Exec, PODCTL_FIELD(pod), PODCTL_FIELD(container), PODCTL_FIELD(command),
            PODCTL_FIELD(exitCode), PODCTL_FIELD(output))

PODCTL_TYPE(Delete, PODCTL_FIELD(pod), PODCTL_FIELD(gracePeriodSeconds))

PODCTL_TYPE(ProbeStep, PODCTL_FIELD(pod), PODCTL_FIELD(container), PODCTL_FIELD(kind),
            PODCTL_FIELD(answer), PODCTL_FIELD(message))

PODCTL_TYPE(Step, PODCTL_FIELD(wait), PODCTL_FIELD(expect), PODCTL_FIELD(kill), PODCTL_FIELD(exec),
            PODCTL_FIELD_NAMED(delete_, "delete"), PODCTL_FIELD(probe), PODCTL_FIELD(advance))

PODCTL_TYPE(StartFault, PODCTL_FIELD(stage), PODCTL_FIELD(message))

PODCTL_TYPE(ProbeScript, PODCTL_FIELD(after), PODCTL_FIELD(answer), PODCTL_FIELD(message))

PODCTL_TYPE(HookScript, PODCTL_FIELD(takes), PODCTL_FIELD(fails), PODCTL_FIELD(message))

PODCTL_TYPE(Run, PODCTL_FIELD(startsAfter), PODCTL_FIELD_NAMED(for_, "for"), PODCTL_FIELD(exitCode),
            PODCTL_FIELD(oomKilled), PODCTL_FIELD(message), PODCTL_FIELD(log),
            PODCTL_FIELD(ignoresStop), PODCTL_FIELD(stopsAfter), PODCTL_FIELD(stopCode),
            PODCTL_FIELD(fails), PODCTL_FIELD(startup), PODCTL_FIELD(liveness),
            PODCTL_FIELD(readiness), PODCTL_FIELD(postStart), PODCTL_FIELD(preStop))

PODCTL_TYPE(Script, PODCTL_FIELD(pod), PODCTL_FIELD(name).need(), PODCTL_FIELD(imageMissing),
            PODCTL_FIELD(runs))

PODCTL_TYPE(TestSpec, PODCTL_FIELD(description), PODCTL_FIELD(manifests), PODCTL_FIELD(modes),
            PODCTL_FIELD(orders), PODCTL_FIELD(containers), PODCTL_FIELD(steps),
            PODCTL_FIELD(expect))

PODCTL_TYPE(PodTest, PODCTL_FIELD(kind), PODCTL_FIELD(apiVersion), PODCTL_FIELD(metadata).need(),
            PODCTL_FIELD(spec).need())

}  // namespace podctl::api

// The field tables of event.hpp: the one description of these types that every function of this
// layer reads.
#include "api/enums.hpp"
#include "podctl/api/table_build.hpp"
#include "podctl/api/event.hpp"

namespace podctl::api {

PODCTL_TYPE(EventSource, PODCTL_FIELD(component), PODCTL_FIELD(host))

PODCTL_TYPE(EventSeries, PODCTL_FIELD(count).zero_absent(), PODCTL_FIELD(lastObservedTime).micro())

PODCTL_TYPE(Event, PODCTL_FIELD(kind), PODCTL_FIELD(apiVersion), PODCTL_FIELD(metadata).need(),
            PODCTL_FIELD(involvedObject).need(), PODCTL_FIELD(reason), PODCTL_FIELD(message),
            PODCTL_FIELD(source).shown(), PODCTL_FIELD(firstTimestamp), PODCTL_FIELD(lastTimestamp),
            PODCTL_FIELD(count).zero_absent(), PODCTL_FIELD(type), PODCTL_FIELD(eventTime).micro(),
            PODCTL_FIELD(series), PODCTL_FIELD(action), PODCTL_FIELD(related),
            PODCTL_FIELD(reportingComponent), PODCTL_FIELD(reportingInstance))

}  // namespace podctl::api

// The field tables of config.hpp: the one description of these types that every function of this
// layer reads.
#include "podctl/api/config.hpp"
#include "podctl/api/table_build.hpp"

namespace podctl::api {

PODCTL_TYPE(ConfigMap, PODCTL_FIELD(kind), PODCTL_FIELD(apiVersion), PODCTL_FIELD(metadata),
            PODCTL_FIELD(immutable), PODCTL_FIELD(data), PODCTL_FIELD(binaryData))

PODCTL_TYPE(Secret, PODCTL_FIELD(kind), PODCTL_FIELD(apiVersion), PODCTL_FIELD(metadata),
            PODCTL_FIELD(immutable), PODCTL_FIELD(data).hide(), PODCTL_FIELD(stringData).hide(),
            PODCTL_FIELD(type))

}  // namespace podctl::api

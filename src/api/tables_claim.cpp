// The field tables of claim.hpp: the one description of these types that every function of this
// layer reads.
#include "podctl/api/claim.hpp"
#include "podctl/api/table_build.hpp"

namespace podctl::api {

PODCTL_TYPE(PersistentVolumeClaimStatus, PODCTL_FIELD(phase), PODCTL_FIELD(accessModes),
            PODCTL_FIELD(capacity))

PODCTL_TYPE(PersistentVolumeClaim, PODCTL_FIELD(kind), PODCTL_FIELD(apiVersion),
            PODCTL_FIELD(metadata), PODCTL_FIELD(spec), PODCTL_FIELD(status))

}  // namespace podctl::api

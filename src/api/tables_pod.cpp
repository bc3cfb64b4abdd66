// The field tables of pod.hpp: the one description of these types that every function of this layer
// reads.
#include "api/enums.hpp"
#include "podctl/api/table_build.hpp"
#include "podctl/api/pod.hpp"

namespace podctl::api {

PODCTL_TYPE(HostAlias, PODCTL_FIELD(ip).need(), PODCTL_FIELD(hostnames))

PODCTL_TYPE(PodDNSConfigOption, PODCTL_FIELD(name), PODCTL_FIELD(value))

PODCTL_TYPE(PodDNSConfig, PODCTL_FIELD(nameservers), PODCTL_FIELD(searches), PODCTL_FIELD(options))

PODCTL_TYPE(PodReadinessGate, PODCTL_FIELD(conditionType).need())

PODCTL_TYPE(PodOS, PODCTL_FIELD(name).need().one_of(enums::kOSName))

PODCTL_TYPE(PodSchedulingGate, PODCTL_FIELD(name).need())

PODCTL_TYPE(PodResourceClaim, PODCTL_FIELD(name).need(), PODCTL_FIELD(resourceClaimName),
            PODCTL_FIELD(resourceClaimTemplateName))

PODCTL_TYPE(PodSchedulingGroup, PODCTL_FIELD(podGroupName))

PODCTL_TYPE(EvictionResponder, PODCTL_FIELD(name).need(), PODCTL_FIELD(priority).need())

PODCTL_TYPE(PodSpec, PODCTL_FIELD(volumes).keyed("name"),
            PODCTL_FIELD(initContainers).keyed("name"),
            PODCTL_FIELD(containers).need().keyed("name"),
            PODCTL_FIELD(ephemeralContainers).keyed("name"),
            PODCTL_FIELD(restartPolicy).one_of(enums::kRestartPolicy),
            PODCTL_FIELD(terminationGracePeriodSeconds), PODCTL_FIELD(activeDeadlineSeconds),
            PODCTL_FIELD(dnsPolicy).one_of(enums::kDNSPolicy), PODCTL_FIELD(nodeSelector),
            PODCTL_FIELD(serviceAccountName), PODCTL_FIELD(serviceAccount).old(),
            PODCTL_FIELD(automountServiceAccountToken), PODCTL_FIELD(nodeName),
            PODCTL_FIELD(hostNetwork).zero_absent(), PODCTL_FIELD(hostPID).zero_absent(),
            PODCTL_FIELD(hostIPC).zero_absent(), PODCTL_FIELD(shareProcessNamespace),
            PODCTL_FIELD(securityContext), PODCTL_FIELD(imagePullSecrets).keyed("name"),
            PODCTL_FIELD(hostname), PODCTL_FIELD(subdomain), PODCTL_FIELD(affinity),
            PODCTL_FIELD(schedulerName), PODCTL_FIELD(tolerations),
            PODCTL_FIELD(hostAliases).keyed("ip"), PODCTL_FIELD(priorityClassName),
            PODCTL_FIELD(priority), PODCTL_FIELD(dnsConfig), PODCTL_FIELD(readinessGates),
            PODCTL_FIELD(runtimeClassName), PODCTL_FIELD(enableServiceLinks),
            PODCTL_FIELD(preemptionPolicy).one_of(enums::kPreemptionPolicy), PODCTL_FIELD(overhead),
            PODCTL_FIELD(topologySpreadConstraints).keyed("topologyKey,whenUnsatisfiable"),
            PODCTL_FIELD(setHostnameAsFQDN), PODCTL_FIELD(os), PODCTL_FIELD(hostUsers),
            PODCTL_FIELD(schedulingGates).keyed("name"),
            PODCTL_FIELD(resourceClaims).keyed("name").gate("DynamicResourceAllocation"),
            PODCTL_FIELD(resources).gate("PodLevelResources"),
            PODCTL_FIELD(hostnameOverride).gate("HostnameOverride"),
            PODCTL_FIELD(schedulingGroup).gate("GenericWorkload"),
            PODCTL_FIELD(evictionResponders).keyed("name").gate("EvictionRequestAPI"))

PODCTL_TYPE(Pod, PODCTL_FIELD(kind), PODCTL_FIELD(apiVersion), PODCTL_FIELD(metadata),
            PODCTL_FIELD(spec), PODCTL_FIELD(status))

}  // namespace podctl::api

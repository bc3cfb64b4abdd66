// The field tables of node.hpp: the one description of these types that every function of this
// layer reads.
#include "api/enums.hpp"
#include "podctl/api/table_build.hpp"
#include "podctl/api/node.hpp"

namespace podctl::api {

PODCTL_TYPE(NamespaceSpec, PODCTL_FIELD(finalizers))

PODCTL_TYPE(NamespaceCondition, PODCTL_FIELD(type).need(),
            PODCTL_FIELD(status).need().one_of(enums::kConditionStatus),
            PODCTL_FIELD(lastTransitionTime), PODCTL_FIELD(reason), PODCTL_FIELD(message))

PODCTL_TYPE(NamespaceStatus, PODCTL_FIELD(phase).one_of(enums::kNamespacePhase),
            PODCTL_FIELD(conditions).keyed("type"))

PODCTL_TYPE(Namespace, PODCTL_FIELD(kind), PODCTL_FIELD(apiVersion), PODCTL_FIELD(metadata),
            PODCTL_FIELD(spec), PODCTL_FIELD(status))

PODCTL_TYPE(Taint, PODCTL_FIELD(key).need(), PODCTL_FIELD(value),
            PODCTL_FIELD(effect).need().one_of(enums::kTaintEffect), PODCTL_FIELD(timeAdded))

PODCTL_TYPE(ConfigMapNodeConfigSource, PODCTL_FIELD_NAMED(namespace_, "namespace").need(),
            PODCTL_FIELD(name).need(), PODCTL_FIELD(uid), PODCTL_FIELD(resourceVersion),
            PODCTL_FIELD(kubeletConfigKey).need())

PODCTL_TYPE(NodeConfigSource, PODCTL_FIELD(configMap).old())

PODCTL_TYPE(NodePodPreemptionPolicy, PODCTL_FIELD(disableResizePreemption))

PODCTL_TYPE(NodeSpec, PODCTL_FIELD(podCIDR), PODCTL_FIELD(podCIDRs), PODCTL_FIELD(providerID),
            PODCTL_FIELD(unschedulable), PODCTL_FIELD(taints), PODCTL_FIELD(configSource).old(),
            PODCTL_FIELD(externalID).old(),
            PODCTL_FIELD(podPreemptionPolicy).gate("InPlacePodVerticalScalingSchedulerPreemption"))

PODCTL_TYPE(NodeCondition, PODCTL_FIELD(type).need(),
            PODCTL_FIELD(status).need().one_of(enums::kConditionStatus),
            PODCTL_FIELD(lastHeartbeatTime), PODCTL_FIELD(lastTransitionTime), PODCTL_FIELD(reason),
            PODCTL_FIELD(message))

PODCTL_TYPE(NodeAddress, PODCTL_FIELD(type).need(), PODCTL_FIELD(address).need())

PODCTL_TYPE(DaemonEndpoint, PODCTL_FIELD(Port).need())

PODCTL_TYPE(NodeDaemonEndpoints, PODCTL_FIELD(kubeletEndpoint))

PODCTL_TYPE(NodeSwapStatus, PODCTL_FIELD(capacity))

PODCTL_TYPE(NodeSystemInfo, PODCTL_FIELD(machineID).need(), PODCTL_FIELD(systemUUID).need(),
            PODCTL_FIELD(bootID).need(), PODCTL_FIELD(kernelVersion).need(),
            PODCTL_FIELD(osImage).need(), PODCTL_FIELD(containerRuntimeVersion).need(),
            PODCTL_FIELD(kubeletVersion).need(), PODCTL_FIELD(kubeProxyVersion).need().old(),
            PODCTL_FIELD(operatingSystem).need(), PODCTL_FIELD(architecture).need(),
            PODCTL_FIELD(swap))

PODCTL_TYPE(ContainerImage, PODCTL_FIELD(names), PODCTL_FIELD(sizeBytes))

PODCTL_TYPE(AttachedVolume, PODCTL_FIELD(name).need(), PODCTL_FIELD(devicePath).need())

PODCTL_TYPE(NodeConfigStatus, PODCTL_FIELD(assigned), PODCTL_FIELD(active),
            PODCTL_FIELD(lastKnownGood), PODCTL_FIELD(error))

PODCTL_TYPE(NodeRuntimeHandlerFeatures, PODCTL_FIELD(recursiveReadOnlyMounts),
            PODCTL_FIELD(userNamespaces))

PODCTL_TYPE(NodeRuntimeHandler, PODCTL_FIELD(name), PODCTL_FIELD(features))

PODCTL_TYPE(NodeFeatures, PODCTL_FIELD(supplementalGroupsPolicy))

PODCTL_TYPE(NodeStatus, PODCTL_FIELD(capacity), PODCTL_FIELD(allocatable),
            PODCTL_FIELD(phase).one_of(enums::kNodePhase).old(),
            PODCTL_FIELD(conditions).keyed("type"), PODCTL_FIELD(addresses).keyed("type"),
            PODCTL_FIELD(daemonEndpoints), PODCTL_FIELD(nodeInfo), PODCTL_FIELD(images),
            PODCTL_FIELD(volumesInUse), PODCTL_FIELD(volumesAttached), PODCTL_FIELD(config),
            PODCTL_FIELD(runtimeHandlers), PODCTL_FIELD(features).gate("SupplementalGroupsPolicy"),
            PODCTL_FIELD(declaredFeatures).gate("NodeDeclaredFeatures"))

PODCTL_TYPE(Node, PODCTL_FIELD(kind), PODCTL_FIELD(apiVersion), PODCTL_FIELD(metadata),
            PODCTL_FIELD(spec), PODCTL_FIELD(status))

}  // namespace podctl::api

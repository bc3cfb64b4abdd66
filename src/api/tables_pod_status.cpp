// The field tables of pod_status.hpp: the one description of these types that every function of
// this layer reads.
#include "api/enums.hpp"
#include "podctl/api/table_build.hpp"
#include "podctl/api/pod_status.hpp"

namespace podctl::api {

PODCTL_TYPE(PodCondition, PODCTL_FIELD(type).need(), PODCTL_FIELD(observedGeneration),
            PODCTL_FIELD(status).need().one_of(enums::kConditionStatus),
            PODCTL_FIELD(lastProbeTime), PODCTL_FIELD(lastTransitionTime), PODCTL_FIELD(reason),
            PODCTL_FIELD(message))

PODCTL_TYPE(HostIP, PODCTL_FIELD(ip).need())

PODCTL_TYPE(PodIP, PODCTL_FIELD(ip).need())

PODCTL_TYPE(ContainerStateWaiting, PODCTL_FIELD(reason), PODCTL_FIELD(message))

PODCTL_TYPE(ContainerStateRunning, PODCTL_FIELD(startedAt))

PODCTL_TYPE(ContainerStateTerminated, PODCTL_FIELD(exitCode).need(),
            PODCTL_FIELD(signal).zero_absent(), PODCTL_FIELD(reason), PODCTL_FIELD(message),
            PODCTL_FIELD(startedAt), PODCTL_FIELD(finishedAt), PODCTL_FIELD(containerID))

PODCTL_TYPE(ContainerState, PODCTL_FIELD(waiting), PODCTL_FIELD(running), PODCTL_FIELD(terminated))

PODCTL_TYPE(ImageVolumeStatus, PODCTL_FIELD(imageRef))

PODCTL_TYPE(VolumeStatus, PODCTL_FIELD(image).gate("ImageVolumeWithDigest"))

PODCTL_TYPE(VolumeMountStatus, PODCTL_FIELD(name).need(), PODCTL_FIELD(mountPath).need(),
            PODCTL_FIELD(readOnly),
            PODCTL_FIELD(recursiveReadOnly).one_of(enums::kRecursiveReadOnlyMode),
            PODCTL_FIELD(volumeStatus))

PODCTL_TYPE(LinuxContainerUser, PODCTL_FIELD(uid).need(), PODCTL_FIELD(gid).need(),
            PODCTL_FIELD(supplementalGroups))

PODCTL_TYPE(ContainerUser, PODCTL_FIELD_NAMED(linux_, "linux"))

PODCTL_TYPE(ResourceHealth, PODCTL_FIELD(resourceID).need(),
            PODCTL_FIELD(health).one_of(enums::kResourceHealthStatus),
            PODCTL_FIELD(message).gate("ResourceHealthStatusMessage"))

PODCTL_TYPE(ResourceStatus, PODCTL_FIELD(name).need(), PODCTL_FIELD(resources).keyed("resourceID"))

PODCTL_TYPE(ContainerStatus, PODCTL_FIELD(name).need(), PODCTL_FIELD(state).shown(),
            PODCTL_FIELD(lastState).shown(), PODCTL_FIELD(ready).need(),
            PODCTL_FIELD(restartCount).need(), PODCTL_FIELD(image).need(),
            PODCTL_FIELD(imageID).need(), PODCTL_FIELD(containerID), PODCTL_FIELD(started),
            PODCTL_FIELD(allocatedResources),
            PODCTL_FIELD(resources).gate("InPlacePodVerticalScaling"),
            PODCTL_FIELD(volumeMounts).keyed("mountPath"),
            PODCTL_FIELD(user).gate("SupplementalGroupsPolicy"),
            PODCTL_FIELD(allocatedResourcesStatus).keyed("name").gate("ResourceHealthStatus"),
            PODCTL_FIELD(stopSignal).one_of(enums::kSignal).gate("ContainerStopSignals"))

PODCTL_TYPE(PodResourceClaimStatus, PODCTL_FIELD(name).need(), PODCTL_FIELD(resourceClaimName))

PODCTL_TYPE(ContainerExtendedResourceRequest, PODCTL_FIELD(containerName).need(),
            PODCTL_FIELD(resourceName).need(), PODCTL_FIELD(requestName).need())

PODCTL_TYPE(PodExtendedResourceClaimStatus, PODCTL_FIELD(requestMappings).need(),
            PODCTL_FIELD(resourceClaimName).need())

PODCTL_TYPE(NodeAllocatableMappedResources, PODCTL_FIELD(name).need(),
            PODCTL_FIELD(quantity).need())

PODCTL_TYPE(NodeAllocatableOverheadResources, PODCTL_FIELD(name).need(), PODCTL_FIELD(perPod),
            PODCTL_FIELD(perContainer))

PODCTL_TYPE(NodeAllocatableResourceClaimStatus, PODCTL_FIELD(resourceClaimName).need(),
            PODCTL_FIELD(containers), PODCTL_FIELD(mapping).keyed("name"),
            PODCTL_FIELD(overhead).keyed("name"))

PODCTL_TYPE(VolumeHealthCondition,
            PODCTL_FIELD(status).need().one_of(enums::kVolumeHealthStatusType),
            PODCTL_FIELD(reason).need(), PODCTL_FIELD(message))

PODCTL_TYPE(PodVolumeHealth, PODCTL_FIELD(name).need(),
            PODCTL_FIELD(healthConditions).keyed("status,reason"), PODCTL_FIELD(lastTransitionTime))

PODCTL_TYPE(PodStatus, PODCTL_FIELD(observedGeneration),
            PODCTL_FIELD(phase).one_of(enums::kPodPhase), PODCTL_FIELD(conditions).keyed("type"),
            PODCTL_FIELD(message), PODCTL_FIELD(reason), PODCTL_FIELD(nominatedNodeName),
            PODCTL_FIELD(hostIP), PODCTL_FIELD(hostIPs).keyed("ip"), PODCTL_FIELD(podIP),
            PODCTL_FIELD(podIPs).keyed("ip"), PODCTL_FIELD(startTime),
            PODCTL_FIELD(initContainerStatuses), PODCTL_FIELD(containerStatuses),
            PODCTL_FIELD(qosClass).one_of(enums::kPodQOSClass),
            PODCTL_FIELD(ephemeralContainerStatuses),
            PODCTL_FIELD(resize).old().gate("InPlacePodVerticalScaling"),
            PODCTL_FIELD(resourceClaimStatuses).keyed("name").gate("DynamicResourceAllocation"),
            PODCTL_FIELD(extendedResourceClaimStatus).gate("DRAExtendedResource"),
            PODCTL_FIELD(allocatedResources).gate("InPlacePodLevelResourcesVerticalScaling"),
            PODCTL_FIELD(resources).gate("InPlacePodLevelResourcesVerticalScaling"),
            PODCTL_FIELD(nodeAllocatableResourceClaimStatuses)
                .keyed("resourceClaimName")
                .gate("DRANodeAllocatableResources"),
            PODCTL_FIELD(volumeHealth).keyed("name").gate("CSIVolumeHealth"))

}  // namespace podctl::api
